// An object that is verified as a whole before any part of it is used, in bounded memory: the first pass streams it,
// and keeps a hash of each chunk; later reads are held against those, since the host may serve other bytes then.
import type { Range } from "../column/range.ts";
import { rangeBytes } from "../column/range.ts";
import { Sha384, equal, sha256 } from "../crypto.ts";
import { SealroomError } from "../errors.ts";
import type { ByteSource, Piece } from "./byte-source.ts";
import { mergeRanges } from "./byte-source.ts";

/** What judges an object's bytes as they pass. */
export interface Judge {
  push(part: Uint8Array): void;
  /** Throws unless what passed is whole and authentic. */
  finish(): void;
}

export const CHUNK_BYTES: number = 256 * 1024;
const HASH_BYTES = 32;
/** Pulled at once in the first pass, while the piece before it is judged. */
const PIECE_BYTES: number = 8 * CHUNK_BYTES;
const KEPT_CHUNKS = 16;

export class CheckedObject {
  /** SHA-384 of all bytes. */
  readonly digest: Uint8Array;
  readonly #source: ByteSource;
  readonly #byteLength: number;
  /** SHA-256 of each chunk, end to end. */
  readonly #hashes: Uint8Array;
  /** Chunks of the last reads by number: small batches lie many to a chunk, and are read one after another. */
  #kept: ReadonlyMap<number, Uint8Array> = new Map();

  private constructor(source: ByteSource, byteLength: number, hashes: Uint8Array, digest: Uint8Array) {
    this.#source = source;
    this.#byteLength = byteLength;
    this.#hashes = hashes;
    this.digest = digest;
  }

  /** The first pass. Errors: those of `source` and `judge`. */
  static async survey(source: ByteSource, byteLength: number, judge: Judge): Promise<CheckedObject> {
    const whole = new Sha384();
    const hashes = new Uint8Array(Math.ceil(byteLength / CHUNK_BYTES) * HASH_BYTES);
    const pieceBytes = Math.min(PIECE_BYTES, byteLength);
    const buffers = [new Uint8Array(pieceBytes), new Uint8Array(pieceBytes)] as const;
    let chunk = 0;
    const pull = async (offset: number): Promise<Uint8Array> => {
      const buffer = (offset / PIECE_BYTES) % 2 === 0 ? buffers[0] : buffers[1];
      const piece = buffer.subarray(0, Math.max(0, Math.min(PIECE_BYTES, byteLength - offset)));
      if (piece.length > 0) await source.readInto(offset, piece);
      return piece;
    };
    let ahead = pull(0);
    for (let offset = 0; offset < byteLength; offset += PIECE_BYTES) {
      const piece = await ahead;
      ahead = pull(offset + PIECE_BYTES);
      ahead.catch(() => undefined);
      whole.update(piece);
      for (let at = 0; at < piece.length; at += CHUNK_BYTES) {
        hashes.set(sha256(piece.subarray(at, at + CHUNK_BYTES)), chunk++ * HASH_BYTES);
      }
      judge.push(piece);
    }
    judge.finish();
    return new CheckedObject(source, byteLength, hashes, whole.digest());
  }

  /** Copies of the bytes of these ranges, as they were in the first pass. Errors: OBJECT_CHANGED, those of the source. */
  async read(ranges: readonly Range[]): Promise<readonly Uint8Array[]> {
    const chunks = new Map(this.#kept);
    const missing = ranges
      .flatMap((range) => [...this.#chunksOf(range)])
      .filter((chunk) => !chunks.has(chunk));
    const runs = mergeRanges(missing.map((chunk) => this.#rangeOf(chunk)));
    const pieces = runs.map((run): Piece => ({ start: run.start, bytes: new Uint8Array(rangeBytes(run)) }));
    await Promise.all(pieces.map(({ start, bytes }) => this.#source.readInto(start, bytes)));
    for (const { start, bytes } of pieces) {
      for (let at = 0; at < bytes.length; at += CHUNK_BYTES) {
        const chunk = (start + at) / CHUNK_BYTES;
        chunks.set(chunk, this.#check(chunk, bytes.subarray(at, at + CHUNK_BYTES)));
      }
    }
    // Copies, so that what is kept does not keep all that was pulled with it.
    this.#kept = new Map([...chunks].slice(-KEPT_CHUNKS).map(([chunk, bytes]) => [chunk, bytes.slice()]));
    return ranges.map((range) => this.#gather(range, chunks));
  }

  #check(chunk: number, bytes: Uint8Array): Uint8Array {
    const expected = this.#hashes.subarray(chunk * HASH_BYTES, (chunk + 1) * HASH_BYTES);
    if (!equal(sha256(bytes), expected)) throw new SealroomError("OBJECT_CHANGED");
    return bytes;
  }

  #gather(range: Range, chunks: ReadonlyMap<number, Uint8Array>): Uint8Array {
    const gathered = new Uint8Array(rangeBytes(range));
    for (const chunk of this.#chunksOf(range)) {
      const { start, end } = this.#rangeOf(chunk);
      const from = Math.max(start, range.start);
      const part = chunks.get(chunk)?.subarray(from - start, Math.min(end, range.end) - start);
      if (part !== undefined) gathered.set(part, from - range.start);
    }
    return gathered;
  }

  *#chunksOf({ start, end }: Range): Generator<number> {
    if (start === end) return;
    if (!(start >= 0 && start < end && end <= this.#byteLength)) throw new SealroomError("SEAL_RANGE");
    for (let chunk = Math.floor(start / CHUNK_BYTES); chunk * CHUNK_BYTES < end; chunk += 1) yield chunk;
  }

  #rangeOf(chunk: number): Range {
    return { start: chunk * CHUNK_BYTES, end: Math.min((chunk + 1) * CHUNK_BYTES, this.#byteLength) };
  }
}
