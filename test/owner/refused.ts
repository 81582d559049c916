import assert from "node:assert/strict";
import { SealroomError, type Details, type ErrorCode } from "../../core/errors.ts";

/** Demands a refusal by this code, with at least these details. */
export async function refused(code: ErrorCode, run: () => unknown, details: Details = {}): Promise<void> {
  await assert.rejects(
    async () => {
      await run();
    },
    (error) => {
      assert.ok(error instanceof SealroomError, String(error));
      assert.equal(error.code, code);
      assert.deepEqual({ ...error.details, ...details }, error.details);
      return true;
    },
  );
}
