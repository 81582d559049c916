// What every fault in a policy's text is refused with; `fault` says which.
import { SealroomError } from "../../core/errors.ts";

export function malformedPolicy(fault: string): SealroomError {
  return new SealroomError("KEYPOLICY_SYNTAX", { fault });
}
