// Generated joins against the slow and obvious way: every kind, keys of every kind, units of every kind, whatever is held,
// in however many passes, and however the rows lie in objects and batches.
import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import type { Manifest, ObjectFacts, Rules } from "../../core/manifest/manifest.ts";
import { JOIN_KINDS } from "../../core/plan/join.ts";
import type { Aggregate, AggregatePlan, Predicate } from "../../core/plan/plan.ts";
import { compileJoin, ROWS_A_PASS } from "../../jobs/join/compile.ts";
import { Dice, generateCuts } from "../aggregate/generate.ts";
import { manifestOf, planOf } from "../aggregate/table.ts";
import type { TestColumn, TestTable } from "../aggregate/table.ts";
import { naiveJoin } from "./naive.ts";
import { runJoin } from "./run.ts";
import type { Both } from "./run.ts";

const RUNS = process.env["SEALROOM_DEEP"] === "1" ? 5_000 : 250;
const SEED = Number(process.env["SEALROOM_SEED"] ?? fc.sample(fc.nat(), 1)[0]);
const NAMES = ["ada", "bo", "", "östlich", "\u{1f30d}"] as const;

interface Drawn {
  readonly plan: AggregatePlan;
  readonly manifests: Both<Manifest>;
  readonly tables: Both<TestTable>;
}

function drawTable(dice: Dice, keyType: string, keys: number): TestTable {
  const rows = dice.below(60);
  const units: number[] = [];
  const isMarked = dice.chance(0.6);
  while (units.length < rows) {
    const unit = (units.at(-1) ?? -1) + 1;
    const count = Math.min(1 + dice.below(3), rows - units.length);
    for (let row = 0; row < count; row += 1) units.push(unit);
  }
  const column = (
    name: string,
    type: string,
    role: TestColumn["role"],
    draw: () => TestColumn["cells"][number],
  ): TestColumn => {
    const cells = Array.from({ length: rows }, () => (dice.chance(0.1) ? null : draw()));
    return { name, type, role, cells, ...(type === "utf8" && dice.chance(0.5) ? { dictionary: [] } : {}) };
  };
  const key = (): TestColumn["cells"][number] => {
    const value = dice.below(keys);
    if (keyType === "utf8") return `key ${value}`;
    if (keyType.startsWith("decimal")) return BigInt(value) * 10n ** 30n;
    // Of 64 bits without a sign, the ones that would be -1 with one.
    if (keyType === "uint64") return dice.chance(0.2) ? 2n ** 64n - 1n : BigInt(value);
    return keyType === "int64" ? BigInt(value) - 1n : value - (keyType.startsWith("u") ? 0 : 1);
  };
  return {
    rows,
    units: isMarked ? units : null,
    columns: [
      column("key", keyType, "identifier", key),
      column("second", "int32", "identifier", () => dice.below(2)),
      column("place", "utf8", "dimension", () => dice.pick(NAMES)),
      column("level", "int8", "dimension", () => dice.below(3)),
      column("flag", "bool", "dimension", () => dice.chance(0.5)),
      column("amount", "int32", "measure", () => dice.below(100) - 30),
    ],
  };
}

const KEY_TYPES: readonly (readonly [string, string])[] = [
  ["int32", "int32"],
  ["int64", "int16"],
  ["uint8", "int64"],
  ["uint64", "int32"],
  ["int64", "uint64"],
  ["utf8", "utf8"],
  ["decimal(38,2)", "decimal(36,2)"],
];

