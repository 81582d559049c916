// See init.h.
#include "init.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

bool read_text_file(const char *path, char *text, size_t size) {
  int fd = open(path, O_RDONLY | O_CLOEXEC);
  if (fd < 0 && errno == ENOENT) return false;
  if (fd < 0) fail("%s", path);
  size_t length = 0;
  for (;;) {
    ssize_t count = read(fd, text + length, size - length);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) fail("%s", path);
    if (count == 0) break;
    length += (size_t)count;
    errno = 0;
    if (length == size) fail("%s: more than %zu bytes", path, size - 1);
  }
  close(fd);
  text[length] = 0;
  errno = 0;
  if (strlen(text) != length) fail("%s: not text", path);
  return true;
}
