// Which fields of a column stand for null.
import type { CsvFields } from "./records.ts";

const QUOTE = 0x22;

export class NullTokens {
  readonly #tokens: readonly Uint8Array[];
  readonly #longest: number;

  constructor(tokens: readonly string[]) {
    this.#tokens = tokens.map((token) => new TextEncoder().encode(token));
    this.#longest = Math.max(-1, ...this.#tokens.map(({ length }) => length));
  }

  /** Puts 1 where a row is null, else 0; whether any is. @param kind a text that is quoted is never null */
  mark(
    bytes: Uint8Array,
    { starts, lengths }: CsvFields,
    kind: "text" | "value",
    nulls: Uint8Array,
    rows: number,
  ): boolean {
    const longest = this.#longest;
    let hasNulls = false;
    nulls.fill(0, 0, rows);
    for (let row = 0; row < rows; row += 1) {
      const length = lengths[row] ?? 0;
      if (length > longest) continue;
      const start = starts[row] ?? 0;
      // Only of a field that is quoted the byte before is a quote.
      if (kind === "text" && bytes[start - 1] === QUOTE) continue;
      if (!this.#isToken(bytes, start, length)) continue;
      nulls[row] = 1;
      hasNulls = true;
    }
    return hasNulls;
  }

  #isToken(bytes: Uint8Array, start: number, length: number): boolean {
    for (const token of this.#tokens) {
      if (token.length !== length) continue;
      let at = 0;
      while (at < length && bytes[start + at] === token[at]) at += 1;
      if (at === length) return true;
    }
    return false;
  }
}
