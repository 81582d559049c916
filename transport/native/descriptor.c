// See descriptor.h. The watcher is a uv_poll_t on the loop of the environment that made the object, main thread or
// worker. libuv lets go of it one turn after it is closed, so its memory is shared by count with the object; when the
// environment ends first, an asynchronous clean-up hook closes it and holds the environment until libuv has let go.
// libuv keeps its ABI, sizes included, for all of version 1, which every Node with this Node-API has.
#include "descriptor.h"

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>
#include <uv.h>

struct descriptor {
  napi_env env;
  int fd;      // -1 once closed
  int holders; // the object, and the watcher until libuv has let go of it
  bool is_watched;
  uv_poll_t poll;
  napi_ref ready;
  napi_async_cleanup_hook_handle cleanup;
};

static const napi_type_tag DESCRIPTOR_TAG = {0x5ea1c0de0f0e4d1c, 0x9b7f3a6d52e84c10};

static void release(descriptor *d) {
  d->holders -= 1;
  if (d->holders == 0) free(d);
}

static void on_let_go(uv_handle_t *handle) {
  descriptor *d = handle->data;
  napi_remove_async_cleanup_hook(d->cleanup);
  release(d);
}

// Ends the watching first: libuv must not be left with a number that the kernel gives to the next one.
static int shut(descriptor *d) {
  if (d->fd < 0) return -EBADF;
  if (d->is_watched) {
    uv_close((uv_handle_t *)&d->poll, on_let_go);
    d->is_watched = false;
    napi_delete_reference(d->env, d->ready);
  }
  // Never again on EINTR: Linux has closed it all the same.
  close(d->fd);
  d->fd = -1;
  return 0;
}

static void on_collected(napi_env env, void *data, void *hint) {
  (void)env;
  (void)hint;
  shut(data);
  release(data);
}

static void on_environment_ends(napi_async_cleanup_hook_handle handle, void *data) {
  (void)handle;
  shut(data);
}

napi_value make_descriptor(napi_env env, int fd) {
  descriptor *d = calloc(1, sizeof *d);
  napi_value object;
  if (d != NULL) {
    *d = (descriptor){.env = env, .fd = fd, .holders = 1};
    if (napi_create_object(env, &object) == napi_ok &&
        napi_type_tag_object(env, object, &DESCRIPTOR_TAG) == napi_ok &&
        napi_wrap(env, object, d, on_collected, NULL, NULL) == napi_ok) {
      return object;
    }
  }
  free(d);
  close(fd);
  return make_number(env, -ENOMEM);
}

static descriptor *unwrap(napi_env env, napi_value value) {
  napi_valuetype type;
  bool is_descriptor;
  void *data;
  if (napi_typeof(env, value, &type) != napi_ok || type != napi_object) return NULL;
  if (napi_check_object_type_tag(env, value, &DESCRIPTOR_TAG, &is_descriptor) != napi_ok) return NULL;
  if (!is_descriptor || napi_unwrap(env, value, &data) != napi_ok) return NULL;
  return data;
}

int read_descriptor(napi_env env, napi_value value, int *fd) {
  descriptor *d = unwrap(env, value);
  if (d == NULL) return -EINVAL;
  if (d->fd < 0) return -EBADF;
  *fd = d->fd;
  return 0;
}

static void on_ready(uv_poll_t *poll, int status, int events) {
  descriptor *d = poll->data;
  napi_env env = d->env;
  napi_handle_scope scope;
  napi_value ready, global, exception;
  if (napi_open_handle_scope(env, &scope) != napi_ok) return;
  // libuv stops watching on an error of the descriptor and says no more of it than a negative number.
  napi_value told = make_number(env, status < 0 ? status : events);
  if (told != NULL && napi_get_reference_value(env, d->ready, &ready) == napi_ok && ready != NULL &&
      napi_get_global(env, &global) == napi_ok &&
      napi_make_callback(env, NULL, global, ready, 1, &told, NULL) == napi_pending_exception &&
      napi_get_and_clear_last_exception(env, &exception) == napi_ok) {
    napi_fatal_exception(env, exception);
  }
  napi_close_handle_scope(env, scope);
}

static int start_watching(napi_env env, descriptor *d, napi_value ready) {
  uv_loop_t *loop;
  if (napi_get_uv_event_loop(env, &loop) != napi_ok) return -EINVAL;
  if (napi_create_reference(env, ready, 1, &d->ready) != napi_ok) return -ENOMEM;
  // The hook before the watcher: one that could not be closed with its environment must not come to be.
  int status = -ECANCELED;
  if (napi_add_async_cleanup_hook(env, on_environment_ends, d, &d->cleanup) == napi_ok) {
    status = uv_poll_init(loop, &d->poll, d->fd);
    if (status < 0) napi_remove_async_cleanup_hook(d->cleanup);
  }
  if (status < 0) {
    napi_delete_reference(env, d->ready);
    return status;
  }
  d->poll.data = d;
  d->is_watched = true;
  d->holders += 1;
  return 0;
}

napi_value watch(napi_env env, napi_callback_info info) {
  napi_value arguments[MAX_ARGUMENTS];
  napi_valuetype type;
  if (!read_arguments(env, info, 2, arguments)) return make_number(env, -EINVAL);
  descriptor *d = unwrap(env, arguments[0]);
  if (d == NULL || napi_typeof(env, arguments[1], &type) != napi_ok || type != napi_function) {
    return make_number(env, -EINVAL);
  }
  if (d->fd < 0) return make_number(env, -EBADF);
  if (d->is_watched) return make_number(env, -EALREADY);
  return make_number(env, start_watching(env, d, arguments[1]));
}

napi_value want(napi_env env, napi_callback_info info) {
  napi_value arguments[MAX_ARGUMENTS];
  uint32_t events;
  if (!read_arguments(env, info, 2, arguments)) return make_number(env, -EINVAL);
  descriptor *d = unwrap(env, arguments[0]);
  if (d == NULL || !read_number(env, arguments[1], UV_READABLE | UV_WRITABLE, &events)) {
    return make_number(env, -EINVAL);
  }
  if (d->fd < 0) return make_number(env, -EBADF);
  if (!d->is_watched) return make_number(env, -EINVAL);
  return make_number(env, events == 0 ? uv_poll_stop(&d->poll) : uv_poll_start(&d->poll, (int)events, on_ready));
}

napi_value close_descriptor(napi_env env, napi_callback_info info) {
  napi_value arguments[MAX_ARGUMENTS];
  if (!read_arguments(env, info, 1, arguments)) return make_number(env, -EINVAL);
  descriptor *d = unwrap(env, arguments[0]);
  return make_number(env, d == NULL ? -EINVAL : shut(d));
}
