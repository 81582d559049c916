// The steps of the gate one by one, on groups made by hand: what each withholds, and nothing else.
import assert from "node:assert/strict";
import { test } from "node:test";
import type { Cell } from "../../jobs/aggregate/cell.ts";
import { EVERY_FIGURE, WITHHELD } from "../../jobs/aggregate/gate/candidate.ts";
import type { Candidate } from "../../jobs/aggregate/gate/candidate.ts";
import { withholdDominated } from "../../jobs/aggregate/gate/dominance.ts";
import { withholdRareExtremes } from "../../jobs/aggregate/gate/extremes.ts";
import { columnFigures, GROUP_FIGURES } from "../../jobs/aggregate/gate/figures.ts";
import { linkLevels } from "../../jobs/aggregate/gate/lattice.ts";
import { withholdLopsided } from "../../jobs/aggregate/gate/lopsided.ts";
import {
  releasesPresent,
  releasesRows,
  releasesUnits,
  releasesValue,
} from "../../jobs/aggregate/gate/missing.ts";
import { withholdRemainders } from "../../jobs/aggregate/gate/remainder.ts";
import { withoutSmall } from "../../jobs/aggregate/gate/small.ts";
import type { MergedMeasure } from "../../jobs/aggregate/merged-measure.ts";
import type { AggregateProgram, Output } from "../../jobs/aggregate/program.ts";
import { NOTHING } from "./asked.ts";
import { candidateOf, outputOf, programOf } from "./candidates.ts";
import type { Facts, Op } from "./candidates.ts";

const MOMENTS = { count: 9, mean: 0, m2: 1 };

function jointProgram(): Pick<AggregateProgram, "measures"> {
  const rule = { lower: 0, upper: 9, exact: true };
  const of = { ...NOTHING, column: 0, name: "x", exact: true };
  return {
    measures: [
      { ...of, beside: 1, joint: [rule, rule] },
      { ...of, beside: 0 },
    ],
  };
}

const GROUP = { level: 0, key: ["a"], rows: 9, units: 5 } as const;

function withheldOf(
  step: (program: AggregateProgram, candidates: readonly Candidate[]) => void,
  program: AggregateProgram,
  measure: Partial<MergedMeasure>,
): number | undefined {
  const candidate = candidateOf({ ...GROUP, measure });
  step(program, [candidate]);
  return candidate.withheld[0];
}

test("small groups stay only where there are totals, and nothing of a column in which few have a value", () => {
  const groups = [2, 3, 4].map((units) => candidateOf({ ...GROUP, units }).group);
  const [, three] = groups;
  assert.ok(three !== undefined);
  const few = { ...three, measures: three.measures.map((measure) => ({ ...measure, units: 2 })) };
  const merged = { groups: (level: number) => (level === 0 ? [...groups, few] : [few]) };
  const found = (levels: AggregateProgram["levels"]): unknown =>
    [...withoutSmall(programOf([], { levels }), merged)]
      .flat()
      .map(({ level, group, isShown, withheld }) => [level, group.units, isShown, withheld[0]]);
  assert.deepEqual(found([[0]]), [
    [0, 3, true, 0],
    [0, 4, true, 0],
    [0, 3, true, EVERY_FIGURE],
  ]);
  assert.deepEqual(found([[0], []]), [
    [0, 2, false, EVERY_FIGURE],
    [0, 3, true, 0],
    [0, 4, true, 0],
    [0, 3, true, EVERY_FIGURE],
    [1, 3, true, EVERY_FIGURE],
  ]);
});

test("a sum is dominated where one unit has more than the share, not where it has just that", () => {
  const withheld = (share: MergedMeasure["share"], maxShare: number | null): unknown =>
    withheldOf(withholdDominated, programOf(["sum"], { maxShare }), { share });
  assert.equal(withheld({ largest: 50n, absolute: 100n }, 0.5), 0);
  assert.equal(withheld({ largest: 51n, absolute: 100n }, 0.5), WITHHELD.value);
  assert.equal(withheld({ largest: 0.51, absolute: 1 }, 0.5), WITHHELD.value);
  assert.equal(withheld({ largest: 0, absolute: 0 }, 0.5), 0);
  assert.equal(withheld({ largest: 100n, absolute: 100n }, null), 0);
  assert.equal(withheld(null, 0.5), 0);
});

