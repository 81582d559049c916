// A bound on work, in steps and not in time: the same table always ends the same way.

/** Thrown inside complementary suppression alone, which answers it by suppressing more. */
export class WorkLimitReached extends Error {}

export class WorkLimit {
  #left: number;
  #kept = 0;

  constructor(steps: number) {
    this.#left = steps;
  }

  /** What is to come may use half of what is left: no part of a table takes everything from the later ones. */
  beginPart(): void {
    this.#left = Math.max(this.#left, this.#kept);
    this.#kept = this.#left / 2;
  }

  /** Throws WorkLimitReached. */
  spend(steps: number): void {
    this.#left -= steps;
    if (this.#left < this.#kept) throw new WorkLimitReached();
  }
}
