// See entropy.h, and random(4).
#include "entropy.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/random.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

enum { MAX_ENTROPY = 512 };

// The kernel's struct rand_pool_info, with room.
struct pool_info {
  int entropy_bits;
  int size;
  uint8_t bytes[MAX_ENTROPY];
};

napi_value add_entropy(napi_env env, napi_callback_info info) {
  napi_value arguments[MAX_ARGUMENTS];
  bytes_view bytes;
  if (!read_arguments(env, info, 1, arguments) || !read_bytes(env, arguments[0], &bytes) || bytes.length == 0 ||
      bytes.length > MAX_ENTROPY) {
    return make_number(env, -EINVAL);
  }
  struct pool_info pool = {.entropy_bits = (int)bytes.length * 8, .size = (int)bytes.length};
  memcpy(pool.bytes, bytes.data, bytes.length);
  int fd = open("/dev/urandom", O_RDONLY | O_CLOEXEC);
  int status = fd < 0 || ioctl(fd, RNDADDENTROPY, &pool) < 0 || ioctl(fd, RNDRESEEDCRNG) < 0 ? -errno : 0;
  if (fd >= 0) close(fd);
  explicit_bzero(&pool, sizeof pool);
  return make_number(env, status);
}
