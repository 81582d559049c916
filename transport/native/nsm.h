// The Nitro Secure Module's character device.
#ifndef SEALROOM_NSM_H
#define SEALROOM_NSM_H

#include "arguments.h"

// exchangeNsm(path, request): one request of 1 to 4096 bytes, off the event loop. A promise of the response (at most
// 12,288 bytes) or of a negative errno.
napi_value exchange_nsm(napi_env env, napi_callback_info info);

#endif
