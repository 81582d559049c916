// One object's ciphertext, pulled by range from the host's gateway. Requests are sent ahead of the answers they
// wait for, so the next bytes travel while these are decrypted. What comes back is any bytes of the right length.
import type { ByteStream } from "../core/wire/byte-stream.ts";
import { MAX_READ_BYTES, readBulkPrefix, writeReadRequest } from "../core/wire/gateway.ts";

export interface ObjectAddress {
  readonly job: string;
  readonly input: number;
  readonly object: number;
}

export class Gateway {
  readonly #stream: ByteStream;
  readonly #address: ObjectAddress;
  /** Answers come in the order of the requests. One that fails fails all after it: the stream's place is lost. */
  #sent: Promise<void> = Promise.resolve();
  #answered: Promise<unknown> = Promise.resolve();
  #bytesRead = 0;

  constructor(stream: ByteStream, address: ObjectAddress) {
    this.#stream = stream;
    this.#address = address;
  }

  get bytesRead(): number {
    return this.#bytesRead;
  }

  /**
   * Fills the pieces, which lie end to end from `offset`. Each promise is kept when its piece is full, so that one can be
   * worked on while the next comes; whoever hears of none of them is not told. A piece has at most MAX_READ_BYTES.
   * Errors: WIRE_LENGTH (the host offered less or more than asked), TRANSPORT_*.
   */
  read(offset: number, pieces: readonly Uint8Array[]): readonly Promise<void>[] {
    const arrivals: Promise<void>[] = [];
    for (let at = offset, from = 0; from < pieces.length;) {
      let length = 0;
      let to = from;
      for (; to < pieces.length; to += 1) {
        const next = length + (pieces[to]?.length ?? 0);
        if (to > from && next > MAX_READ_BYTES) break;
        length = next;
      }
      arrivals.push(...this.#request(at, length, pieces.slice(from, to)));
      at += length;
      from = to;
    }
    return arrivals;
  }

  /** Fills `target` from `offset`. Errors: as read. */
  async readInto(offset: number, target: Uint8Array): Promise<void> {
    const pieces: Uint8Array[] = [];
    for (let at = 0; at < target.length; at += MAX_READ_BYTES) {
      pieces.push(target.subarray(at, at + MAX_READ_BYTES));
    }
    await Promise.all(this.read(offset, pieces));
  }

  #request(offset: number, length: number, pieces: readonly Uint8Array[]): readonly Promise<void>[] {
    const sent = this.#sent.then(() => writeReadRequest(this.#stream, { ...this.#address, offset, length }));
    const previous = this.#answered;
    // All pieces wait on the stream at once, so that bytes go straight into them, one after another.
    const begun = (async (): Promise<readonly Promise<void>[]> => {
      await sent;
      await previous;
      await readBulkPrefix(this.#stream, length);
      return pieces.map((piece) => heard(this.#fill(piece)));
    })();
    const arrivals = pieces.map((_, index) => heard(begun.then((all) => all[index])));
    this.#sent = heard(sent);
    this.#answered = heard(Promise.all(arrivals));
    return arrivals;
  }

  async #fill(piece: Uint8Array): Promise<void> {
    await this.#stream.readInto(piece);
    this.#bytesRead += piece.length;
  }
}

/** Whoever awaits an answer hears that it failed; that nobody does must not end the process. */
function heard<T>(promise: Promise<T>): Promise<T> {
  promise.catch(() => undefined);
  return promise;
}
