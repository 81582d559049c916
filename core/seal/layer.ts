// Gives a failed tag the code of the layer it was found in.
import { SealroomError } from "../errors.ts";
import type { ErrorCode } from "../errors.ts";

/** What `open` returns; its CRYPTO_TAG becomes `code`. Anything else that it throws passes through. */
export function openAs<T>(code: ErrorCode, open: () => T): T {
  try {
    return open();
  } catch (error) {
    if (error instanceof SealroomError && error.code === "CRYPTO_TAG") {
      throw new SealroomError(code, {}, { cause: error });
    }
    throw error;
  }
}
