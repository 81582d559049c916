// Progress of a job that goes over its objects more than once, as of one way.
import type { Progress } from "./compute.ts";

export class Passes {
  readonly #onProgress: (progress: Progress) => void;
  readonly #passes: number;
  #begun = 0;
  #bytes = 0;

  constructor(onProgress: (progress: Progress) => void, passes: number) {
    this.#onProgress = onProgress;
    this.#passes = passes;
  }

  next(): (progress: Progress) => void {
    const before = this.#begun++;
    const bytesBefore = this.#bytes;
    return ({ objects, ofObjects, bytes }) => {
      this.#bytes = bytesBefore + bytes;
      this.#onProgress({
        objects: before * ofObjects + objects,
        ofObjects: this.#passes * ofObjects,
        bytes: this.#bytes,
      });
    };
  }
}
