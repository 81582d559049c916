// Times contestants in turn, A B C A B C ..., so that a machine whose speed drifts is fair to each. Figures are
// medians of the counted rounds, after one round that warms up.

export interface Contestant {
  readonly name: string;
  /** One run of the whole work. */
  readonly run: () => Promise<void> | void;
}

export interface Timing {
  readonly name: string;
  /** Milliseconds. */
  readonly median: number;
  readonly min: number;
  readonly max: number;
}

export async function interleave(
  contestants: readonly Contestant[],
  rounds: number,
): Promise<readonly Timing[]> {
  const times = contestants.map((): number[] => []);
  for (let round = 0; round <= rounds; round++) {
    for (const [index, { run }] of contestants.entries()) {
      const before = performance.now();
      await run();
      if (round > 0) times[index]?.push(performance.now() - before);
    }
  }
  return contestants.map(({ name }, index) => summary(name, times[index] ?? []));
}

function summary(name: string, times: readonly number[]): Timing {
  const sorted = times.toSorted((a, b) => a - b);
  const at = (index: number): number => sorted[index] ?? Number.NaN;
  return { name, median: at(Math.floor(sorted.length / 2)), min: at(0), max: at(sorted.length - 1) };
}
