// Finds the messages of the wire format in a stream that somebody else reads (docs/protocol.md section 2).

export interface Frame {
  readonly type: string;
  /** The whole message, attachments and all. */
  readonly bytes: Buffer;
}

export class FrameReader {
  #pending = Buffer.alloc(0);
  #isFresh = true;

  /** Nothing has come yet. */
  get isFresh(): boolean {
    return this.#isFresh;
  }

  /** The messages that are whole with this piece. */
  push(piece: Buffer): readonly Frame[] {
    this.#isFresh = false;
    this.#pending = Buffer.concat([this.#pending, piece]);
    const frames: Frame[] = [];
    for (let frame = this.#next(); frame !== null; frame = this.#next()) {
      frames.push(frame);
      this.#pending = this.#pending.subarray(frame.bytes.length);
    }
    return frames;
  }

  #next(): Frame | null {
    if (this.#pending.length < 4) return null;
    const head = 4 + this.#pending.readUInt32BE(0);
    if (this.#pending.length < head) return null;
    const fields = JSON.parse(this.#pending.subarray(4, head).toString()) as {
      readonly type: string;
      readonly attachments?: readonly number[];
    };
    const total = (fields.attachments ?? []).reduce((sum, length) => sum + length, head);
    if (this.#pending.length < total) return null;
    return { type: fields.type, bytes: this.#pending.subarray(0, total) };
  }
}
