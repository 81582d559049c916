// See init.h. Node seeds its own generator from the kernel before its first line runs, so this comes before Node; the
// worker mixes in bytes of its own later, and checks where the kernel's come from. Under Amazon's init only that is done.
#include "init.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/random.h>
#include <stdint.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/uio.h>
#include <unistd.h>

// aws-nitro-enclaves-nsm-api: the ioctl, and the request in CBOR, a text of nine letters.
struct nsm_raw {
  struct iovec request;
  struct iovec response;
};
#define NSM_EXCHANGE _IOWR(0x0A, 0, struct nsm_raw)
_Static_assert(NSM_EXCHANGE == 0xC0200A00, "the ioctl of 64-bit kernels");
static const char REQUEST[] = "\x69GetRandom";
// A map of one entry with the same name; an error has another.
static const char ANSWER[] = "\xa1\x69GetRandom";

enum {
  RESPONSE_BUFFER = 0x3000,
  // The NSM gives 256; less than this would not fill the kernel's pool.
  MIN_ANSWER = 64,
  MAX_MIXED = 512,
  CREDITED_BITS = 256,
};

struct pool_info {
  int entropy_bits;
  int size;
  uint8_t bytes[MAX_MIXED];
};

static size_t draw(uint8_t *response) {
  int fd = open("/dev/nsm", O_RDWR | O_CLOEXEC);
  if (fd < 0) fail("/dev/nsm");
  struct nsm_raw raw = {
      .request = {.iov_base = (void *)(uintptr_t)REQUEST, .iov_len = sizeof REQUEST - 1},
      .response = {.iov_base = response, .iov_len = RESPONSE_BUFFER},
  };
  if (ioctl(fd, NSM_EXCHANGE, &raw) < 0) fail("the NSM gave no random bytes");
  close(fd);
  return raw.response.iov_len;
}

void seed_from_nsm(void) {
  static uint8_t response[RESPONSE_BUFFER];
  size_t length = draw(response);
  errno = 0;
  if (length < MIN_ANSWER || length > RESPONSE_BUFFER || memcmp(response, ANSWER, sizeof ANSWER - 1) != 0) {
    fail("the NSM gave no random bytes");
  }
  // The whole answer goes in: what is not random in it does no harm.
  size_t mixed = length < MAX_MIXED ? length : MAX_MIXED;
  struct pool_info pool = {.entropy_bits = CREDITED_BITS, .size = (int)mixed};
  memcpy(pool.bytes, response, mixed);
  int fd = open("/dev/urandom", O_RDONLY | O_CLOEXEC);
  if (fd < 0 || ioctl(fd, RNDADDENTROPY, &pool) < 0 || ioctl(fd, RNDRESEEDCRNG) < 0) {
    fail("the kernel took no random bytes");
  }
  close(fd);
  explicit_bzero(response, sizeof response);
  explicit_bzero(&pool, sizeof pool);
}
