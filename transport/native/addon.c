// The table of what the addon gives. It keeps no state of its own, so any number of threads may load it.
#include "descriptor.h"
#include "entropy.h"
#include "nsm.h"
#include "socket.h"

static const napi_property_descriptor FUNCTIONS[] = {
#define FUNCTION(name, call) {name, NULL, call, NULL, NULL, NULL, napi_enumerable, NULL}
    FUNCTION("socket", open_socket),
    FUNCTION("connect", connect_socket),
    FUNCTION("listen", listen_socket),
    FUNCTION("accept", accept_socket),
    FUNCTION("peer", read_peer),
    FUNCTION("receive", receive),
    FUNCTION("send", send_bytes),
    FUNCTION("finish", finish),
    FUNCTION("fault", read_fault),
    FUNCTION("watch", watch),
    FUNCTION("want", want),
    FUNCTION("close", close_descriptor),
    FUNCTION("exchangeNsm", exchange_nsm),
    FUNCTION("addEntropy", add_entropy),
};

NAPI_MODULE_INIT() {
  size_t count = sizeof FUNCTIONS / sizeof FUNCTIONS[0];
  return napi_define_properties(env, exports, count, FUNCTIONS) == napi_ok ? exports : NULL;
}
