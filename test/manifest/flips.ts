// Every document with one bit of it flipped: one bit of every byte, or every bit with SEALROOM_DEEP=1.
import assert from "node:assert/strict";
import { SealroomError } from "../../core/errors.ts";

const isDeep = process.env["SEALROOM_DEEP"] !== undefined;
const AT_ONCE = 16;

function* flipped(bytes: Uint8Array): Generator<Uint8Array> {
  for (let byte = 0; byte < bytes.length; byte++) {
    for (const bit of isDeep ? [0, 1, 2, 3, 4, 5, 6, 7] : [byte % 8]) {
      const copy = Uint8Array.from(bytes);
      copy[byte] = (copy[byte] ?? 0) ^ (1 << bit);
      yield copy;
    }
  }
}

/** Refusals by layer. Anything that is accepted, or fails by accident, fails the test. */
export async function refuseFlips(
  bytes: Uint8Array,
  verify: (damaged: Uint8Array) => Promise<unknown>,
): Promise<Record<string, number>> {
  const layers: Record<string, number> = {};
  const waiting = flipped(bytes);
  const work = async (): Promise<void> => {
    for (let next = waiting.next(); next.done !== true; next = waiting.next()) {
      const error: unknown = await verify(next.value).then(
        () => assert.fail(`accepted ${Buffer.from(next.value).toString("latin1")}`),
        (refusal: unknown) => refusal,
      );
      if (!(error instanceof SealroomError)) throw error;
      const [layer = ""] = error.code.split("_");
      layers[layer] = (layers[layer] ?? 0) + 1;
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, work));
  const total = Object.values(layers).reduce((sum, count) => sum + count, 0);
  assert.equal(total, bytes.length * (isDeep ? 8 : 1));
  return layers;
}
