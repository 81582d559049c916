// One object's ciphertext, pulled by range from the host's gateway. Requests are sent ahead of the answers they
// wait for, so the next bytes travel while these are decrypted. What comes back is any bytes of the right length.
import type { ByteStream } from "../core/wire/byte-stream.ts";
import { MAX_READ_BYTES, readBulk, writeReadRequest } from "../core/wire/gateway.ts";

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
  #answered: Promise<void> = Promise.resolve();
  #bytesRead = 0;

  constructor(stream: ByteStream, address: ObjectAddress) {
    this.#stream = stream;
    this.#address = address;
  }

  get bytesRead(): number {
    return this.#bytesRead;
  }

  /** Fills `target` from `offset`. Errors: WIRE_LENGTH (the host offered less or more than asked), TRANSPORT_*. */
  readInto(offset: number, target: Uint8Array): Promise<void> {
    for (let at = 0; at < target.length; at += MAX_READ_BYTES) {
      this.#request(offset + at, target.subarray(at, at + MAX_READ_BYTES));
    }
    return this.#answered;
  }

  #request(offset: number, target: Uint8Array): void {
    const request = { ...this.#address, offset, length: target.length };
    const sent = this.#sent.then(() => writeReadRequest(this.#stream, request));
    const previous = this.#answered;
    const answered = (async (): Promise<void> => {
      await sent;
      await previous;
      await readBulk(this.#stream, target);
      this.#bytesRead += target.length;
    })();
    // Whoever awaits the last answer hears of a failure; the chains themselves must not be unhandled.
    sent.catch(() => undefined);
    answered.catch(() => undefined);
    this.#sent = sent;
    this.#answered = answered;
  }
}
