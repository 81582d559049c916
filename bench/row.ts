// One line of the bench's table. A figure is worth little by itself on a shared machine: a ratio says what of, within the
// same interleaved run.
import type { Rate } from "./interleave.ts";

export interface Row extends Rate {
  readonly unit: string;
  readonly ratio?: { readonly value: number; readonly to: string; readonly goal?: number };
}

/** Rates beside the first of them, or beside the one named. */
export function beside(
  rates: readonly Rate[],
  unit: string,
  to: string,
  goals: Readonly<Record<string, number>> = {},
): readonly Row[] {
  const base = rates.find(({ name }) => name === to)?.median ?? Number.NaN;
  return rates.map((rate) => {
    const goal = goals[rate.name];
    const ratio = { value: rate.median / base, to, ...(goal === undefined ? {} : { goal }) };
    return rate.name === to ? { ...rate, unit } : { ...rate, unit, ratio };
  });
}

export function table(rows: readonly Row[]): string {
  const head = ["", "median", "min", "max", "unit", "ratio", "to", "goal"];
  const lines = rows.map(({ name, median, min, max, unit, ratio }) => [
    name,
    ...[median, min, max].map(figure),
    unit,
    ratio === undefined ? "" : ratio.value.toFixed(2),
    ratio?.to ?? "",
    ratio?.goal?.toFixed(2) ?? "",
  ]);
  const all = [head, ...lines];
  const widths = head.map((_, column) => Math.max(...all.map((line) => line[column]?.length ?? 0)));
  const isText = (column: number): boolean => column === 0 || column === 4 || column === 6;
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

function figure(value: number): string {
  return value >= 100 ? value.toFixed(0) : value >= 1 ? value.toFixed(1) : value.toFixed(3);
}
