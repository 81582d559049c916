// hmac: a keyed hash that others can compute with any library, HMAC-SHA-256 of the value behind its length, the first 16
// bytes. A call a row: tens of times slower than cmac.
import { BLOCK_BYTES, hmac } from "../../../core/crypto.ts";
import { deriveTokenKey, SUITE } from "../../../core/token/keys.ts";
import { BASE64URL } from "../byte-text.ts";
import { canonicalize } from "../canonical.ts";
import type { CanonicalForm } from "../canonical.ts";
import { MAX_HASHED_TEXT, spellMacs } from "../cmac-column.ts";
import { demandMaster, KEYED } from "../operator.ts";
import type { Operator, TextKernel } from "../operator.ts";
import { FATE } from "../text-column.ts";
import { parseCanonical } from "./siv.ts";

const KEY_BYTES = 32;

export interface HmacParameters {
  readonly canonical: CanonicalForm;
}

export const HMAC: Operator<HmacParameters, TextKernel> = {
  name: "hmac",
  takes: "text",
  gives: "text",
  parse: parseCanonical,
  traits: () => KEYED,
  make({ canonical }, master) {
    const use = { operator: "hmac", part: "value", suite: SUITE.hmac, parameters: { canonical } };
    const key = deriveTokenKey(demandMaster(master), use, KEY_BYTES);
    return {
      takes: "text",
      gives: "text",
      tokenize(texts, fates) {
        const { rows, offsets, bytes } = canonicalize(canonical, texts, fates);
        const macs = new Uint8Array(rows * BLOCK_BYTES);
        const prefix = new Uint8Array(4);
        for (let row = 0; row < rows; row++) {
          if (fates[row] !== FATE.done) continue;
          const text = bytes.subarray(offsets[row], offsets[row + 1]);
          if (text.length > MAX_HASHED_TEXT) {
            fates[row] = FATE.length;
            continue;
          }
          new DataView(prefix.buffer).setUint32(0, text.length);
          macs.set(hmac("sha256", key, prefix, text).subarray(0, BLOCK_BYTES), row * BLOCK_BYTES);
        }
        return spellMacs(macs, fates, BASE64URL);
      },
    };
  },
};
