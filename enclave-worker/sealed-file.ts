// Random access to the plaintext of one sealed object: only the frames that hold the wanted bytes are pulled, and
// none is seen before its tag has verified. Which are pulled, and in what order, follows from the ranges alone.
import type { BytesOf, Range } from "../core/column/range.ts";
import { rangeBytes } from "../core/column/range.ts";
import { equal } from "../core/crypto.ts";
import { SealroomError } from "../core/errors.ts";
import { DATASET_KEYRING } from "../core/manifest/manifest.ts";
import type { ObjectEntry } from "../core/manifest/manifest.ts";
import { headerLength, openHeader } from "../core/seal/header.ts";
import type { OpenedHeader } from "../core/seal/header.ts";
import { RawAesKeyring } from "../core/seal/keyring.ts";
import { frameLayout, openFrames, sealedRange } from "../core/seal/ranged.ts";
import type { FrameLayout, SealedRange } from "../core/seal/ranged.ts";
import type { Gateway } from "./gateway.ts";
import type { PlainFile } from "./plain-file.ts";

/** The headers that `seal` writes are a few hundred bytes; what is read beyond belongs to the first frame. */
const HEADER_PREFIX_BYTES = 4096;
const HEX = /../g;

interface Run {
  readonly range: SealedRange;
  readonly bytes: Uint8Array;
}

export class SealedFile implements PlainFile {
  readonly #gateway: Gateway;
  readonly #header: OpenedHeader;
  readonly #layout: FrameLayout;

  private constructor(gateway: Gateway, header: OpenedHeader, layout: FrameLayout) {
    this.#gateway = gateway;
    this.#header = header;
    this.#layout = layout;
  }

  /** Errors: OBJECT_DIGEST (another object than the manifest's), SEAL_*, WIRE_*, TRANSPORT_*. */
  static async open(gateway: Gateway, entry: ObjectEntry, datasetKey: Uint8Array): Promise<SealedFile> {
    const prefix = new Uint8Array(Math.min(entry.bytes, HEADER_PREFIX_BYTES));
    await gateway.readInto(0, prefix);
    if (headerLength(prefix) === null) throw new SealroomError("OBJECT_DIGEST");
    const keyring = new RawAesKeyring({
      wrappingKey: datasetKey,
      keyNamespace: DATASET_KEYRING.namespace,
      keyName: DATASET_KEYRING.name,
    });
    const header = openHeader(prefix, keyring);
    // The owner signed this digest: any other message under the same key, however authentic, is not this object.
    if (!equal(header.digest, decodeHex(entry.digest))) throw new SealroomError("OBJECT_DIGEST");
    return new SealedFile(gateway, header, frameLayout(header, entry.bytes));
  }

  get plainBytes(): number {
    return this.#layout.plainBytes;
  }

  /**
   * Pulls and opens the frames of all ranges, neighbours as one. The requests go out at once, so that a caller can ask
   * for the next ranges before it uses these. Errors: SEAL_*, WIRE_*, TRANSPORT_*.
   */
  async read(ranges: readonly Range[]): Promise<BytesOf> {
    const runs = this.#runs(ranges).map((range): Run => ({ range, bytes: new Uint8Array(range.length) }));
    await Promise.all(runs.map((run) => this.#gateway.readInto(run.range.offset, run.bytes)));
    // In place: plaintext is shorter than its frames, and each frame is read before it is overwritten.
    for (const { range, bytes } of runs) openFrames(this.#header, this.#layout, range, bytes, bytes, 0);
    return (range) => bytesIn(runs, range);
  }

  /** Frame-aligned, ascending, with no two that touch. */
  #runs(ranges: readonly Range[]): SealedRange[] {
    const wanted = ranges
      .filter((range) => rangeBytes(range) > 0)
      .map((range) => sealedRange(this.#layout, range.start, rangeBytes(range)))
      .sort((a, b) => a.plainOffset - b.plainOffset);
    const runs: SealedRange[] = [];
    for (const next of wanted) {
      const last = runs.at(-1);
      if (last === undefined || next.plainOffset > last.plainOffset + last.plainLength) {
        runs.push(next);
        continue;
      }
      const end = Math.max(last.plainOffset + last.plainLength, next.plainOffset + next.plainLength);
      runs[runs.length - 1] = sealedRange(this.#layout, last.plainOffset, end - last.plainOffset);
    }
    return runs;
  }
}

function bytesIn(runs: readonly Run[], { start, end }: Range): Uint8Array {
  if (start === end) return new Uint8Array(0);
  for (const { range, bytes } of runs) {
    const at = start - range.plainOffset;
    if (at >= 0 && end - range.plainOffset <= range.plainLength) {
      return bytes.subarray(at, end - range.plainOffset);
    }
  }
  throw new Error("internal: a range that was not read");
}

function decodeHex(text: string): Uint8Array {
  return Uint8Array.from(text.match(HEX) ?? [], (byte) => Number.parseInt(byte, 16));
}
