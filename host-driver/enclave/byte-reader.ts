// Reads a stream of pieces field by field. How long a field is comes from hostile bytes: its reader gives the bounds.
import { SealroomError } from "../../core/errors.ts";

export class ByteReader {
  readonly #pieces: AsyncIterator<Uint8Array>;
  #piece = new Uint8Array(0);
  #position = 0;

  constructor(pieces: AsyncIterable<Uint8Array>) {
    this.#pieces = pieces[Symbol.asyncIterator]();
  }

  /** How many bytes have been taken. */
  get position(): number {
    return this.#position;
  }

  async isAtEnd(): Promise<boolean> {
    while (this.#piece.length === 0) {
      const next = await this.#pieces.next();
      if (next.done === true) return true;
      this.#piece = Uint8Array.from(next.value);
    }
    return false;
  }

  /** `length` bytes of at most `limit`. Errors: CPIO_LIMIT, CPIO_END. */
  async take(length: number, limit: number): Promise<Uint8Array> {
    if (length > limit) throw new SealroomError("CPIO_LIMIT", { bytes: length, limit });
    const bytes = new Uint8Array(length);
    let filled = 0;
    await this.visit(length, (piece) => {
      bytes.set(piece, filled);
      filled += piece.length;
    });
    return bytes;
  }

  /** Shows `length` bytes piece by piece. Errors: CPIO_END. */
  async visit(length: number, use: (piece: Uint8Array) => void): Promise<void> {
    for (let rest = length; rest > 0;) {
      if (await this.isAtEnd()) throw new SealroomError("CPIO_END", { position: this.#position });
      const part = this.#piece.subarray(0, rest);
      use(part);
      this.#piece = this.#piece.subarray(part.length);
      this.#position += part.length;
      rest -= part.length;
    }
  }

  /** The next byte, which stays to be taken; -1 at the end. */
  async peek(): Promise<number> {
    return (await this.isAtEnd()) ? -1 : (this.#piece[0] ?? -1);
  }
}
