// Prints how fast this machine's time-stamp counter runs, in kHz. QEMU without KVM gives it to the guest as it is, and
// the guest has no second clock to find that out by, so whoever boots one has to tell it (local/emulator/clock.ts).
#include <inttypes.h>
#include <stdio.h>
#include <time.h>
#include <x86intrin.h>

#define MEASURE_NS INT64_C(200000000)

static int64_t now_ns(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC_RAW, &now);
  return (int64_t)now.tv_sec * INT64_C(1000000000) + now.tv_nsec;
}

int main(void) {
  const int64_t began = now_ns();
  const uint64_t first = __rdtsc();
  int64_t ended;
  do {
    ended = now_ns();
  } while (ended - began < MEASURE_NS);
  const uint64_t ticks = __rdtsc() - first;
  printf("%" PRIu64 "\n", (uint64_t)((double)ticks * 1e6 / (double)(ended - began)));
  return 0;
}
