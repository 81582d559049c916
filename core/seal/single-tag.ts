// A text under one GCM tag at its end, too long to hold: what the S3 Encryption Client writes, and an unframed message's
// body. It is judged in one pass and read in another; between them stands checked-object.ts.
import type { BytesOf, Range } from "../column/range.ts";
import { BLOCK_BYTES, GcmVerifier, TAG_BYTES, openGcmPart } from "../crypto.ts";
import type { AesKey } from "../crypto.ts";
import { SealroomError } from "../errors.ts";
import type { OpenedFile, Piece } from "./byte-source.ts";
import { bytesOfPieces, mergeRanges } from "./byte-source.ts";
import type { CheckedObject, Judge } from "./checked-object.ts";
import { openAs } from "./layer.ts";

export interface SingleTagText {
  readonly key: AesKey;
  readonly iv: Uint8Array;
  readonly aad: Uint8Array;
  /** Where the ciphertext begins in its object. */
  readonly offset: number;
  readonly plainBytes: number;
}

/** NIST SP 800-38D §5.2.1.1: 2^39 - 256 bits under one IV. */
export const MAX_GCM_BYTES: number = 2 ** 36 - 32;

/** Judges an object that is nothing but one text and its tag. Errors: S3EC_LENGTH, S3EC_TAG. */
export class SingleTagJudge implements Judge {
  readonly #verifier: GcmVerifier;
  readonly #tag = new Uint8Array(TAG_BYTES);
  #left: number;
  #tagBytes = 0;

  constructor(text: SingleTagText) {
    if (!(text.plainBytes >= 0 && text.plainBytes <= MAX_GCM_BYTES)) throw new SealroomError("S3EC_LENGTH");
    this.#verifier = new GcmVerifier(text.key, text.iv, text.aad);
    this.#left = text.plainBytes;
  }

  push(part: Uint8Array): void {
    const text = part.subarray(0, this.#left);
    if (text.length > 0) this.#verifier.update(text);
    this.#left -= text.length;
    const rest = part.subarray(text.length);
    if (this.#tagBytes + rest.length > TAG_BYTES) throw new SealroomError("S3EC_LENGTH");
    this.#tag.set(rest, this.#tagBytes);
    this.#tagBytes += rest.length;
  }

  finish(): void {
    if (this.#tagBytes !== TAG_BYTES) throw new SealroomError("S3EC_LENGTH");
    openAs("S3EC_TAG", () => {
      this.#verifier.verify(this.#tag);
    });
  }
}

/** Parts of a text whose tag has verified, out of the object in which it did. */
export class SingleTagFile implements OpenedFile {
  readonly #text: SingleTagText;
  readonly #object: CheckedObject;

  constructor(text: SingleTagText, object: CheckedObject) {
    this.#text = text;
    this.#object = object;
  }

  get plainBytes(): number {
    return this.#text.plainBytes;
  }

  /** Errors: SEAL_RANGE, OBJECT_CHANGED, those of the object's source. */
  async read(ranges: readonly Range[]): Promise<BytesOf> {
    const { key, iv, offset } = this.#text;
    const runs = mergeRanges(ranges.map((range) => this.#widen(range)));
    const sealed = await this.#object.read(
      runs.map(({ start, end }) => ({ start: start + offset, end: end + offset })),
    );
    const pieces = runs.map(({ start }, run): Piece => {
      const bytes = sealed[run] ?? new Uint8Array(0);
      openGcmPart(key, iv, start / BLOCK_BYTES, bytes);
      return { start, bytes };
    });
    return bytesOfPieces(pieces);
  }

  /** To where a cipher block begins. */
  #widen({ start, end }: Range): Range {
    if (!(start >= 0 && start <= end && end <= this.plainBytes)) {
      throw new SealroomError("SEAL_RANGE", { plainOffset: start, plainLength: end - start });
    }
    return { start: start === end ? end : Math.floor(start / BLOCK_BYTES) * BLOCK_BYTES, end };
  }
}
