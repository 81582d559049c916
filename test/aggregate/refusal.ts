// What a refused job may say: a code, and public details.
import assert from "node:assert/strict";
import { PolicyError, SealroomError } from "../../core/errors.ts";
import type { Details, ErrorCode } from "../../core/errors.ts";

export function assertRefused(code: ErrorCode, details: Details, run: () => unknown): void {
  assert.throws(run, (error: unknown) => {
    assert.ok(error instanceof SealroomError);
    assert.equal(error.code, code);
    assert.deepEqual({ ...error.details }, details);
    assert.equal(error instanceof PolicyError, code.startsWith("GATE_") || code === "PLAN_GROUP_KEYS");
    return true;
  });
}
