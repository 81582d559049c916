// See arguments.h.
#include "arguments.h"

#include <string.h>

bool read_arguments(napi_env env, napi_callback_info info, size_t count, napi_value *arguments) {
  size_t passed = MAX_ARGUMENTS;
  return napi_get_cb_info(env, info, &passed, arguments, NULL, NULL) == napi_ok && passed == count;
}

bool read_number(napi_env env, napi_value value, uint32_t max, uint32_t *number) {
  double read;
  // Written so that NaN fails. napi_get_value_uint32 would take 2^32 for 0 and 1.5 for 1.
  if (napi_get_value_double(env, value, &read) != napi_ok || !(read >= 0 && read <= max)) return false;
  *number = (uint32_t)read;
  return *number == read;
}

bool read_bytes(napi_env env, napi_value value, bytes_view *bytes) {
  bool is_typed_array;
  if (napi_is_typedarray(env, value, &is_typed_array) != napi_ok || !is_typed_array) return false;
  napi_typedarray_type type;
  void *data;
  napi_status status =
      napi_get_typedarray_info(env, value, &type, &bytes->length, &data, NULL, NULL);
  if (status != napi_ok || type != napi_uint8_array) return false;
  bytes->data = data;
  // Of a detached buffer nothing is left, whatever its view once had.
  if (data == NULL) bytes->length = 0;
  return true;
}

bool read_text(napi_env env, napi_value value, char *text, size_t size) {
  size_t length;
  if (napi_get_value_string_utf8(env, value, NULL, 0, &length) != napi_ok || length >= size) return false;
  if (napi_get_value_string_utf8(env, value, text, size, &length) != napi_ok) return false;
  return strlen(text) == length;
}

napi_value make_number(napi_env env, int64_t number) {
  napi_value made;
  return napi_create_int64(env, number, &made) == napi_ok ? made : NULL;
}
