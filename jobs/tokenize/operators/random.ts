// random: tokens that say nothing of their values but which are equal, since nothing but a map joins the two. The map is
// assigned in one place before the first token is used (vault.ts); here it is only looked up.
import { BLOCK_BYTES } from "../../../core/crypto.ts";
import type { Field } from "../../../core/text/field.ts";
import type { TokenMaster } from "../../../core/token/keys.ts";
import { BASE32 } from "../byte-text.ts";
import { canonicalize } from "../canonical.ts";
import type { CanonicalForm } from "../canonical.ts";
import { CmacColumn, spellMacs } from "../cmac-column.ts";
import { findPlace } from "../mac-table.ts";
import type { SharedMacs } from "../mac-table.ts";
import type { TextKernel } from "../operator.ts";
import { columnOf, FATE } from "../text-column.ts";
import type { TextColumn } from "../text-column.ts";
import { parseCanonical } from "./siv.ts";

export const RANDOM = "random";
export const TOKEN_WORDS = 4;

/** The tokens of a map, by the MACs of their values: views on shared memory. */
export interface SharedTokens extends SharedMacs {
  /** Four words a place: 128 random bits. */
  readonly tokens: Uint32Array;
}

export function parseRandom(parameters: Field): { readonly canonical: CanonicalForm } {
  return parseCanonical(parameters);
}

/** The values of a map, by their tokens: views on shared memory. `macs` are the tokens. */
export interface SharedValues extends SharedMacs {
  /** `rows + 1` places in `bytes`, a row each place of the map. */
  readonly offsets: Int32Array;
  /** UTF-8. */
  readonly bytes: Uint8Array;
}

/** Finds values in a map. Under the domain's master, so that who has the map's memory but not the key finds none. */
export function placeKey(master: TokenMaster): CmacColumn {
  return new CmacColumn(master, { operator: RANDOM, part: "place", parameters: {} });
}

/** Values that the map does not have are a fault of whoever made it. */
export function randomKernel(canonical: CanonicalForm, master: TokenMaster, map: SharedTokens): TextKernel {
  const places = placeKey(master);
  return {
    takes: "text",
    gives: "text",
    tokenize(texts: TextColumn, fates: Uint8Array): TextColumn {
      const macs = wordsOf(places.macs(canonicalize(canonical, texts, fates), fates));
      const tokens = new Uint32Array(texts.rows * TOKEN_WORDS);
      for (let row = 0; row < texts.rows; row++) {
        if (fates[row] !== FATE.done) continue;
        const place = findPlace(map, macs, row * TOKEN_WORDS);
        if (place === -1) throw new Error("internal: a value that no token was assigned to");
        for (let word = 0; word < TOKEN_WORDS; word++) {
          tokens[row * TOKEN_WORDS + word] = map.tokens[place * TOKEN_WORDS + word] ?? 0;
        }
      }
      return spellMacs(new Uint8Array(tokens.buffer), fates, BASE32);
    },
  };
}

/** What is behind tokens. Fates: `form` for what is no token, `forged` for one that the map does not have. */
export function randomOpener({ offsets, bytes, ...map }: SharedValues): Required<Pick<TextKernel, "reveal">> {
  return {
    reveal(texts: TextColumn, fates: Uint8Array): TextColumn {
      const tokens = new Uint8Array(texts.rows * BLOCK_BYTES);
      const words = wordsOf(tokens);
      const places = new Int32Array(texts.rows);
      const lengths = new Int32Array(texts.rows);
      for (let row = 0; row < texts.rows; row++) {
        if (fates[row] !== FATE.done) continue;
        const [from, to] = [texts.offsets[row] ?? 0, texts.offsets[row + 1] ?? 0];
        const isToken =
          BASE32.bytesOf(to - from) === BLOCK_BYTES &&
          BASE32.decode(texts.bytes, from, to - from, tokens, row * BLOCK_BYTES);
        const place = isToken ? findPlace(map, words, row * TOKEN_WORDS) : -1;
        if (place === -1) fates[row] = isToken ? FATE.forged : FATE.form;
        else lengths[row] = (offsets[place + 1] ?? 0) - (offsets[place] ?? 0);
        places[row] = place;
      }
      const opened = columnOf(lengths);
      for (let row = 0; row < texts.rows; row++) {
        if (fates[row] !== FATE.done) continue;
        const place = places[row] ?? 0;
        opened.bytes.set(bytes.subarray(offsets[place], offsets[place + 1]), opened.offsets[row]);
      }
      return opened;
    },
  };
}

export function wordsOf(macs: Uint8Array): Uint32Array {
  return new Uint32Array(macs.buffer, macs.byteOffset, macs.byteLength >> 2);
}
