// Bytes that arrive in chunks of any size and are taken out in pieces of the sizes that the format has. A piece that
// lies within one chunk is not copied.

const NOTHING = new Uint8Array(0);

export class Intake {
  readonly #chunks: Uint8Array[] = [];
  /** Bytes of the first chunk that are taken already. */
  #taken = 0;
  #available = 0;

  get available(): number {
    return this.#available;
  }

  /** Borrows the chunk; keepRest ends the loan. */
  add(chunk: Uint8Array): void {
    if (chunk.length === 0) return;
    this.#chunks.push(chunk);
    this.#available += chunk.length;
  }

  /** The next bytes, which must be there, without taking them. */
  peek(byteLength: number): Uint8Array {
    if (byteLength > this.#available) throw new Error("internal: more bytes wanted than are there");
    let gathered = -this.#taken;
    let count = 0;
    while (gathered < byteLength) gathered += this.#chunks[count++]?.length ?? 0;
    if (count > 1) {
      const joined = new Uint8Array(Buffer.concat(this.#chunks.slice(0, count)));
      this.#chunks.splice(0, count, joined.subarray(this.#taken));
      this.#taken = 0;
    }
    return (this.#chunks[0] ?? NOTHING).subarray(this.#taken, this.#taken + byteLength);
  }

  take(byteLength: number): Uint8Array {
    const piece = this.peek(byteLength);
    this.#taken += byteLength;
    this.#available -= byteLength;
    if (this.#taken === this.#chunks[0]?.length) {
      this.#chunks.shift();
      this.#taken = 0;
    }
    return piece;
  }

  /** Copies what is left of the last chunk, whose memory its owner may now use again. */
  keepRest(): void {
    const last = this.#chunks.pop();
    if (last === undefined) return;
    const from = this.#chunks.length === 0 ? this.#taken : 0;
    if (this.#chunks.length === 0) this.#taken = 0;
    this.#chunks.push(last.slice(from));
  }
}
