// The kernel's entropy pool.
#ifndef SEALROOM_ENTROPY_H
#define SEALROOM_ENTROPY_H

#include "arguments.h"

// addEntropy(bytes): 1 to 512 bytes, each credited in full, into the pool; then the kernel's generator takes its key
// anew from the pool. 0, or a negative errno: -EPERM without CAP_SYS_ADMIN.
napi_value add_entropy(napi_env env, napi_callback_info info);

#endif
