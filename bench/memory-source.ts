// Ciphertext that is there already, in place of a host's gateway; remembers what was asked for.
import type { Ciphertext } from "../enclave-worker/sealed-file.ts";

export interface Asked {
  readonly offset: number;
  readonly length: number;
}

export class MemorySource implements Ciphertext {
  readonly asked: Asked[] = [];
  readonly #bytes: Uint8Array;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  read(offset: number, pieces: readonly Uint8Array[]): readonly Promise<void>[] {
    let at = offset;
    for (const piece of pieces) {
      piece.set(this.#bytes.subarray(at, at + piece.length));
      at += piece.length;
    }
    this.asked.push({ offset, length: at - offset });
    return pieces.map(() => Promise.resolve());
  }

  async readInto(offset: number, target: Uint8Array): Promise<void> {
    await Promise.all(this.read(offset, [target]));
  }
}
