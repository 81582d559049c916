// What every function of the addon does with its arguments: nothing that JavaScript passes may be taken on trust, so
// each is checked for type and range, and a wrong one is -EINVAL. No function throws; errors are negative errno numbers.
#ifndef SEALROOM_ARGUMENTS_H
#define SEALROOM_ARGUMENTS_H

#define NAPI_VERSION 8
#include <node_api.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { MAX_ARGUMENTS = 3 };

// A view of the caller's memory; good until the call returns. NULL and 0 for an empty one.
typedef struct {
  uint8_t *data;
  size_t length;
} bytes_view;

// True when exactly `count` arguments were passed.
bool read_arguments(napi_env env, napi_callback_info info, size_t count, napi_value *arguments);
// A whole number from 0 to `max`.
bool read_number(napi_env env, napi_value value, uint32_t max, uint32_t *number);
// A Uint8Array (or Buffer), of any length.
bool read_bytes(napi_env env, napi_value value, bytes_view *bytes);
// Text of at most size - 1 bytes of UTF-8 without NUL, which is put at its end.
bool read_text(napi_env env, napi_value value, char *text, size_t size);
// A number for JavaScript; NULL (undefined) only where the engine can make none.
napi_value make_number(napi_env env, int64_t number);

#endif
