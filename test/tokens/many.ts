// Looks for thousands of canaries in all their forms at once: every place of what is searched is met with a table of all
// patterns by their first eight bytes, and then with the whole pattern.
import { LEAST_BYTES, patternsOf } from "../canary/encodings.ts";
import type { Canary, Hit } from "../canary/search.ts";
import type { Recorded } from "../host/recording.ts";

interface Sought {
  readonly canary: string;
  readonly encoding: string;
  readonly pattern: Buffer;
}

export class ManyCanaries {
  readonly #table = new Map<number, Sought[]>();
  /** Whether any pattern has these bits in its second four bytes: nearly no place of random bytes passes. */
  readonly #seconds = new Uint8Array(2 ** 24);

  constructor(canaries: readonly Canary[]) {
    for (const { name: canary, bytes } of canaries) {
      for (const { encoding, bytes: form } of patternsOf(bytes)) {
        if (form.length < LEAST_BYTES) throw new Error(`too short to look for: ${canary}, ${encoding}`);
        const pattern = Buffer.from(form);
        const head = pattern.readInt32BE(0);
        this.#seconds[pattern.readUIntBE(4, 3)] = 1;
        const known = this.#table.get(head);
        if (known === undefined) this.#table.set(head, [{ canary, encoding, pattern }]);
        else known.push({ canary, encoding, pattern });
      }
    }
  }

  /** One hit for each canary, encoding and channel. */
  find(recorded: readonly Recorded[]): readonly Hit[] {
    const hits = new Map<string, Hit>();
    for (const { channel, bytes } of recorded) {
      const searched = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
      for (let at = 0; at + LEAST_BYTES <= searched.length; at += 1) {
        const second =
          ((searched[at + 4] ?? 0) << 16) | ((searched[at + 5] ?? 0) << 8) | (searched[at + 6] ?? 0);
        if (this.#seconds[second] === 0) continue;
        for (const { canary, encoding, pattern } of this.#table.get(searched.readInt32BE(at)) ?? []) {
          if (!searched.subarray(at, at + pattern.length).equals(pattern)) continue;
          hits.set(`${canary}|${encoding}|${channel}`, { canary, encoding, channel });
        }
      }
    }
    return [...hits.values()];
  }
}
