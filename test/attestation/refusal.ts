// Asserts refusals by their code, never by their message.
import assert from "node:assert/strict";
import { PolicyError, SealroomError, type ErrorCode } from "../../core/errors.ts";

export async function assertRefused(verdict: Promise<unknown>, code: ErrorCode, what = ""): Promise<void> {
  await verdict.then(
    () => assert.fail(`accepted ${what}, expected ${code}`),
    (error: unknown) => {
      assertCode(error, code, what);
    },
  );
}

export function assertThrows(act: () => unknown, code: ErrorCode, what = ""): void {
  try {
    act();
  } catch (error) {
    assertCode(error, code, what);
    return;
  }
  assert.fail(`accepted ${what}, expected ${code}`);
}

function assertCode(error: unknown, code: ErrorCode, what: string): void {
  // Anything but a typed refusal is a bug of the verifier: show it.
  if (!(error instanceof SealroomError)) throw error;
  assert.equal(error.code, code, what);
  assert.equal(error instanceof PolicyError, code.startsWith("POLICY_"), `class of ${code}`);
}