test("an extreme is shown if as many units hold it as a group must have, each by itself", () => {
  const extreme = (units: number): MergedMeasure["min"] => ({ value: 1n, units });
  const withheld = (min: MergedMeasure["min"], max: MergedMeasure["max"]): unknown =>
    withheldOf(withholdRareExtremes, programOf(["min", "max"]), { min, max });
  assert.equal(withheld(extreme(3), extreme(3)), 0);
  assert.equal(withheld(extreme(2), extreme(3)), WITHHELD.min);
  assert.equal(withheld(extreme(4), extreme(1)), WITHHELD.max);
  assert.equal(withheld(null, null), WITHHELD.min | WITHHELD.max);
});

test("a covariance is withheld of both columns where too few units lie off an end of either", () => {
  const joint = { left: MOMENTS, right: MOMENTS, products: 1 };
  const { measures } = jointProgram();
  const withheld = (atEnd: number): unknown => {
    const [measure] = candidateOf({ ...GROUP, measure: { joint: { ...joint, atEnd } } }).group.measures;
    assert.ok(measure !== undefined);
    const candidate = candidateOf({ ...GROUP });
    const both = {
      ...candidate,
      group: { ...candidate.group, measures: [measure, { ...measure, joint: null }] },
      withheld: new Uint8Array(2),
    };
    withholdLopsided(programOf(["covar"], { measures }), [both]);
    return [...both.withheld];
  };
  assert.deepEqual(withheld(2), [0, 0]);
  assert.deepEqual(withheld(3), [WITHHELD.value, WITHHELD.value]);
  assert.equal(withheldOf(withholdLopsided, programOf(["var"]), {}), 0);
});

test("what a result says of rows, units and values follows from its figures", () => {
  const ops: readonly Op[] = [
    "count",
    "count_units",
    "count_column",
    "sum",
    "avg",
    "var",
    "stddev",
    "min",
    "max",
    "covar",
    "corr",
    "approx_quantile",
  ];
  const those = (
    says: (program: AggregateProgram) => boolean,
    changes: Partial<AggregateProgram> = {},
  ): unknown => ops.filter((op) => says(programOf([op], changes)));
  const row = { unit: "row" } as const;
  assert.deepEqual(those(releasesRows), ["count"]);
  assert.deepEqual(those(releasesRows, row), ["count", "count_units"]);
  assert.deepEqual(those(releasesUnits), ["count_units"]);
  assert.deepEqual(those(releasesUnits, { unit: "scattered" }), ["count_units"]);
  assert.deepEqual(those(releasesUnits, row), []);
  assert.deepEqual(
    those((program) => releasesPresent(program, 0)),
    ["count_column", "avg", "var", "stddev", "covar", "corr", "approx_quantile"],
  );
  assert.deepEqual(
    those((program) => releasesValue(program, 0)),
    ["sum", "avg", "var", "stddev", "covar", "corr"],
  );
  // Of another column they say nothing of this one, but for those that are of both.
  assert.deepEqual(
    those((program) => releasesPresent(program, 1) || releasesValue(program, 1)),
    ["covar", "corr"],
  );
  assert.ok(releasesRows(programOf(["sum", "count"])));
  assert.ok(!releasesRows(programOf([])) && !releasesValue(programOf([]), 0));
  const second: Output = { as: "second", type: outputOf("sum").type, op: "sum", measure: 1, scale: 0 };
  const both = programOf([], { outputs: [outputOf("count_column"), second] });
  assert.deepEqual(
    [0, 1].map((measure) => [releasesPresent(both, measure), releasesValue(both, measure)]),
    [
      [true, false],
      [false, true],
    ],
  );
});

test("links each total to the next finer groups of its keys, and to no finer ones", () => {
  const levels = [[0, 1], [0], [1], []];
  const facts: readonly (readonly [level: number, key: readonly Cell[]])[] = [
    [0, ["a", 1]],
    [0, ["a", 2]],
    [0, ["b", 1]],
    [1, ["a", null]],
    [1, ["b", null]],
    [2, [null, 1]],
    [2, [null, 2]],
    [3, [null, null]],
  ];
  const candidates = facts.map(([level, key]) => candidateOf({ ...GROUP, level, key }));
  const { relations, finest } = linkLevels(programOf([], { levels }), candidates);
  assert.deepEqual(
    relations.map(({ parent, children }) => [parent, ...children]),
    [
      [3, 0, 1],
      [4, 2],
      [5, 0, 2],
      [6, 1],
      [7, 3, 4],
      [7, 5, 6],
    ],
  );
  assert.deepEqual(finest, [[0], [1], [2], [0, 1], [2], [0, 2], [1], [0, 1, 2]]);
});