function draw(dice: Dice): Drawn {
  const types = dice.pick(KEY_TYPES);
  const keys = 1 + dice.below(12);
  const tables: Both<TestTable> = [drawTable(dice, types[0], keys), drawTable(dice, types[1], keys)];
  const kind = dice.pick(JOIN_KINDS);
  const sides = kind === "semi" ? (["left"] as const) : (["left", "right"] as const);
  const column = (name: string): string => `${dice.pick(sides)}.${name}`;
  const isOne = (): Predicate =>
    dice.chance(0.5)
      ? { column: column("place"), op: "=", value: dice.pick(NAMES) }
      : { column: column("level"), op: "=", value: dice.below(3) };
  const aggregates: Aggregate[] = [
    { as: "rows", op: "count" },
    { as: "units", op: "count_units" },
    { as: "present", op: "count", column: column("amount") },
    { as: "sum", op: "sum", column: column("amount") },
    { as: "avg", op: "avg", column: column("amount") },
    { as: "min", op: "min", column: column("amount") },
    { as: "max", op: "max", column: column("amount") },
  ];
  const select = aggregates.filter(() => dice.chance(0.6));
  const groupBy = ["place", "level", "flag"].filter(() => dice.chance(0.35)).map(column);
  const plan = planOf({
    inputs: [
      { dataset: "test", owner: "left" },
      { dataset: "test", owner: "right" },
    ],
    join: {
      kind,
      on: [{ left: "key", right: "key" }, ...(dice.chance(0.3) ? [{ left: "second", right: "second" }] : [])],
    },
    where: dice.chance(0.3) ? { or: [isOne(), isOne()] } : null,
    groupBy: [...new Set(groupBy)],
    select: select.length === 0 ? [{ as: "rows", op: "count" }] : select,
  });
  const manifests: Both<Manifest> = [drawManifest(dice, tables[0]), drawManifest(dice, tables[1])];
  return { plan, manifests, tables };
}

/** Sizes are the manifest's word: of large ones a join is made in several passes. */
function drawManifest(dice: Dice, table: TestTable): Manifest {
  const rules: Partial<Rules> = {
    minUnits: 2 + dice.below(3),
    bounds: { amount: { lower: -20, upper: 10 + dice.below(100) } },
    extremes: ["amount"],
    maxShare: dice.chance(0.5) ? 0.2 + dice.below(80) / 100 : null,
  };
  const rows = dice.pick([table.rows, table.rows, ROWS_A_PASS + 1, 3 * ROWS_A_PASS]);
  const manifest = manifestOf(table, rules);
  return { ...manifest, objects: [{ rows } as ObjectFacts] };
}

test(`${RUNS} generated joins give the answers of the slow and obvious way`, (t) => {
  t.diagnostic(`SEALROOM_SEED=${SEED}`);
  const seen = { rows: 0, passes: 0, swapped: 0, nulls: 0 };
  const kinds = new Map<string, number>();
  fc.assert(
    fc.property(fc.nat(), (seed) => {
      const dice = new Dice(seed);
      const { plan, manifests, tables } = draw(dice);
      const cuts = [generateCuts(dice, tables[0]), generateCuts(dice, tables[1])] as const;
      const { rows } = runJoin(plan, manifests, tables, cuts);
      const expected = naiveJoin(plan, manifests, tables);
      // A job that groups by nothing always has its one row.
      const isEmpty = plan.groupBy.length === 0 && expected.length === 0;
      assert.deepEqual(rows, isEmpty ? [plan.select.map(() => null)] : expected);
      const { share, streamed } = compileJoin(plan, manifests);
      seen.rows += expected.length;
      seen.passes += share.passes > 1 ? 1 : 0;
      seen.swapped += streamed;
      seen.nulls += expected.flat().filter((cell) => cell === null).length;
      kinds.set(plan.join?.kind ?? "", (kinds.get(plan.join?.kind ?? "") ?? 0) + expected.length);
    }),
    { numRuns: RUNS, seed: SEED },
  );
  t.diagnostic(JSON.stringify({ ...seen, ...Object.fromEntries(kinds) }));
  assert.ok(seen.rows > RUNS && seen.passes > RUNS / 10 && seen.swapped > RUNS / 50 && seen.nulls > RUNS / 5);
  for (const kind of JOIN_KINDS) assert.ok((kinds.get(kind) ?? 0) > RUNS / 10, kind);
});
