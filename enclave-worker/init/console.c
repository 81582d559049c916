// See init.h. On real hardware the console can be read in debug mode only; nothing secret is ever said here.
#include "init.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/reboot.h>
#include <unistd.h>

void open_console(void) {
  int input = open("/dev/null", O_RDONLY | O_CLOEXEC);
  int output = open("/dev/console", O_WRONLY | O_NOCTTY | O_CLOEXEC);
  // An enclave without a console has nobody who could read it.
  if (output < 0) output = open("/dev/null", O_WRONLY | O_CLOEXEC);
  if (input < 0 || output < 0) fail("no /dev/null");
  // dup2 leaves the copies open over exec; a number that is already right must be made so.
  if (dup2(input, 0) < 0 || dup2(output, 1) < 0 || dup2(output, 2) < 0) fail("dup2");
  for (int fd = 0; fd <= 2; fd++) fcntl(fd, F_SETFD, 0);
}

static void say_all(const char *format, va_list values, int error) {
  char line[512];
  vsnprintf(line, sizeof line, format, values);
  dprintf(2, "init: %s%s%s\n", line, error == 0 ? "" : ": ", error == 0 ? "" : strerror(error));
}

void say(const char *format, ...) {
  va_list values;
  va_start(values, format);
  say_all(format, values, 0);
  va_end(values);
}

void fail(const char *format, ...) {
  int error = errno;
  va_list values;
  va_start(values, format);
  say_all(format, values, error);
  va_end(values);
  end_enclave();
}

void end_enclave(void) {
  // An enclave does not start again: for the hypervisor a reboot is the end.
  reboot(RB_AUTOBOOT);
  for (;;) pause();
}