test("tells the group of no key from the group of the text null", () => {
  const facts: readonly (readonly [number, readonly Cell[]])[] = [
    [0, [null, 1]],
    [0, ["null", 2]],
    [1, [null, null]],
    [1, ["null", null]],
  ];
  const candidates = facts.map(([level, key]) => candidateOf({ ...GROUP, level, key }));
  const { finest } = linkLevels(programOf([], { levels: [[0, 1], [0]] }), candidates);
  assert.deepEqual(finest, [[0], [1], [0], [1]]);
});

interface Part {
  readonly units: number;
  readonly isShown?: boolean;
}

/** Which groups are still shown: the parts, then the total. */
function shownAfter(
  total: Part,
  parts: readonly Part[],
  changes: Partial<AggregateProgram> = {},
): readonly boolean[] {
  const facts = [...parts.map((part) => ({ ...GROUP, ...part })), { ...GROUP, level: 1, ...total }];
  const candidates = facts.map(candidateOf);
  const relations = [{ parent: parts.length, children: [...parts.keys()] }];
  withholdRemainders(programOf([], changes), candidates, relations, GROUP_FIGURES);
  return candidates.map(({ isShown }) => isShown);
}

test("withholds the smallest parts until what is left is of enough units", () => {
  const hidden = { units: 2, isShown: false };
  const parts = [{ units: 9 }, hidden, { units: 5 }, { units: 7 }];
  assert.deepEqual(shownAfter({ units: 23 }, parts), [true, false, false, true, true]);
  // One unit may be in several parts, so they are known to be as many as the largest has.
  const two = [{ units: 9 }, hidden, { units: 2, isShown: false }];
  assert.deepEqual(shownAfter({ units: 13 }, two), [false, false, false, true]);
  assert.deepEqual(shownAfter({ units: 13 }, two, { unit: "row" }), [true, false, false, true]);
  const one = { units: 1, isShown: false };
  assert.deepEqual(shownAfter({ units: 11 }, [{ units: 9 }, one, one], { unit: "row" }), [
    false,
    false,
    false,
    true,
  ]);
  // Just enough is enough.
  const enough = { units: 3, isShown: false };
  assert.deepEqual(shownAfter({ units: 12 }, [{ units: 9 }, enough]), [true, false, true]);
});

test("withholds nothing beside a total that is withheld, and leaves one of which no part is shown", () => {
  const hidden = { units: 1, isShown: false };
  assert.deepEqual(shownAfter({ units: 10, isShown: false }, [{ units: 9 }, hidden]), [true, false, false]);
  assert.deepEqual(shownAfter({ units: 3 }, [hidden, hidden]), [false, false, true]);
});

test("withholds a total that tells of few units that they are in several parts", () => {
  const three = [{ units: 5 }, { units: 5 }, { units: 5 }];
  const isShown = (units: number): boolean => shownAfter({ units }, three).at(-1) ?? false;
  // Twice: 0 to 7 units more than there are. Of six, in up to two parts more each, three must be distinct.
  assert.deepEqual([15, 14, 10, 9, 8].map(isShown), [true, false, false, true, true]);
});

test("takes what is left of a column for one unit's if all of it may be, and only of its values", () => {
  const share = (largest: number, absolute: number): Candidate =>
    candidateOf({ ...GROUP, measure: { share: { largest, absolute } } });
  const left = [share(40, 50), share(41, 50)];
  const dominated = (maxShare: number | null, what: "present" | "value", parts = left): boolean =>
    columnFigures(programOf(["sum"], { maxShare }), 0, what).isDominated(parts);
  assert.equal(dominated(0.8, "value"), true);
  assert.equal(dominated(0.81, "value"), false);
  assert.equal(dominated(null, "value"), false);
  assert.equal(dominated(0.8, "present"), false);
  assert.equal(dominated(0.8, "value", [candidateOf(GROUP)]), false);
  assert.equal(GROUP_FIGURES.isDominated(left), false);
});

test("counts of a column the units that have a value in it", () => {
  const figures = columnFigures(programOf(["sum"]), 0, "value");
  const facts: Facts = { ...GROUP, measure: { units: 4 } };
  assert.equal(figures.units(candidateOf(facts)), 4);
  assert.equal(GROUP_FIGURES.units(candidateOf(facts)), 5);
  const candidate = candidateOf(facts);
  figures.withhold(candidate);
  assert.deepEqual([candidate.isShown, candidate.withheld[0]], [true, WITHHELD.value]);
  GROUP_FIGURES.withhold(candidate);
  assert.equal(candidate.isShown, false);
});
