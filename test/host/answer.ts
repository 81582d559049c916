// What a test makes of what came back: the opened table as rows, and what the rows of a data set would give when
// added up by hand.
import assert from "node:assert/strict";
import { tableFromIPC } from "apache-arrow";
import { openResult } from "../../core/receipt/sealed-result.ts";
import type { KeyPair, Row } from "./dataset.ts";
import type { JobEnd } from "./host.ts";

export type ResultRow = Readonly<Record<string, unknown>>;

/** The bytes that came as the result; fails when none came. */
export function resultOf(event: JobEnd): Uint8Array {
  assert.equal(event.type, "done", JSON.stringify(event));
  return event.result;
}

export async function openRows(event: JobEnd, recipient: KeyPair): Promise<readonly ResultRow[]> {
  return tableRows(await openResult(resultOf(event), recipient.privateKey));
}

/** By apache-arrow, not by our own reader. */
export function tableRows(arrow: Uint8Array): readonly ResultRow[] {
  return tableFromIPC(arrow)
    .toArray()
    .map((row) => (row as { toJSON(): ResultRow }).toJSON());
}

export interface ByCityRules {
  readonly minUnits: number;
  /** Of a unit's total in one group. */
  readonly lower: number;
  readonly upper: number;
}

/** count_units and the sum of clipped totals by city, cities of too few people left out, in the order of the keys. */
export function naiveByCity(
  rows: readonly Row[],
  { minUnits, lower, upper }: ByCityRules = { minUnits: 5, lower: 0, upper: 1000 },
): readonly ResultRow[] {
  const totals = new Map<string, Map<string, number>>();
  for (const { person, city, amount } of rows) {
    const people = totals.get(city) ?? new Map<string, number>();
    totals.set(city, people.set(person, (people.get(person) ?? 0) + amount));
  }
  return [...totals]
    .filter(([, people]) => people.size >= minUnits)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([city, people]) => {
      const clipped = [...people.values()].map((total) => Math.min(Math.max(total, lower), upper));
      const total = clipped.reduce((sum, value) => sum + value, 0);
      return { city, count_units: BigInt(people.size), total: BigInt(total) };
    });
}
