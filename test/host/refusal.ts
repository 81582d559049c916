// What a refusal must be: an error of our own with exactly this code. Messages are for people and may change.
import assert from "node:assert/strict";
import { SealroomError } from "../../core/errors.ts";
import type { ErrorCode } from "../../core/errors.ts";

export async function refuses(code: ErrorCode, work: Promise<unknown>): Promise<SealroomError> {
  let thrown: unknown;
  try {
    await work;
  } catch (error) {
    thrown = error;
  }
  if (!(thrown instanceof SealroomError)) {
    assert.fail(
      `not refused with ${code}: ${thrown instanceof Error ? (thrown.stack ?? thrown.message) : String(thrown)}`,
    );
  }
  assert.equal(thrown.code, code);
  return thrown;
}
