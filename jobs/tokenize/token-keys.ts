// The masters that a program needs, of those that the rules name, each once: the enclave asks KMS for these alone.
import { SealroomError } from "../../core/errors.ts";
import type { TokenKeyEntry } from "../../core/manifest/tokenization.ts";

export class TokenKeys {
  readonly entries: TokenKeyEntry[] = [];
  readonly #known: readonly TokenKeyEntry[];

  constructor(known: readonly TokenKeyEntry[]) {
    this.#known = known;
  }

  /** Position in `entries`; null where there is no domain. Error: TOKEN_NO_KEY. */
  find(column: string, domain: string | null, version: number | null): number | null {
    if (domain === null || version === null) return null;
    const isIt = (key: TokenKeyEntry): boolean => key.domain === domain && key.version === version;
    const at = this.entries.findIndex(isIt);
    if (at !== -1) return at;
    const entry = this.#known.find(isIt);
    if (entry === undefined) throw new SealroomError("TOKEN_NO_KEY", { column, domain, version });
    return this.entries.push(entry) - 1;
  }
}
