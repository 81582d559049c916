// See init.h: the order of things. What the kernel passes on to init of its command line, words and variables that it
// does not know itself, is not looked at and reaches nobody.
#include "init.h"

#include <signal.h>

int main(void) {
  sigset_t all;
  sigfillset(&all);
  sigprocmask(SIG_BLOCK, &all, NULL);

  mount_all();
  open_console();
  insert_modules();
  seed_from_nsm();
  // As Amazon's own init does, after the drivers and before the program: what the program lacks, it says itself.
  tell_parent();
  run_program();
  end_enclave();
}
