// Random access to the plaintext of one sealed object: only the frames that hold the wanted bytes are pulled, and
// none is seen before its tag has verified. Which are pulled, and in what order, follows from the ranges alone.
import type { BytesOf, Range } from "../core/column/range.ts";
import { inFileOrder, rangeBytes } from "../core/column/range.ts";
import { equal } from "../core/crypto.ts";
import { SealroomError } from "../core/errors.ts";
import { DATASET_KEYRING } from "../core/manifest/manifest.ts";
import type { ObjectEntry } from "../core/manifest/manifest.ts";
import { headerLength, openHeader } from "../core/seal/header.ts";
import type { OpenedHeader } from "../core/seal/header.ts";
import { RawAesKeyring } from "../core/seal/keyring.ts";
import { frameLayout, openFrames, sealedRange } from "../core/seal/ranged.ts";
import type { FrameLayout, SealedRange } from "../core/seal/ranged.ts";
import type { HeldFrame } from "./frame-cache.ts";
import type { Gateway } from "./gateway.ts";
import type { PlainFile } from "./plain-file.ts";
import { ReadMemory } from "./read-memory.ts";

/** The headers that `seal` writes are a few hundred bytes; what is read beyond belongs to the first frame. */
const HEADER_PREFIX_BYTES = 4096;
const HEX = /../g;

/** Pieces that are pulled and opened one by one: large enough to be worth it, small enough to stay in the cache. */
const PIECE_BYTES = 256 * 1024;
/** Columns are seen as arrays of their type, so runs begin at a multiple of any width. */
const ALIGNMENT = 64;

/** Whole frames without a gap, and the memory where they are opened in place. */
interface Run {
  readonly range: SealedRange;
  readonly bytes: Uint8Array;
}

/** A few frames of a run: pulled, or one that is there already. */
interface Part {
  readonly run: Run;
  readonly range: SealedRange;
  readonly held: HeldFrame | null;
}

/** Where the ciphertext comes from; from a host, any bytes. */
export type Ciphertext = Pick<Gateway, "read" | "readInto">;

export class SealedFile implements PlainFile {
  readonly #gateway: Ciphertext;
  readonly #header: OpenedHeader;
  readonly #layout: FrameLayout;
  readonly #memory: ReadMemory;

  private constructor(gateway: Ciphertext, header: OpenedHeader, layout: FrameLayout, memory: ReadMemory) {
    this.#gateway = gateway;
    this.#header = header;
    this.#layout = layout;
    this.#memory = memory;
    memory.frames.reset(layout.frameLength);
  }

  /** `memory` is one object's at a time. Errors: OBJECT_DIGEST (another object than the manifest's), SEAL_*, WIRE_*, TRANSPORT_*. */
  static async open(
    gateway: Ciphertext,
    entry: ObjectEntry,
    datasetKey: Uint8Array,
    memory: ReadMemory = new ReadMemory(),
  ): Promise<SealedFile> {
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
    return new SealedFile(gateway, header, frameLayout(header, entry.bytes), memory);
  }

  get plainBytes(): number {
    return this.#layout.plainBytes;
  }

  /** Neighbours are pulled as one, frames that are held not again. Errors: SEAL_*, WIRE_*, TRANSPORT_*. */
  async read(ranges: readonly Range[]): Promise<BytesOf> {
    const wanted = inFileOrder(ranges);
    const runs = this.#place(this.#coalesce(wanted));
    const parts = runs.flatMap((run) => this.#split(run));
    const arrivals = this.#request(parts);
    for (const [index, part] of parts.entries()) {
      await arrivals[index];
      this.#open(part);
      this.#keepShared(part, wanted);
    }
    return (range) => bytesIn(runs, range);
  }

  /** Frame-aligned, ascending, with no two that touch. */
  #coalesce(wanted: readonly Range[]): readonly SealedRange[] {
    const runs: SealedRange[] = [];
    for (const range of wanted) {
      const next = sealedRange(this.#layout, range.start, rangeBytes(range));
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

  #place(ranges: readonly SealedRange[]): readonly Run[] {
    const length = ranges.reduce((sum, range) => sum + aligned(range.length), 0);
    const memory = this.#memory.next(length);
    let at = 0;
    return ranges.map((range) => {
      const bytes = memory.subarray(at, at + range.length);
      at += aligned(range.length);
      return { range, bytes };
    });
  }

  #split(run: Run): readonly Part[] {
    const { frameLength } = this.#layout;
    const most = Math.max(1, Math.floor(PIECE_BYTES / frameLength));
    const first = run.range.firstFrame;
    const end = first + run.range.frames;
    const parts: Part[] = [];
    for (let frame = first, from = first; frame < end;) {
      const held = this.#memory.frames.hold(frame - 1);
      frame += 1;
      if (held !== null) {
        parts.push({ run, range: this.#frames(from, frame), held });
      } else if (frame === end || frame - from === most || this.#memory.frames.has(frame - 1)) {
        parts.push({ run, range: this.#frames(from, frame), held });
      } else continue;
      from = frame;
    }
    return parts;
  }

  #frames(first: number, end: number): SealedRange {
    const { frameLength, plainBytes } = this.#layout;
    const start = (first - 1) * frameLength;
    return sealedRange(this.#layout, start, Math.min((end - 1) * frameLength, plainBytes) - start);
  }

  /** One promise a part; those that lie end to end in the object are asked for as one. */
  #request(parts: readonly Part[]): readonly Promise<void>[] {
    const arrivals: Promise<void>[] = [];
    for (let from = 0; from < parts.length;) {
      const first = parts[from];
      if (first === undefined) break;
      if (first.held !== null) {
        arrivals.push(Promise.resolve());
        from += 1;
        continue;
      }
      let to = from + 1;
      while (parts[to]?.run === first.run && parts[to]?.held === null) to += 1;
      arrivals.push(...this.#gateway.read(first.range.offset, parts.slice(from, to).map(sealedPlace)));
      from = to;
    }
    return arrivals;
  }

  /**
   * In place: plaintext is shorter than its frames, and each is read before it is overwritten. It covers the end of the
   * one before, so parts are opened in their order.
   */
  #open({ run, range, held }: Part): void {
    const at = range.plainOffset - run.range.plainOffset;
    if (held === null) {
      openFrames(this.#header, this.#layout, range, sealedPlace({ run, range, held }), run.bytes, at);
    } else {
      run.bytes.set(held.bytes, at);
      held.release();
    }
  }

  /** A frame that one buffer fills is used up by it; any other may hold what is asked for next. */
  #keepShared({ run, range, held }: Part, wanted: readonly Range[]): void {
    if (held !== null) return;
    const { frameLength } = this.#layout;
    for (let frame = 0; frame < range.frames; frame += 1) {
      const start = range.plainOffset + frame * frameLength;
      const end = Math.min(start + frameLength, range.plainOffset + range.plainLength);
      if (wanted.some((buffer) => buffer.start <= start && buffer.end >= end)) continue;
      const at = start - run.range.plainOffset;
      this.#memory.frames.keep(range.firstFrame - 1 + frame, run.bytes.subarray(at, at + end - start));
    }
  }
}

/** Where a part's ciphertext goes in the memory of its run: as it lies in the object. */
function sealedPlace({ run, range }: Part): Uint8Array {
  const at = range.offset - run.range.offset;
  return run.bytes.subarray(at, at + range.length);
}

function aligned(length: number): number {
  return Math.ceil(length / ALIGNMENT) * ALIGNMENT;
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
