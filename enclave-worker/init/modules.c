// See init.h. A kernel that has everything built in needs no /modules/order.
#include "init.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

static void insert(const char *name) {
  char path[256];
  if ((size_t)snprintf(path, sizeof path, "/modules/%s", name) >= sizeof path) fail("module name too long");
  int fd = open(path, O_RDONLY | O_CLOEXEC);
  if (fd < 0) fail("%s", path);
  // EEXIST: the kernel has it built in.
  if (syscall(SYS_finit_module, fd, "", 0) < 0 && errno != EEXIST) fail("insert %s", path);
  close(fd);
}

void insert_modules(void) {
  static char order[4096];
  if (!read_text_file("/modules/order", order, sizeof order)) return;
  char *rest = NULL;
  for (char *name = strtok_r(order, "\n", &rest); name != NULL; name = strtok_r(NULL, "\n", &rest)) insert(name);
}
