// Stream sockets, all non-blocking and closed on exec. What they return: a descriptor, a count, or a negative errno.
#ifndef SEALROOM_SOCKET_H
#define SEALROOM_SOCKET_H

#include "arguments.h"

// socket(family): AF_VSOCK, or AF_UNIX, over which the same code is tested on machines without vsock.
napi_value open_socket(napi_env env, napi_callback_info info);
// connect(descriptor, address): 0, or -EINPROGRESS: when it has become writable, `fault` has the outcome.
napi_value connect_socket(napi_env env, napi_callback_info info);
// listen(descriptor, address, backlog): binds, and listens.
napi_value listen_socket(napi_env env, napi_callback_info info);
// accept(descriptor): a descriptor. -EAGAIN when nobody waits.
napi_value accept_socket(napi_env env, napi_callback_info info);
// peer(descriptor, address): writes the other end's address; returns its whole length, which may be larger than fits.
napi_value read_peer(napi_env env, napi_callback_info info);
// receive(descriptor, into): how many bytes came; 0 when the other end has ended. No empty `into`.
napi_value receive(napi_env env, napi_callback_info info);
// send(descriptor, from): how many bytes went, perhaps not all. -EPIPE, never a signal. No empty `from`.
napi_value send_bytes(napi_env env, napi_callback_info info);
// finish(descriptor): nothing more will be sent.
napi_value finish(napi_env env, napi_callback_info info);
// fault(descriptor): the negative errno that is pending, or 0; asked once, it is gone.
napi_value read_fault(napi_env env, napi_callback_info info);

#endif
