// See socket.h. Addresses are the kernel's own bytes (struct sockaddr), made and read by JavaScript: nothing here knows
// what a CID is.
#include "socket.h"

#include "descriptor.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { MAX_BACKLOG = 4096 };

// Repeats a call that a signal broke off before it did anything.
#define UNINTERRUPTED(result, call)                                                                                    \
  do {                                                                                                                 \
    (result) = (call);                                                                                                 \
  } while ((result) < 0 && errno == EINTR)

typedef struct {
  struct sockaddr_storage storage;
  socklen_t length;
} address;

static bool read_address(napi_env env, napi_value value, address *read) {
  bytes_view bytes;
  if (!read_bytes(env, value, &bytes)) return false;
  if (bytes.length < sizeof(sa_family_t) || bytes.length > sizeof read->storage) return false;
  memset(&read->storage, 0, sizeof read->storage);
  memcpy(&read->storage, bytes.data, bytes.length);
  read->length = (socklen_t)bytes.length;
  return true;
}

static int outcome(int result) {
  return result < 0 ? -errno : result;
}

napi_value open_socket(napi_env env, napi_callback_info info) {
  napi_value arguments[MAX_ARGUMENTS];
  uint32_t family;
  if (!read_arguments(env, info, 1, arguments) || !read_number(env, arguments[0], AF_MAX, &family) ||
      (family != AF_VSOCK && family != AF_UNIX)) {
    return make_number(env, -EINVAL);
  }
  int fd = socket((int)family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  return fd < 0 ? make_number(env, -errno) : make_descriptor(env, fd);
}

napi_value connect_socket(napi_env env, napi_callback_info info) {
  napi_value arguments[MAX_ARGUMENTS];
  address to;
  int fd;
  if (!read_arguments(env, info, 2, arguments) || !read_address(env, arguments[1], &to)) {
    return make_number(env, -EINVAL);
  }
  int status = read_descriptor(env, arguments[0], &fd);
  if (status < 0) return make_number(env, status);
  status = outcome(connect(fd, (const struct sockaddr *)&to.storage, to.length));
  // A connection whose making a signal broke off is made all the same, as one that was not waited for is.
  return make_number(env, status == -EINTR ? -EINPROGRESS : status);
}

napi_value listen_socket(napi_env env, napi_callback_info info) {
  napi_value arguments[MAX_ARGUMENTS];
  address at;
  uint32_t backlog;
  int fd;
  if (!read_arguments(env, info, 3, arguments) || !read_address(env, arguments[1], &at) ||
      !read_number(env, arguments[2], MAX_BACKLOG, &backlog)) {
    return make_number(env, -EINVAL);
  }
  int status = read_descriptor(env, arguments[0], &fd);
  if (status < 0) return make_number(env, status);
  status = outcome(bind(fd, (const struct sockaddr *)&at.storage, at.length));
  return make_number(env, status < 0 ? status : outcome(listen(fd, (int)backlog)));
}

napi_value accept_socket(napi_env env, napi_callback_info info) {
  napi_value arguments[MAX_ARGUMENTS];
  int fd, accepted;
  if (!read_arguments(env, info, 1, arguments)) return make_number(env, -EINVAL);
  int status = read_descriptor(env, arguments[0], &fd);
  if (status < 0) return make_number(env, status);
  UNINTERRUPTED(accepted, accept4(fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK));
  return accepted < 0 ? make_number(env, -errno) : make_descriptor(env, accepted);
}

napi_value read_peer(napi_env env, napi_callback_info info) {
  napi_value arguments[MAX_ARGUMENTS];
  bytes_view into;
  int fd;
  if (!read_arguments(env, info, 2, arguments) || !read_bytes(env, arguments[1], &into)) {
    return make_number(env, -EINVAL);
  }
  int status = read_descriptor(env, arguments[0], &fd);
  if (status < 0) return make_number(env, status);
  struct sockaddr_storage storage;
  socklen_t length = sizeof storage;
  if (getpeername(fd, (struct sockaddr *)&storage, &length) < 0) return make_number(env, -errno);
  size_t fits = length < into.length ? length : into.length;
  if (fits > 0) memcpy(into.data, &storage, fits);
  return make_number(env, length);
}

static int read_descriptor_and_bytes(napi_env env, napi_callback_info info, int *fd, bytes_view *bytes) {
  napi_value arguments[MAX_ARGUMENTS];
  if (!read_arguments(env, info, 2, arguments) || !read_bytes(env, arguments[1], bytes)) return -EINVAL;
  // Receiving into nothing gives 0, which is how the other end's end looks.
  if (bytes->length == 0) return -EINVAL;
  return read_descriptor(env, arguments[0], fd);
}

napi_value receive(napi_env env, napi_callback_info info) {
  bytes_view into;
  int fd;
  ssize_t count;
  int status = read_descriptor_and_bytes(env, info, &fd, &into);
  if (status < 0) return make_number(env, status);
  UNINTERRUPTED(count, recv(fd, into.data, into.length, MSG_DONTWAIT));
  return make_number(env, count < 0 ? -errno : count);
}

napi_value send_bytes(napi_env env, napi_callback_info info) {
  bytes_view from;
  int fd;
  ssize_t count;
  int status = read_descriptor_and_bytes(env, info, &fd, &from);
  if (status < 0) return make_number(env, status);
  UNINTERRUPTED(count, send(fd, from.data, from.length, MSG_DONTWAIT | MSG_NOSIGNAL));
  return make_number(env, count < 0 ? -errno : count);
}

napi_value finish(napi_env env, napi_callback_info info) {
  napi_value arguments[MAX_ARGUMENTS];
  int fd;
  if (!read_arguments(env, info, 1, arguments)) return make_number(env, -EINVAL);
  int status = read_descriptor(env, arguments[0], &fd);
  return make_number(env, status < 0 ? status : outcome(shutdown(fd, SHUT_WR)));
}

napi_value read_fault(napi_env env, napi_callback_info info) {
  napi_value arguments[MAX_ARGUMENTS];
  int fd;
  if (!read_arguments(env, info, 1, arguments)) return make_number(env, -EINVAL);
  int status = read_descriptor(env, arguments[0], &fd);
  if (status < 0) return make_number(env, status);
  int fault = 0;
  socklen_t length = sizeof fault;
  return make_number(env, getsockopt(fd, SOL_SOCKET, SO_ERROR, &fault, &length) < 0 ? -errno : -fault);
}
