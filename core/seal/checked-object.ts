// An object that is verified as a whole before any part of it is used, in bounded memory: the first pass streams it,
// and keeps a hash of each chunk; later reads are held against those, since the host may serve other bytes then.
import type { Range } from "../column/range.ts";
import { rangeBytes } from "../column/range.ts";
import { Sha384, equal, sha256 } from "../crypto.ts";
import { SealroomError } from "../errors.ts";
import type { ByteSource, Piece } from "./byte-source.ts";
import { bytesOfPieces, mergeRanges } from "./byte-source.ts";

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

export class CheckedObject {
  /** SHA-384 of all bytes. */
  readonly digest: Uint8Array;
  readonly #source: ByteSource;
  readonly #byteLength: number;
  /** SHA-256 of each chunk, end to end. */
  readonly #hashes: Uint8Array;

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
    const buffers = [new Uint8Array(PIECE_BYTES), new Uint8Array(PIECE_BYTES)];
    let chunk = 0;
    const pull = async (offset: number): Promise<Uint8Array> => {
      const buffer = buffers[(offset / PIECE_BYTES) % 2] ?? new Uint8Array(PIECE_BYTES);
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

  /** The bytes of these ranges, as they were in the first pass. Errors: OBJECT_CHANGED, those of the source. */
  async read(ranges: readonly Range[]): Promise<readonly Uint8Array[]> {
    const runs = mergeRanges(ranges.map((range) => this.#widen(range)));
    const pieces = runs.map((run): Piece => ({ start: run.start, bytes: new Uint8Array(rangeBytes(run)) }));
    await Promise.all(pieces.map(({ start, bytes }) => this.#source.readInto(start, bytes)));
    for (const piece of pieces) this.#check(piece);
    return ranges.map(bytesOfPieces(pieces));
  }

  #widen({ start, end }: Range): Range {
    if (start === end) return { start, end };
    return {
      start: Math.floor(start / CHUNK_BYTES) * CHUNK_BYTES,
      end: Math.min(Math.ceil(end / CHUNK_BYTES) * CHUNK_BYTES, this.#byteLength),
    };
  }

  #check({ start, bytes }: Piece): void {
    for (let at = 0; at < bytes.length; at += CHUNK_BYTES) {
      const hash = ((start + at) / CHUNK_BYTES) * HASH_BYTES;
      const expected = this.#hashes.subarray(hash, hash + HASH_BYTES);
      if (!equal(sha256(bytes.subarray(at, at + CHUNK_BYTES)), expected)) {
        throw new SealroomError("OBJECT_CHANGED");
      }
    }
  }
}
