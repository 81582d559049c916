// A join done the slow and obvious way, pair by pair in plain values: the twin that jobs/join has to equal. Shares with it
// nothing but the plan.
import type { Manifest } from "../../core/manifest/manifest.ts";
import type { Aggregate, AggregatePlan, Predicate } from "../../core/plan/plan.ts";
import type { Cell } from "../../jobs/aggregate/cell.ts";
import type { TestTable } from "../aggregate/table.ts";
import type { Both } from "./run.ts";

/** A left row and the right row beside it, -1 for none. */
type Pair = readonly [number, number];

export function naiveJoin(plan: AggregatePlan, manifests: Both<Manifest>, tables: Both<TestTable>): Cell[][] {
  const { join } = plan;
  if (join === undefined) throw new Error("no join");
  const cellAt = (name: string, [left, right]: Pair): Cell => {
    const input = name.startsWith("left.") ? 0 : 1;
    return plainCell(tables[input], name.slice(name.indexOf(".") + 1), input === 0 ? left : right);
  };
  const partners = (left: number): number[] =>
    Array.from(Array(tables[1].rows).keys()).filter((right) =>
      join.on.every((key) => {
        const [one, other] = [plainCell(tables[0], key.left, left), plainCell(tables[1], key.right, right)];
        return one !== null && other !== null && String(one) === String(other);
      }),
    );
  // What is released of a group, and whom of the right side it is of.
  const released: Pair[] = [];
  const met: Pair[] = [];
  for (let left = 0; left < tables[0].rows; left += 1) {
    const found = partners(left);
    const pairs = found.map((right): Pair => [left, right]);
    met.push(...pairs);
    if (join.kind === "semi") released.push(...(found.length > 0 ? [[left, -1] as const] : []));
    else if (join.kind === "left" && found.length === 0) released.push([left, -1]);
    else released.push(...pairs);
  }
  const passes = (pair: Pair): boolean =>
    plan.where === null || truthOf(plan.where, (name) => cellAt(name, pair)) === true;
  const groupOf = (pair: Pair): Cell[] => plan.groupBy.map((name) => cellAt(name, pair));
  const released_ = byText(released.filter(passes), groupOf);
  const met_ = byText(met.filter(passes), groupOf);
  const views = (text: string): Both<readonly Pair[]> => [released_.get(text) ?? [], met_.get(text) ?? []];
  const unitOf = (input: 0 | 1, pair: Pair): number => tables[input].units?.[pair[input]] ?? pair[input];
  const distinct = (input: 0 | 1, pairs: readonly Pair[]): number =>
    new Set(pairs.map((pair) => unitOf(input, pair))).size;

  const rows: Cell[][] = [];
  for (const [text, pairs] of released_) {
    const [first] = pairs;
    if (first === undefined) continue;
    const both = views(text);
    const enough = (pick: (pair: Pair) => boolean): boolean =>
      ([0, 1] as const).every(
        (input) => distinct(input, both[input].filter(pick)) >= manifests[input].rules.minUnits,
      );
    if (!enough(() => true)) continue;
    const figure = (aggregate: Aggregate): Cell => {
      if (aggregate.op === "count_units") return BigInt(distinct(0, pairs));
      if (!("column" in aggregate)) return BigInt(pairs.length);
      const { column, op } = aggregate;
      const has = (pair: Pair): boolean => cellAt(column, pair) !== null;
      if (!enough(has)) return null;
      const tellsMissing = ([0, 1] as const).some((input) => {
        const missing = distinct(
          input,
          both[input].filter((pair) => !has(pair)),
        );
        return missing > 0 && missing < manifests[input].rules.minUnits;
      });
      const present = pairs.filter(has);
      if (op === "count") return tellsMissing ? null : BigInt(present.length);
      const values = present.map((pair) => Number(cellAt(column, pair)));
      if (op === "min" || op === "max") {
        const value = op === "min" ? Math.min(...values) : Math.max(...values);
        return enough((pair) => has(pair) && Number(cellAt(column, pair)) === value) ? value : null;
      }
      const owner = column.startsWith("left.") ? 0 : 1;
      const bounds = manifests[owner].rules.bounds[column.slice(column.indexOf(".") + 1)];
      if (bounds === undefined || (op !== "sum" && op !== "avg")) throw new Error(`no model of ${op}`);
      const totals = (input: 0 | 1): number[] => {
        const sums = new Map<number, number>();
        for (const pair of both[input].filter(has)) {
          const unit = unitOf(input, pair);
          sums.set(unit, (sums.get(unit) ?? 0) + Number(cellAt(column, pair)));
        }
        if (input !== owner) return [...sums.values()];
        return [...sums.values()].map((sum) => Math.min(bounds.upper, Math.max(bounds.lower, sum)));
      };
      const isDominated = ([0, 1] as const).some((input) => {
        const { maxShare } = manifests[input].rules;
        const shares = totals(input).map(Math.abs);
        const all = shares.reduce((sum, share) => sum + share, 0);
        return maxShare !== null && Math.max(...shares) > maxShare * all;
      });
      if (isDominated) return null;
      const sum = totals(owner).reduce((all, total) => all + total, 0);
      if (op === "sum") return BigInt(sum);
      return tellsMissing ? null : sum / present.length;
    };
    rows.push([...groupOf(first), ...plan.select.map(figure)]);
  }
  return rows.sort((a, b) => compareRows(a, b, plan.groupBy.length));
}

/** Nulls last, as results have them. */
function compareRows(a: readonly Cell[], b: readonly Cell[], keys: number): number {
  for (let at = 0; at < keys; at += 1) {
    const [x, y] = [a[at] ?? null, b[at] ?? null];
    if (x === y) continue;
    if (x === null) return 1;
    if (y === null) return -1;
    return x < y ? -1 : 1;
  }
  return 0;
}

function plainCell(table: TestTable, name: string, row: number): Cell {
  const column = table.columns.find((candidate) => candidate.name === name);
  if (column === undefined) throw new Error(`no column ${name}`);
  return row < 0 ? null : (column.cells[row] ?? null);
}

function byText(pairs: readonly Pair[], keyOf: (pair: Pair) => readonly Cell[]): Map<string, Pair[]> {
  const groups = new Map<string, Pair[]>();
  for (const pair of pairs) {
    const text = JSON.stringify(keyOf(pair).map((cell) => (cell === null ? null : String(cell))));
    const group = groups.get(text) ?? [];
    groups.set(text, group);
    group.push(pair);
  }
  return groups;
}

/** Of the filters that the tests draw: one column with one value, or their disjunction. */
function truthOf(predicate: Predicate, cellOf: (name: string) => Cell): boolean | null {
  if ("or" in predicate) {
    const truths = predicate.or.map((term) => truthOf(term, cellOf));
    return truths.includes(true) ? true : truths.includes(null) ? null : false;
  }
  if (!("op" in predicate) || predicate.op !== "=") throw new Error("no model of this filter");
  const cell = cellOf(predicate.column);
  return cell === null ? null : String(cell) === String(predicate.value);
}
