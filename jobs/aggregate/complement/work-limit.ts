// A bound on work, in steps and not in time: the same table always ends the same way.

/** Thrown inside complementary suppression alone, which answers it by suppressing more. */
export class WorkLimitReached extends Error {}

export class WorkLimit {
  #left: number;
  #kept = 0;

  constructor(steps: number) {
    this.#left = steps;
  }

  /** The last part may use all that is left; each before it half, lest it take everything from the later ones. */
  beginPart(later: number): void {
    this.#left = Math.max(this.#left, this.#kept);
    this.#kept = later > 0 ? this.#left / 2 : 0;
  }

  /** Throws WorkLimitReached. */
  spend(steps: number): void {
    this.#left -= steps;
    if (this.#left < this.#kept) throw new WorkLimitReached();
  }
}
