// Asserts refusals by their code, never by their message; what they say besides is in the error that is given back.
import assert from "node:assert/strict";
import { PolicyError, SealroomError, type ErrorCode } from "../../core/errors.ts";

export async function assertRefused(
  verdict: Promise<unknown>,
  code: ErrorCode,
  what = "",
): Promise<SealroomError> {
  return verdict.then(
    () => assert.fail(`accepted ${what}, expected ${code}`),
    (error: unknown) => checkRefusal(error, code, what),
  );
}

export function assertThrows(act: () => unknown, code: ErrorCode, what = ""): SealroomError {
  try {
    act();
  } catch (error) {
    return checkRefusal(error, code, what);
  }
  return assert.fail(`accepted ${what}, expected ${code}`);
}

function checkRefusal(error: unknown, code: ErrorCode, what: string): SealroomError {
  // Anything but a typed refusal is a bug of the verifier: show it.
  if (!(error instanceof SealroomError)) throw error;
  assert.equal(error.code, code, what);
  assert.equal(error instanceof PolicyError, code.startsWith("POLICY_"), `class of ${code}`);
  return error;
}
