// The few functions of libuv that the addon calls. Node exports them, but node-api-headers has no uv.h. Stable: libuv
// keeps its ABI for all of version 1, which every Node with this Node-API has; handles are opaque here, their size is
// asked at run time, and the number of the one handle type is checked against its name when the addon is loaded.
#ifndef SEALROOM_LIBUV_ABI_H
#define SEALROOM_LIBUV_ABI_H

#include <stddef.h>

typedef struct uv_loop_s uv_loop_t;
typedef struct uv_handle_s uv_handle_t;
typedef struct uv_poll_s uv_poll_t;

typedef void (*uv_close_cb)(uv_handle_t *handle);
typedef void (*uv_poll_cb)(uv_poll_t *handle, int status, int events);

// Values of the enumerations uv_handle_type and uv_poll_event.
enum { UV_POLL = 8 };
enum { UV_READABLE = 1, UV_WRITABLE = 2 };

const char *uv_handle_type_name(int type);
size_t uv_handle_size(int type);
void *uv_handle_get_data(const uv_handle_t *handle);
void uv_handle_set_data(uv_handle_t *handle, void *data);
void uv_close(uv_handle_t *handle, uv_close_cb closed);
int uv_poll_init(uv_loop_t *loop, uv_poll_t *handle, int fd);
int uv_poll_start(uv_poll_t *handle, int events, uv_poll_cb ready);
int uv_poll_stop(uv_poll_t *handle);

#endif
