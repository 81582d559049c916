// FF1 columns as operators use them: under a key of their own, and giving columns of their own.
import type { Alphabet } from "../../core/token/alphabet.ts";
import { deriveTokenKey, SUITE } from "../../core/token/keys.ts";
import type { TokenMaster } from "../../core/token/keys.ts";
import { Ff1Column } from "./ff1-column.ts";
import type { Direction } from "./ff1-column.ts";
import { squeezed } from "./text-column.ts";
import type { TextColumn } from "./text-column.ts";

export const FF1_KEY_BYTES = 32;

/** FF1 under a key of this operator and these parameters, with no tweak: the key says all that one would. */
export function makeFf1Column(
  master: TokenMaster,
  operator: string,
  parameters: Readonly<Record<string, string | null>>,
  alphabet: Alphabet,
): Ff1Column {
  const use = { operator, part: "value", suite: SUITE.ff1, parameters };
  const key = deriveTokenKey(master, use, FF1_KEY_BYTES);
  return new Ff1Column({ key, alphabet, tweak: new Uint8Array(0) });
}

/** A column of its own, with no bytes where there is no token. */
export function ff1Tokens(
  kernel: Ff1Column,
  texts: TextColumn,
  direction: Direction,
  fates: Uint8Array,
): TextColumn {
  const bytes = new Uint8Array(texts.bytes.length);
  kernel.run(texts, direction, fates, bytes);
  return squeezed({ ...texts, bytes }, fates);
}
