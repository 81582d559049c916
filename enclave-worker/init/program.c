// See init.h. Arguments and environment are fixed here, and so measured; only the entry point may be another one, and
// the file that says so is measured too.
#include "init.h"

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

static const char ENTRY[] = "/app/enclave-worker/main.js";

// /entry, when the image has one: a path below /app, and at most a newline after it.
static char *find_entry(void) {
  static char entry[256];
  if (!read_text_file("/entry", entry, sizeof entry)) {
    memcpy(entry, ENTRY, sizeof ENTRY);
    return entry;
  }
  size_t length = strlen(entry);
  if (length > 0 && entry[length - 1] == '\n') entry[--length] = 0;
  errno = 0;
  if (strncmp(entry, "/app/", 5) != 0 || strstr(entry, "..") != NULL ||
      strspn(entry, "abcdefghijklmnopqrstuvwxyz0123456789/.-") != length) {
    fail("/entry: not a path below /app");
  }
  return entry;
}

static _Noreturn void become_node(char *entry) {
  char *arguments[] = {
      "/bin/node",
      "--disallow-code-generation-from-strings",
      // A signal must open no port to a debugger.
      "--disable-sigusr1",
      // An enclave's memory is set aside for good; young objects may take 6 MB of it instead of 48.
      "--max-semi-space-size=2",
      "--v8-pool-size=1",
      entry,
      NULL,
  };
  // The C library would give each thread arenas of its own, and keep in them what was freed.
  char *environment[] = {"MALLOC_ARENA_MAX=2", NULL};
  struct rlimit none = {0, 0};
  sigset_t all;
  // Memory is written nowhere, whatever kills the process.
  if (setrlimit(RLIMIT_CORE, &none) < 0) fail("setrlimit");
  if (chroot(ROOTFS) < 0 || chdir("/") < 0) fail("chroot " ROOTFS);
  setsid();
  sigfillset(&all);
  sigprocmask(SIG_UNBLOCK, &all, NULL);
  execve(arguments[0], arguments, environment);
  fail("%s", arguments[0]);
}

void run_program(void) {
  char *entry = find_entry();
  pid_t node = fork();
  if (node < 0) fail("fork");
  if (node == 0) become_node(entry);
  for (;;) {
    int status;
    // Also whatever was left behind and came to PID 1.
    pid_t ended = waitpid(-1, &status, 0);
    if (ended < 0 && errno == EINTR) continue;
    if (ended < 0) fail("waitpid");
    if (ended != node) continue;
    if (WIFSIGNALED(status)) say("node was ended by signal %d", WTERMSIG(status));
    else say("node ended with status %d", WEXITSTATUS(status));
    return;
  }
}
