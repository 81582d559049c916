// An open file descriptor as JavaScript holds it: an object without properties, so that a number can neither be guessed
// nor outlive what it named. It is closed by `close`, or by the collector when it was lost.
#ifndef SEALROOM_DESCRIPTOR_H
#define SEALROOM_DESCRIPTOR_H

#include "arguments.h"

typedef struct descriptor descriptor;

// The descriptor's object, or -ENOMEM; then `fd` has been closed.
napi_value make_descriptor(napi_env env, int fd);
// The open descriptor behind an object: -EINVAL for what is none, -EBADF for a closed one.
int read_descriptor(napi_env env, napi_value value, int *fd);

// watch(descriptor, ready): `ready(events)` will be told of what `want` asks for; once a descriptor (-EALREADY).
napi_value watch(napi_env env, napi_callback_info info);
// want(descriptor, events): 1 for readable, 2 for writable, 3 for both, 0 for none. While there is something that
// it wants, a descriptor keeps its loop alive.
napi_value want(napi_env env, napi_callback_info info);
// close(descriptor): ends the watching, then the descriptor. -EBADF the second time.
napi_value close_descriptor(napi_env env, napi_callback_info info);

#endif
