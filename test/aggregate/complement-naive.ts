// A naive judge of suppression patterns: it tries every table of whole numbers that a reader could think possible. For
// small tables only, and sharing nothing with what it judges.
import type { CellTable } from "../../jobs/aggregate/complement.ts";
import { nth } from "./complement-tables.ts";

type Facts = Pick<CellTable, "cells" | "relations" | "values" | "lower" | "upper">;

/** By cell, the least and greatest value in any possible table; released cells have their value. */
export function naiveIntervals(table: Facts, pattern: Uint8Array): { low: number[]; high: number[] } {
  const { relations, values, lower, upper } = table;
  const cells: (number | null)[] = Array.from(values, (value, cell) => (pattern[cell] === 1 ? null : value));
  const low = cells.map((value) => value ?? Infinity);
  const high = cells.map((value) => value ?? -Infinity);

  const assign = (cell: number, value: number): void => {
    if (value < nth(lower, cell) || value > nth(upper, cell) || !Number.isInteger(value)) return;
    cells[cell] = value;
    search();
    cells[cell] = null;
  };
  const search = (): void => {
    for (const { parent, children } of relations) {
      const open = [parent, ...children].filter((cell) => cells[cell] === null);
      if (open.length > 1) continue;
      const sum = children.reduce((total, child) => total + (cells[child] ?? 0), 0);
      if (open.length === 0 && sum !== cells[parent]) return;
      if (open.length === 1) {
        assign(nth(open, 0), open[0] === parent ? sum : (cells[parent] ?? 0) - sum);
        return;
      }
    }
    const next = cells.findIndex((value) => value === null);
    if (next >= 0) {
      for (let value = nth(lower, next); value <= nth(upper, next); value += 1) assign(next, value);
      return;
    }
    cells.forEach((value, cell) => {
      low[cell] = Math.min(nth(low, cell), value ?? NaN);
      high[cell] = Math.max(nth(high, cell), value ?? NaN);
    });
  };
  search();
  return { low, high };
}

/** What a pattern does wrong, in words; empty if nothing. */
export function naiveFaults(table: CellTable, pattern: Uint8Array): string[] {
  const faults: string[] = [];
  table.suppressed.forEach((one, cell) => {
    if (one === 1 && pattern[cell] !== 1) faults.push(`cell ${cell} is released`);
  });
  for (const { parent, children } of table.relations) {
    const missing = [parent, ...children].filter((cell) => pattern[cell] === 1);
    if (missing.length === 1) faults.push(`cell ${nth(missing, 0)} is the difference of others`);
  }
  if (faults.length > 0) return faults;
  const { low, high } = naiveIntervals(table, pattern);
  let whole: ReturnType<typeof naiveIntervals> | null = null;
  pattern.forEach((one, cell) => {
    const wanted = Math.min(widthOf(table, cell), nth(table.upper, cell) - nth(table.lower, cell));
    if (one !== 1 || nth(high, cell) - nth(low, cell) >= wanted) return;
    // Perhaps the relations alone say as much, with nothing released.
    whole ??= naiveIntervals(table, new Uint8Array(table.cells).fill(1));
    if (nth(high, cell) - nth(low, cell) < nth(whole.high, cell) - nth(whole.low, cell)) {
      faults.push(`cell ${cell} is in ${nth(low, cell)}..${nth(high, cell)}`);
    }
  });
  return faults;
}

function widthOf({ width }: CellTable, cell: number): number {
  return typeof width === "number" ? width : nth(width, cell);
}
