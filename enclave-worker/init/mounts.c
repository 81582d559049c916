// See init.h. The folders are there already, made by the image.
#include "init.h"

#include <errno.h>
#include <sys/mount.h>

enum { QUIET = MS_NOSUID | MS_NODEV | MS_NOEXEC };

static void mount_one(const char *type, const char *target, unsigned long flags, const char *data) {
  // The kernel may have mounted /dev itself (CONFIG_DEVTMPFS_MOUNT).
  if (mount(type, target, type, flags, data) < 0 && errno != EBUSY) fail("mount %s", target);
}

void mount_all(void) {
  mount_one("devtmpfs", "/dev", MS_NOSUID | MS_NOEXEC, NULL);
  mount_one("proc", "/proc", QUIET, NULL);
  mount_one("sysfs", "/sys", QUIET | MS_RDONLY, NULL);
  mount_one("devtmpfs", ROOTFS "/dev", MS_NOSUID | MS_NOEXEC, NULL);
  mount_one("proc", ROOTFS "/proc", QUIET, NULL);
  mount_one("sysfs", ROOTFS "/sys", QUIET | MS_RDONLY, NULL);
  mount_one("tmpfs", ROOTFS "/tmp", QUIET, "mode=1777");
}
