// See nsm.h. The device is opened for each exchange and closed after it, so nothing is left to leak or to be closed
// while a thread of libuv's pool is in the ioctl. The kernel's driver takes one exchange at a time anyway.
#include "nsm.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/uio.h>
#include <unistd.h>

// aws-nitro-enclaves-nsm-api, src/driver, and the kernel's include/uapi/linux/nsm.h.
enum { MAX_REQUEST = 0x1000, RESPONSE_BUFFER = 0x3000, MAX_PATH = 256 };
struct nsm_raw {
  struct iovec request;
  struct iovec response;
};
#define NSM_EXCHANGE _IOWR(0x0A, 0, struct nsm_raw)
_Static_assert(NSM_EXCHANGE == 0xC0200A00, "the ioctl of 64-bit kernels");

typedef struct {
  napi_async_work work;
  napi_deferred answer;
  int status; // the response's length, or a negative errno
  char path[MAX_PATH];
  size_t request_length;
  uint8_t request[MAX_REQUEST];
  uint8_t response[RESPONSE_BUFFER];
} exchange;

static int ask(exchange *e) {
  int fd;
  do {
    fd = open(e->path, O_RDWR | O_CLOEXEC);
  } while (fd < 0 && errno == EINTR);
  if (fd < 0) return -errno;
  struct nsm_raw raw = {
      .request = {.iov_base = e->request, .iov_len = e->request_length},
      .response = {.iov_base = e->response, .iov_len = sizeof e->response},
  };
  // Not repeated on EINTR: a request to extend a register may have been served.
  int status = ioctl(fd, NSM_EXCHANGE, &raw) < 0 ? -errno : 0;
  close(fd);
  if (status < 0) return status;
  return raw.response.iov_len > sizeof e->response ? -EMSGSIZE : (int)raw.response.iov_len;
}

// On a thread of libuv's pool.
static void execute(napi_env env, void *data) {
  (void)env;
  exchange *e = data;
  e->status = ask(e);
}

static napi_value make_response(napi_env env, const exchange *e) {
  void *memory;
  napi_value buffer, response;
  if (napi_create_arraybuffer(env, (size_t)e->status, &memory, &buffer) != napi_ok) return NULL;
  if (e->status > 0) memcpy(memory, e->response, (size_t)e->status);
  napi_status made = napi_create_typedarray(env, napi_uint8_array, (size_t)e->status, buffer, 0, &response);
  return made == napi_ok ? response : NULL;
}

static void settle(napi_env env, napi_status cancelled, void *data) {
  exchange *e = data;
  if (cancelled != napi_ok) e->status = -ECANCELED;
  napi_value answer = e->status < 0 ? make_number(env, e->status) : make_response(env, e);
  if (answer == NULL) answer = make_number(env, -ENOMEM);
  // Where the environment is ending there may be nobody left to tell.
  if (answer != NULL) napi_resolve_deferred(env, e->answer, answer);
  napi_delete_async_work(env, e->work);
  free(e);
}

static int read_exchange(napi_env env, napi_callback_info info, exchange *e) {
  napi_value arguments[MAX_ARGUMENTS];
  bytes_view request;
  if (!read_arguments(env, info, 2, arguments) || !read_text(env, arguments[0], e->path, sizeof e->path) ||
      !read_bytes(env, arguments[1], &request) || request.length == 0) {
    return -EINVAL;
  }
  if (request.length > sizeof e->request) return -EMSGSIZE;
  memcpy(e->request, request.data, request.length);
  e->request_length = request.length;
  return 0;
}

static int queue(napi_env env, exchange *e) {
  napi_value name;
  if (napi_create_string_utf8(env, "sealroom:nsm", NAPI_AUTO_LENGTH, &name) != napi_ok ||
      napi_create_async_work(env, NULL, name, execute, settle, e, &e->work) != napi_ok) {
    return -ENOMEM;
  }
  if (napi_queue_async_work(env, e->work) == napi_ok) return 0;
  napi_delete_async_work(env, e->work);
  return -ENOMEM;
}

napi_value exchange_nsm(napi_env env, napi_callback_info info) {
  napi_deferred answer;
  napi_value promise;
  if (napi_create_promise(env, &answer, &promise) != napi_ok) return NULL;
  exchange *e = calloc(1, sizeof *e);
  int status = e == NULL ? -ENOMEM : read_exchange(env, info, e);
  if (status == 0) {
    e->answer = answer;
    status = queue(env, e);
  }
  if (status < 0) {
    free(e);
    napi_value refusal = make_number(env, status);
    if (refusal != NULL) napi_resolve_deferred(env, answer, refusal);
  }
  return promise;
}
