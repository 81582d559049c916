// Asserts refusals by their code, never by their message. Anything but a typed refusal is a bug, and is shown.
import assert from "node:assert/strict";
import { SealroomError } from "../../core/errors.ts";
import type { ErrorCode } from "../../core/errors.ts";

/** The codes that say that sound evidence is not permitted, so that their class must be PolicyError. */
const POLICY =
  /^(POLICY|RULES)_|^GRANT_(?!FIELD)|^(MANIFEST_EXPIRED|PLAN_ROLE|PLAN_BOUNDS|PLAN_EXTREMES|PLAN_BINS|PLAN_DISTINCT|PLAN_EXPRESSION)$|^RECEIPT_(?!FORM|STATEMENT)/;

export function assertThrows(act: () => unknown, code: ErrorCode, what = ""): SealroomError {
  let value: unknown;
  try {
    value = act();
  } catch (error) {
    return checkRefusal(error, code, what);
  }
  return assert.fail(`accepted ${what}, expected ${code}: ${JSON.stringify(value)}`);
}

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

function checkRefusal(error: unknown, code: ErrorCode, what: string): SealroomError {
  if (!(error instanceof SealroomError)) throw error;
  assert.equal(error.code, code, `${what} ${JSON.stringify(error.details)}`);
  assert.equal(error.name === "PolicyError", POLICY.test(code), `class of ${code}`);
  return error;
}
