// Times contestants in turn, A B C A B C ..., so that a machine whose speed drifts is fair to each. Figures are
// medians of the counted rounds, after one round that warms up.

export interface Contestant {
  readonly name: string;
  /** One run of the whole work; returns how much it was, in the figure's unit times a million. */
  readonly run: () => Promise<number> | number;
}

/** Millions a second. */
export interface Rate {
  readonly name: string;
  readonly median: number;
  readonly min: number;
  readonly max: number;
}

export async function interleave(
  contestants: readonly Contestant[],
  rounds: number,
): Promise<readonly Rate[]> {
  const rates = contestants.map((): number[] => []);
  for (let round = 0; round <= rounds; round += 1) {
    for (const [index, { run }] of contestants.entries()) {
      const before = performance.now();
      const amount = await run();
      if (round > 0) rates[index]?.push(amount / 1000 / (performance.now() - before));
    }
  }
  return contestants.map(({ name }, index) => summary(name, rates[index] ?? []));
}

function summary(name: string, rates: readonly number[]): Rate {
  const sorted = rates.toSorted((a, b) => a - b);
  const at = (index: number): number => sorted[index] ?? Number.NaN;
  return { name, median: at(Math.floor(sorted.length / 2)), min: at(0), max: at(sorted.length - 1) };
}
