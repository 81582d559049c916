// Every failure is a code that never changes its meaning, plus public fields. Nothing else of an error
// crosses the enclave's boundary: no message, no cause, no stack (docs/threat-model.md).
import { ERROR_CODES } from "./error-codes.ts";
import type { ErrorCode } from "./error-codes.ts";

// The package's door `sealroom/errors` is this file.
export { ERROR_CODES } from "./error-codes.ts";
export type { ErrorCode } from "./error-codes.ts";

/** Fields that may be shown to anyone: sizes, indexes, names that stand in the plan or the manifest. */
export type Details = Readonly<Record<string, string | number | boolean>>;

/** Bad input, bad evidence, failed I/O. `details` is public; `cause` stays in this process. */
export class SealroomError extends Error {
  readonly code: ErrorCode;
  readonly details: Details;
  constructor(code: ErrorCode, details: Details = {}, options?: ErrorOptions) {
    super(ERROR_CODES[code], options);
    this.name = "SealroomError";
    this.code = code;
    this.details = details;
  }
}

/** The evidence is sound, but it is not what the verifier or the owner permits. */
export class PolicyError extends SealroomError {
  override readonly name = "PolicyError";
}
