// One line of the bench's table. A figure is worth little by itself on a shared machine: a ratio says what of, within the
// same interleaved run.
import type { Rate } from "./interleave.ts";

export interface Row extends Rate {
  readonly unit: string;
  /** To another row, by its name, or to a fixed figure. */
  readonly ratio?: { readonly value: number; readonly to: string; readonly goal?: Goal };
}

export type Goal = { readonly least: number } | { readonly most: number };

/** Rates beside the first of them, or beside the one named. */
export function beside(
  rates: readonly Rate[],
  unit: string,
  to: string,
  leastGoals: Readonly<Record<string, number>> = {},
): readonly Row[] {
  const base = rates.find(({ name }) => name === to)?.median ?? Number.NaN;
  return rates.map((rate) => {
    const least = leastGoals[rate.name];
    const ratio = { value: rate.median / base, to, ...(least === undefined ? {} : { goal: { least } }) };
    return rate.name === to ? { ...rate, unit } : { ...rate, unit, ratio };
  });
}

/** Rows have numbers, by which others name them: their names are long. */
export function table(rows: readonly Row[]): string {
  const head = ["", "", "median", "min", "max", "unit", "ratio", "to", "goal", ""];
  const lines = rows.map(({ name, median, min, max, unit, ratio }, at) => [
    String(at + 1),
    name,
    ...[median, min, max].map(figure),
    unit,
    ratio === undefined ? "" : ratio.value.toFixed(2),
    ratio === undefined ? "" : nameBase(rows, ratio.to),
    ratio?.goal === undefined ? "" : renderGoal(ratio.goal),
    ratio?.goal === undefined || isMet(ratio.value, ratio.goal) ? "" : "MISSED",
  ]);
  const all = [head, ...lines];
  const widths = head.map((_, column) => Math.max(...all.map((line) => line[column]?.length ?? 0)));
  const isText = (column: number): boolean => [1, 5, 7, 9].includes(column);
  return all
    .map((line) =>
      line
        .map((cell, column) => {
          const width = widths[column] ?? 0;
          return isText(column) ? cell.padEnd(width) : cell.padStart(width);
        })
        .join("  ")
        .trimEnd(),
    )
    .join("\n");
}

function nameBase(rows: readonly Row[], to: string): string {
  const at = rows.findIndex(({ name }) => name === to);
  return at === -1 ? to : `row ${String(at + 1)}`;
}

function renderGoal(goal: Goal): string {
  return "least" in goal ? `>= ${goal.least.toFixed(2)}` : `<= ${goal.most.toFixed(2)}`;
}

/** A figure that is none meets no goal. */
function isMet(value: number, goal: Goal): boolean {
  return "least" in goal ? value >= goal.least : value <= goal.most;
}

function figure(value: number): string {
  return value >= 100 ? value.toFixed(0) : value >= 1 ? value.toFixed(1) : value.toFixed(3);
}
