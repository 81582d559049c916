// Rows that do not fit in memory, on disk: pages sealed with AES-256-GCM under a key that exists in this process only,
// in a file that loses its name as soon as it is open. However the process ends, nothing readable is left behind.
import { closeSync, constants, openSync, readSync, unlinkSync, writeSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  aesKey,
  IV_BYTES,
  openGcmInto,
  randomBytes,
  sealGcmInto,
  TAG_BYTES,
  type AesKey,
} from "../../core/crypto.ts";
import { SealroomError } from "../../core/errors.ts";
import { encodeHex } from "../../core/text/digest.ts";

/** A page in the file. */
export interface SpilledPage {
  readonly number: number;
  readonly at: number;
  /** Of the plaintext. */
  readonly bytes: number;
}

const NO_AAD = new Uint8Array(0);
const { O_RDWR, O_CREAT, O_EXCL, O_NOFOLLOW } = constants;

export class SpillFile {
  readonly #directory: string;
  readonly #key: AesKey = aesKey(randomBytes(32));
  readonly #iv = new Uint8Array(IV_BYTES);
  #descriptor: number | null = null;
  #pages = 0;
  #bytes = 0;
  #sealed = new Uint8Array(0);

  /** Opens no file before the first page. */
  constructor(directory: string = tmpdir()) {
    this.#directory = directory;
  }

  /** Bytes on disk. */
  get bytes(): number {
    return this.#bytes;
  }

  /** @throws OWNER_SPILL */
  write(plain: Uint8Array): SpilledPage {
    const page = { number: this.#pages, at: this.#bytes, bytes: plain.length };
    const sealed = this.#reserve(plain.length + TAG_BYTES);
    sealGcmInto(this.#key, this.#ivOf(page.number), NO_AAD, plain, sealed, 0);
    try {
      this.#descriptor ??= openNameless(this.#directory);
      for (let done = 0; done < sealed.length;) {
        done += writeSync(this.#descriptor, sealed, done, sealed.length - done, page.at + done);
      }
    } catch (cause) {
      throw spillFault(cause);
    }
    this.#pages += 1;
    this.#bytes += sealed.length;
    return page;
  }

  /** Puts a page's plaintext where `into` begins. @throws OWNER_SPILL when it is not what was written */
  read({ number, at, bytes }: SpilledPage, into: Uint8Array): void {
    const length = bytes + TAG_BYTES;
    const sealed = this.#reserve(length);
    try {
      if (this.#descriptor === null) throw new Error("no page was written");
      for (let done = 0; done < length;) {
        const read = readSync(this.#descriptor, sealed, done, length - done, at + done);
        if (read === 0) throw new Error("the file is cut short");
        done += read;
      }
      openGcmInto(this.#key, this.#ivOf(number), NO_AAD, sealed, into, 0);
    } catch (cause) {
      throw spillFault(cause);
    }
  }

  #reserve(bytes: number): Uint8Array {
    if (this.#sealed.length < bytes) this.#sealed = new Uint8Array(bytes);
    return this.#sealed.subarray(0, bytes);
  }

  close(): void {
    if (this.#descriptor !== null) closeSync(this.#descriptor);
    this.#descriptor = null;
  }

  /** A page's number is its IV, so that a page opens in its own place only. */
  #ivOf(page: number): Uint8Array {
    new DataView(this.#iv.buffer).setBigUint64(IV_BYTES - 8, BigInt(page));
    return this.#iv;
  }
}

function openNameless(directory: string): number {
  const path = join(directory, `sealroom-${encodeHex(randomBytes(16))}`);
  const descriptor = openSync(path, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW, 0o600);
  unlinkSync(path);
  return descriptor;
}

function spillFault(cause: unknown): SealroomError {
  const code = cause instanceof Error && "code" in cause ? String(cause.code) : "unreadable";
  return new SealroomError("OWNER_SPILL", { fault: code }, { cause });
}
