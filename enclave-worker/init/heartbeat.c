// See init.h. The parent's CID is 3 unless the measured command line says otherwise: the first of several words counts,
// since a hypervisor can only add to the end. As with Amazon's init, a parent that does not answer ends the enclave.
#include "init.h"

#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>
// Needs what sys/socket.h declares.
#include <linux/vm_sockets.h>

enum { PARENT_CID = 3, HEARTBEAT_PORT = 9000, HEARTBEAT = 0xB7, PATIENCE_SECONDS = 20 };

static const char WORD[] = "sealroom.parent_cid=";

// As enclave-worker/guest.ts reads it.
static unsigned int read_parent_cid(void) {
  static char line[8192];
  if (!read_text_file("/proc/cmdline", line, sizeof line)) fail("no /proc/cmdline");
  char *rest = NULL;
  for (char *word = strtok_r(line, " \n", &rest); word != NULL; word = strtok_r(NULL, " \n", &rest)) {
    if (strncmp(word, WORD, sizeof WORD - 1) != 0) continue;
    const char *digits = word + sizeof WORD - 1;
    size_t length = strlen(digits);
    errno = 0;
    // Decimal, no leading zero, below the CID that means any.
    if (length == 0 || length > 10 || digits[0] == '0' || strspn(digits, "0123456789") != length) fail("%s", word);
    unsigned long long cid = strtoull(digits, NULL, 10);
    if (cid >= VMADDR_CID_ANY) fail("%s", word);
    return (unsigned int)cid;
  }
  return PARENT_CID;
}

void tell_parent(void) {
  struct sockaddr_vm parent = {
      .svm_family = AF_VSOCK, .svm_cid = read_parent_cid(), .svm_port = HEARTBEAT_PORT};
  struct timeval patience = {.tv_sec = PATIENCE_SECONDS};
  int fd = socket(AF_VSOCK, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (fd < 0) fail("vsock");
  setsockopt(fd, AF_VSOCK, SO_VM_SOCKETS_CONNECT_TIMEOUT, &patience, sizeof patience);
  setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);
  setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
  if (connect(fd, (const struct sockaddr *)&parent, sizeof parent) < 0) {
    fail("no heartbeat: nobody listens at CID %u, port %d", parent.svm_cid, HEARTBEAT_PORT);
  }
  uint8_t beat = HEARTBEAT;
  if (write(fd, &beat, 1) != 1) fail("no heartbeat: the parent takes none");
  errno = 0;
  if (read(fd, &beat, 1) != 1) fail("no heartbeat: the parent does not answer");
  if (beat != HEARTBEAT) fail("no heartbeat: the parent answers something else");
  close(fd);
}
