// Damage to a real document, wherever it falls. One bit of every byte here; every bit with SEALROOM_DEEP=1.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { AWS_ROOT } from "../../core/attestation/root.ts";
import { authenticateArchived } from "../../core/attestation/verify.ts";
import { SealroomError } from "../../core/errors.ts";
import { VECTORS, withoutVectors } from "../vectors.ts";

const options = { skip: withoutVectors };
const isDeep = process.env["SEALROOM_DEEP"] !== undefined;
const AT_ONCE = 16;

function readDocument(): Uint8Array {
  return readFileSync(new URL("attestation/valid/2021-03-17_i-078824548e_prod_234f1201.cbor", VECTORS));
}

/** Counts refusals by layer. Anything accepted, or refused by an accident, fails. */
async function refuseAll(damaged: Iterable<Uint8Array>): Promise<Record<string, number>> {
  const layers: Record<string, number> = {};
  const waiting = damaged[Symbol.iterator]();
  const work = async (): Promise<void> => {
    for (let next = waiting.next(); next.done !== true; next = waiting.next()) {
      const error: unknown = await authenticateArchived(next.value, AWS_ROOT).then(
        () => assert.fail(`accepted ${Buffer.from(next.value).toString("base64")}`),
        (refusal: unknown) => refusal,
      );
      if (!(error instanceof SealroomError)) throw error;
      const [layer = ""] = error.code.split("_");
      layers[layer] = (layers[layer] ?? 0) + 1;
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, work));
  return layers;
}

function sum(layers: Record<string, number>): number {
  return Object.values(layers).reduce((total, count) => total + count, 0);
}

test("refuses a document with any bit flipped", options, async () => {
  const document = readDocument();
  function* flipped(): Generator<Uint8Array> {
    for (let byte = 0; byte < document.length; byte++) {
      for (const bit of isDeep ? [0, 1, 2, 3, 4, 5, 6, 7] : [byte % 8]) {
        const copy = Uint8Array.from(document);
        copy[byte] = (copy[byte] ?? 0) ^ (1 << bit);
        yield copy;
      }
    }
  }
  const layers = await refuseAll(flipped());
  assert.equal(sum(layers), document.length * (isDeep ? 8 : 1));
  assert.deepEqual(Object.keys(layers).sort(), ["CHAIN", "COSE", "DOCUMENT"]);
});

test("refuses a document cut short at any length", options, async () => {
  const document = readDocument();
  function* cut(): Generator<Uint8Array> {
    for (let length = 0; length < document.length; length++) yield document.subarray(0, length);
  }
  assert.equal(sum(await refuseAll(cut())), document.length);
});

test("refuses a document with any byte appended or put before it, tag 18 aside", options, async () => {
  const document = readDocument();
  function* longer(): Generator<Uint8Array> {
    for (let byte = 0; byte < 256; byte++) {
      yield Buffer.concat([document, Uint8Array.of(byte)]);
      if (byte !== 0xd2) yield Buffer.concat([Uint8Array.of(byte), document]);
    }
  }
  assert.equal(sum(await refuseAll(longer())), 511);
});
