// The text of a query, and where in it something stands: what is refused is told by its place, and names are read as they
// were written. PostgreSQL folds names without quotes to lower case; columns of data sets have the case that they have.
import type { ColumnRef } from "@pgsql/types";
import type { ScanToken } from "libpg-query";
import { SealroomError } from "../../core/errors.ts";
import { shortName } from "../../core/text/name.ts";

export class Source {
  readonly #bytes: Uint8Array;
  readonly #tokens: readonly ScanToken[];
  readonly #start: number;

  /** Tokens as PostgreSQL's scanner gives them: places are those of UTF-8 bytes. What was written begins at `start`. */
  constructor(text: string, tokens: readonly ScanToken[], start: number) {
    this.#bytes = new TextEncoder().encode(text);
    this.#tokens = tokens;
    this.#start = start;
  }

  /** `allowed`: the nearest that the dialect has, in words. The caller throws it. */
  refusal(location: number | undefined, found: string, allowed: string): SealroomError {
    return new SealroomError("SQL_DIALECT", {
      at: this.place(location ?? 0),
      found: shortName(found),
      allowed,
    });
  }

  /** `line 2, column 8`, from 1. */
  place(location: number): string {
    const before = new TextDecoder().decode(
      this.#bytes.subarray(this.#start, Math.max(this.#start, location)),
    );
    const lines = before.split("\n");
    return `line ${lines.length}, column ${(lines.at(-1)?.length ?? 0) + 1}`;
  }

  /** The parts of a column's name, each as it was written. Null for `*`. */
  names({ fields = [], location = 0 }: ColumnRef): readonly string[] | null {
    const first = this.#at(location);
    // Name, dot, name: comments and spaces are no tokens.
    const parts = fields.map((field, part) => {
      const token = this.#tokens[first + 2 * part];
      return "A_Star" in field || token === undefined ? null : nameOf(token.text);
    });
    return parts.every((part) => part !== null) ? parts : null;
  }

  /** The name behind AS of the select item that begins here; `next` is where the one behind it does, if there is one. */
  alias(location: number, next: number | undefined): string | undefined {
    const first = this.#at(location);
    const end = next === undefined ? this.#endOfList(first) : this.#at(next) - 1;
    const token = this.#tokens[end - 1];
    return token === undefined ? undefined : nameOf(token.text);
  }

  /** The name that begins at a place, as it was written. */
  nameAt(location: number): string {
    return nameOf(this.tokenAt(location));
  }

  /** The names in the parentheses behind a keyword, as they were written. */
  namesBehind(keyword: string): readonly string[] {
    const first = this.#tokens.findIndex(({ text }) => text.toUpperCase() === keyword);
    const names: string[] = [];
    for (let at = first + 2; first >= 0 && at < this.#tokens.length; at += 1) {
      const text = this.#tokens[at]?.text ?? ")";
      if (text === ")") break;
      if (text !== ",") names.push(nameOf(text));
    }
    return names;
  }

  /** Where the first of these keywords stands. */
  find(...keywords: readonly string[]): number | undefined {
    return this.#tokens.find(({ text }) => keywords.includes(text.toUpperCase()))?.start;
  }

  /** The token that begins at a place. */
  tokenAt(location: number): string {
    return this.#tokens[this.#at(location)]?.text ?? "";
  }

  #at(location: number): number {
    const at = this.#tokens.findIndex(({ start }) => start >= location);
    return at < 0 ? this.#tokens.length : at;
  }

  /** FROM, outside of parentheses, or what ends the query. */
  #endOfList(first: number): number {
    let depth = 0;
    for (let at = first; at < this.#tokens.length; at += 1) {
      const text = this.#tokens[at]?.text ?? "";
      if (text === "(") depth += 1;
      else if (text === ")") depth -= 1;
      else if (depth === 0 && (text.toLowerCase() === "from" || text === ";")) return at;
    }
    return this.#tokens.length;
  }
}

/** Without its quotes. */
function nameOf(token: string): string {
  return token.startsWith('"') ? token.slice(1, -1).replaceAll('""', '"') : token;
}
