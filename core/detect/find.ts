// Values in free text. Detectors are asked where a word or a sign begins, each looks a bounded number of bytes ahead from
// there, and a web address is read once; so the time is linear in the bytes, whatever they are.
import { classOf, wordEnd } from "./ascii.ts";
import { MAX_RUN, NONE } from "./detector.ts";
import type { Detector, DetectorName } from "./detector.ts";
import { DETECTORS } from "./detectors.ts";
import { Dispatch, isOpening } from "./dispatch.ts";
import { AT_SIGN, EMAIL, MAX_LOCAL_BYTES } from "./email.ts";
import { foreignRowEnd } from "./foreign.ts";
import { Chain } from "./overlap.ts";
import type { Emit } from "./overlap.ts";
import { hostStart, WEB_ADDRESS } from "./url.ts";

export type OnSpan = (detector: DetectorName, start: number, end: number) => void;

export class Finder {
  readonly #detectors: readonly Detector[];
  readonly #dispatch: Dispatch;
  readonly #chain = new Chain();
  readonly #emit: Emit;
  #onSpan: OnSpan = () => undefined;
  /** Whether spans are given as wide as what they cover. */
  #isWide = false;
  /** From the place that was asked last to here there is no @. */
  #noSignBefore = 0;
  /** Where the web address ends that was read last. */
  #addressEnd = 0;

  /** `detectors`: in the order in which they have what several take for theirs. */
  constructor(detectors: readonly Detector[] = DETECTORS) {
    this.#detectors = detectors;
    this.#dispatch = new Dispatch(detectors);
    this.#emit = (detector, start, end, from, to) => {
      const { name } = detectors[detector] ?? raise();
      if (this.#isWide) this.#onSpan(name, from, to);
      else this.#onSpan(name, start, end);
    };
  }

  /**
   * Calls `onSpan` for what stands in `bytes[start, end)` (UTF-8), by ascending place and without overlap; `onSpan` must
   * not use this finder. What stands outside is as if it were not there.
   */
  findIn(bytes: Uint8Array, start: number, end: number, onSpan: OnSpan): void {
    this.#isWide = false;
    this.#scan(bytes, start, end, onSpan);
  }

  /**
   * As findIn, but spans reach over all that any detector would take, by itself as well: where values overlap, what is
   * left of those that do not stand goes to those that do. So no byte of a value lies outside.
   */
  coverIn(bytes: Uint8Array, start: number, end: number, onSpan: OnSpan): void {
    this.#isWide = true;
    this.#scan(bytes, start, end, onSpan);
  }

  #scan(bytes: Uint8Array, start: number, end: number, onSpan: OnSpan): void {
    this.#onSpan = onSpan;
    this.#noSignBefore = start;
    this.#addressEnd = start;
    let at = start;
    while (at < end) {
      const byte = bytes[at] ?? 0;
      const isWord = classOf(byte) !== 0;
      const next = isWord ? wordEnd(bytes, at, end) : byte < 0x80 ? at + 1 : foreignRowEnd(bytes, at, end);
      if (isOpening(byte)) this.#ask(bytes, at, isWord ? Math.min(next - at, MAX_RUN) : 0, start, end);
      at = next;
    }
    this.#chain.settle(this.#emit);
  }

  /** Adds the longest value that begins at `at`, of equally long ones the first detector's. */
  #ask(bytes: Uint8Array, at: number, run: number, floor: number, end: number): void {
    let longest = NONE;
    let finder = NONE;
    for (const index of this.#dispatch.at(bytes[at] ?? 0, run)) {
      const detector = this.#detectors[index] ?? raise();
      // An address could begin at every word: asked for only where an @ is near.
      if (detector === EMAIL && !this.#isSignNear(bytes, at, end)) continue;
      const stop =
        detector === WEB_ADDRESS ? this.#endOfAddress(bytes, at, end) : detector.endOf(bytes, at, floor, end);
      if (stop <= longest) continue;
      longest = stop;
      finder = index;
    }
    if (finder !== NONE) this.#chain.add(finder, at, longest, this.#emit);
  }

  /** An address within an address ends where that one does. Looks at no byte twice in a text but at a beginning. */
  #endOfAddress(bytes: Uint8Array, at: number, end: number): number {
    if (at >= this.#addressEnd) {
      const stop = WEB_ADDRESS.endOf(bytes, at, at, end);
      if (stop !== NONE) this.#addressEnd = stop;
      return stop;
    }
    const host = hostStart(bytes, at, end);
    return host !== NONE && host < this.#addressEnd ? this.#addressEnd : NONE;
  }

  /** Whether an @ stands where that of an address would that begins at `at`. Looks at no byte twice in a text. */
  #isSignNear(bytes: Uint8Array, at: number, end: number): boolean {
    const stop = Math.min(end, at + MAX_LOCAL_BYTES + 1);
    let place = Math.max(at, this.#noSignBefore);
    while (place < stop && bytes[place] !== AT_SIGN) place++;
    this.#noSignBefore = place;
    return place < stop;
  }
}

function raise(): never {
  throw new Error("internal: no such detector");
}
