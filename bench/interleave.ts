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
  const turns = await takeTurns(contestants, rounds, () => performance.now());
  return turns.map(({ name, runs }) =>
    summary(
      name,
      runs.map(({ amount, ms }) => amount / 1000 / ms),
    ),
  );
}

/** The same by processor time of all of the process's threads, in milliseconds a run. */
export async function interleaveCosts(
  contestants: readonly Contestant[],
  rounds: number,
): Promise<readonly Rate[]> {
  const turns = await takeTurns(contestants, rounds, processorMs);
  return turns.map(({ name, runs }) =>
    summary(
      name,
      runs.map(({ ms }) => ms),
    ),
  );
}

interface Turn {
  readonly amount: number;
  readonly ms: number;
}

async function takeTurns(
  contestants: readonly Contestant[],
  rounds: number,
  clock: () => number,
): Promise<readonly { readonly name: string; readonly runs: readonly Turn[] }[]> {
  const turns = contestants.map(({ name }) => ({ name, runs: [] as Turn[] }));
  for (let round = 0; round <= rounds; round += 1) {
    for (const [index, { run }] of contestants.entries()) {
      const before = clock();
      const amount = await run();
      if (round > 0) turns[index]?.runs.push({ amount, ms: clock() - before });
    }
  }
  return turns;
}

function processorMs(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
}

function summary(name: string, figures: readonly number[]): Rate {
  const sorted = figures.toSorted((a, b) => a - b);
  const at = (index: number): number => sorted[index] ?? Number.NaN;
  return { name, median: at(Math.floor(sorted.length / 2)), min: at(0), max: at(sorted.length - 1) };
}
