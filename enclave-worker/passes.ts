// Progress of a job that goes over its objects more than once, or over those of two data sets, as of one way.
import type { Progress } from "./compute.ts";

export class Passes {
  readonly #onProgress: (progress: Progress) => void;
  readonly #ofObjects: number;
  #objects = 0;
  #bytes = 0;

  /** `ofObjects`: of all passes together. */
  constructor(onProgress: (progress: Progress) => void, ofObjects: number) {
    this.#onProgress = onProgress;
    this.#ofObjects = ofObjects;
  }

  /** Passes come one after another. */
  next(): (progress: Progress) => void {
    const [objectsBefore, bytesBefore] = [this.#objects, this.#bytes];
    return ({ objects, bytes }) => {
      this.#objects = objectsBefore + objects;
      this.#bytes = bytesBefore + bytes;
      this.#onProgress({ objects: this.#objects, ofObjects: this.#ofObjects, bytes: this.#bytes });
    };
  }
}
