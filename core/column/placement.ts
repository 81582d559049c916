// Where the buffers of a record batch lie in its body. Arrow leaves that to the writer. Here it decides how much a reader
// of few columns must pull, since an object is pulled by frames: a large buffer that fills frames shares none.

/** Of every buffer, as Arrow recommends. */
export const BUFFER_ALIGNMENT = 64;
/** At most this share of a body is left empty for the sake of frames. */
const MOST_EMPTY = 1 / 8;
/** Room for the metadata of a batch, beside its small buffers. */
const METADATA_BYTES = 4096;

export interface Placement {
  /** From the body's start, one a buffer. */
  readonly offsets: readonly number[];
  /** Of the body, its padding included. */
  readonly bytes: number;
}

/** End to end, in the order in which they come. */
export function placeInOrder(lengths: readonly number[]): Placement {
  const body = new Body(lengths, 0);
  for (const index of lengths.keys()) body.place(index);
  return body.placement();
}

/**
 * The small buffers together, right behind the metadata, the last of them first: that is the marks of units, which
 * every job reads. Then those that fill frames, then the others.
 * @param start where the body begins in the file
 */
export function placeInFrames(lengths: readonly number[], start: number, frameBytes: number): Placement {
  const body = new Body(lengths, start);
  const all = [...lengths.keys()];
  const length = (index: number): number => lengths[index] ?? 0;
  const total = lengths.reduce((sum, next) => sum + next, 0);
  const small = all.filter((index) => length(index) < frameBytes / 2);
  const large = all.filter((index) => length(index) >= frameBytes / 2);
  const isFilling = (index: number): boolean => length(index) % frameBytes === 0;
  for (const index of small.toReversed()) body.place(index);
  const smallBytes = body.end - start;
  if (large.some(isFilling)) body.skipTo(frameBytes, total * MOST_EMPTY);
  for (const index of large.filter(isFilling)) body.place(index);
  for (const index of large.filter((candidate) => !isFilling(candidate))) body.place(index);
  // The next batch begins here; most likely its small buffers are as long, and are not to be cut in two.
  const room = frameBytes - (body.end % frameBytes);
  if (large.length > 0 && room < smallBytes + METADATA_BYTES) body.skipTo(frameBytes, total * MOST_EMPTY);
  return body.placement();
}

class Body {
  readonly #lengths: readonly number[];
  readonly #start: number;
  readonly #offsets: number[];
  /** In the file. */
  end: number;

  constructor(lengths: readonly number[], start: number) {
    this.#lengths = lengths;
    this.#start = start;
    this.#offsets = lengths.map(() => 0);
    this.end = start;
  }

  place(index: number): void {
    this.#offsets[index] = this.end - this.#start;
    this.end += roundUp(this.#lengths[index] ?? 0, BUFFER_ALIGNMENT);
  }

  /** To the next multiple, unless that leaves more than `most` bytes empty. */
  skipTo(multiple: number, most: number): void {
    const next = roundUp(this.end, multiple);
    if (next - this.end <= most) this.end = next;
  }

  placement(): Placement {
    return { offsets: this.#offsets, bytes: this.end - this.#start };
  }
}

export function roundUp(bytes: number, multiple: number): number {
  return Math.ceil(bytes / multiple) * multiple;
}
