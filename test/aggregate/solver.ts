// An analyst with time: knows which groups there are, the rules' bounds and every released figure, tries all tables of
// whole numbers that agree with them, and says how closely each sum of groups is known.

const TABLES = 20_000;

export interface Knowledge {
  /** Of each finest group, beforehand. `upper` may be Infinity. */
  readonly lower: readonly number[];
  readonly upper: readonly number[];
  /** Sums of finest groups that were released, or are public; where `most` is, the sum is no more than `value`. */
  readonly sums: readonly {
    readonly groups: readonly number[];
    readonly value: number;
    readonly most?: true;
  }[];
}

/**
 * The distance of the least and the greatest value that each of `asked`, sets of finest groups, may have; Infinity
 * where a group in it can be anything. Null when there are too many tables to try.
 */
export function widthsOf(
  { lower, upper, sums }: Knowledge,
  asked: readonly (readonly number[])[],
): readonly number[] | null {
  const isBounded = lower.map(
    (_, group) => (upper[group] ?? 0) < Infinity || sums.some(({ groups }) => groups.includes(group)),
  );
  const order = lower.map((_, group) => group).filter((group) => isBounded[group]);
  const values = lower.map(() => 0);
  const remaining = sums.map(({ value }) => value);
  const least = asked.map(() => Infinity);
  const most = asked.map(() => -Infinity);
  let tried = 0;

  /** What the groups after `at` have to have at least, of one sum. */
  const needed = sums.map(({ groups }) => {
    const rest = order.map((group) => (groups.includes(group) ? (lower[group] ?? 0) : 0));
    return rest.map((_, at) => rest.slice(at + 1).reduce((all, one) => all + one, 0));
  });
  const last = sums.map(({ groups }) =>
    Math.max(...order.map((group, at) => (groups.includes(group) ? at : -1))),
  );

  const visit = (at: number): boolean => {
    tried += 1;
    if (tried > TABLES) return false;
    const group = order[at];
    if (group === undefined) {
      asked.forEach((groups, i) => {
        const value = groups.reduce((all, one) => all + (values[one] ?? 0), 0);
        least[i] = Math.min(least[i] ?? 0, value);
        most[i] = Math.max(most[i] ?? 0, value);
      });
      return true;
    }
    const own = sums.flatMap(({ groups }, i) => (groups.includes(group) ? [i] : []));
    let from = lower[group] ?? 0;
    let to = upper[group] ?? 0;
    for (const i of own) {
      const isExact = sums[i]?.most !== true;
      const rest = remaining[i] ?? 0;
      to = Math.min(to, rest - (needed[i]?.[at] ?? 0));
      if (isExact && last[i] === at) from = Math.max(from, rest);
    }
    for (let value = from; value <= to; value += 1) {
      values[group] = value;
      for (const i of own) remaining[i] = (remaining[i] ?? 0) - value;
      const isDone = visit(at + 1);
      for (const i of own) remaining[i] = (remaining[i] ?? 0) + value;
      if (!isDone) return false;
    }
    return true;
  };
  if (!visit(0)) return null;
  return asked.map((groups, i) =>
    groups.every((group) => isBounded[group]) ? (most[i] ?? 0) - (least[i] ?? 0) : Infinity,
  );
}
