// Seeded programs straight for the kernels: every tally asked of every kind of measure, over several levels.
import type { AggregateProgram, ClipRule, Measure } from "../../jobs/aggregate/program.ts";
import { NOTHING } from "./asked.ts";
import type { Dice } from "./generate.ts";
import { getType } from "./table.ts";
import type { TestColumn, TestTable } from "./table.ts";

const UNIT = "who";

/** The table with a column that names each row's unit, of any type that may: rows of a unit lie anywhere. */
export function scatter(dice: Dice, table: TestTable): TestTable {
  const units = dice.pick([1, 3, 40, 3000]);
  const type = dice.pick(["int64", "int32", "utf8", "uint8", "decimal(20,0)"]);
  const cells = Array.from({ length: table.rows }, () => {
    const unit = dice.below(units);
    if (type === "utf8") return `unit ${unit}`;
    if (type === "int32") return unit * 65536;
    return type === "uint8" ? unit & 255 : BigInt(unit) << 33n;
  });
  const who: TestColumn = { name: UNIT, type, role: "unit", cells };
  return { ...table, columns: [...table.columns, who], units: null };
}

export function generateProgram(dice: Dice, table: TestTable): AggregateProgram {
  const isScattered = table.columns.some(({ name }) => name === UNIT);
  const of = (role: TestColumn["role"]): TestColumn[] =>
    table.columns.filter((column) => column.role === role);
  const groupable = of("dimension").filter(({ type }) => !type.startsWith("float"));
  const dimensions = dice.some(groupable, dice.pick([1, 2, 3]));
  const measures = dice.some(of("measure"), 4);
  const filtered = dice.chance(0.4) ? [dice.pick(of("dimension"))] : [];
  const columns = [...new Set([...dimensions, ...measures, ...filtered]), ...of("unit")];
  const all = dimensions.map((_, at) => at);
  const subsets = Array.from({ length: 2 ** all.length - 1 }, (_, set) =>
    all.filter((at) => (set >> at) & 1),
  );
  return {
    kind: "aggregate",
    columns: columns.map(({ name, type }) => ({ name, type: getType(type) })),
    unit: isScattered ? "scattered" : table.units === null ? "row" : "column",
    unitColumn: isScattered ? columns.length - 1 : null,
    computed: [],
    predicate:
      filtered[0] === undefined
        ? null
        : { kind: "null", column: columns.indexOf(filtered[0]), isNull: dice.chance(0.3) },
    dimensions: dimensions.map((column) => ({
      name: column.name,
      type: getType(column.type),
      column: columns.indexOf(column),
    })),
    levels: [all, ...dice.some(subsets, 3)],
    measures: addJoint(
      dice,
      measures.map((column) => generateMeasure(dice, column, columns.indexOf(column))),
    ),
    outputs: [],
    orderBy: [],
    having: null,
    limitBy: null,
    limit: null,
    minUnits: 2,
    maxGroups: 1000,
    maxFormed: 262_144,
    declaredKeys: null,
    maxShare: null,
    rounding: { counts: null, sums: [] },
    interval: 2,
  };
}

/** Some of them values that there are. */
const EDGES = [[0], [-7, 0, 12], [-1000, -2, -1, 0, 3, 5.5, 127, 2 ** 31], [1 - 2 ** 52, 2 ** 52]] as const;

/** Perhaps two more, beside each other, of two of the columns. */
function addJoint(dice: Dice, measures: readonly Measure[]): readonly Measure[] {
  const [left, right] = dice.some(measures, 2);
  if (left === undefined || right === undefined) return measures;
  const [rule, other] = [generateRule(dice, left.exact), generateRule(dice, right.exact)];
  const first = measures.length;
  const asked = { ...NOTHING, missing: true, share: dice.chance(0.5) };
  return [
    ...measures,
    { ...asked, ...nameOf(left), sum: rule, beside: first + 1, joint: [rule, other] },
    { ...asked, ...nameOf(right), sum: other, beside: first },
  ];
}

function nameOf({ column, name, exact }: Measure): Pick<Measure, "column" | "name" | "exact"> {
  return { column, name, exact };
}

function generateMeasure(dice: Dice, { type }: TestColumn, column: number): Measure {
  const exact = !type.startsWith("float");
  const rule = generateRule(dice, exact);
  const sum = dice.chance(0.8) ? rule : null;
  return {
    ...NOTHING,
    column,
    name: `m${column}`,
    exact,
    sum,
    missing: dice.chance(0.5),
    moments: dice.chance(0.5) ? rule : null,
    extremes: dice.some(["min", "max"] as const, 2),
    distinct: dice.chance(0.3) ? { perUnit: dice.pick([1, 2, 8]), byPair: false } : null,
    bins: dice.chance(0.4) ? dice.pick(EDGES) : null,
    share: sum !== null && dice.chance(0.5),
  };
}

function generateRule(dice: Dice, exact: boolean): ClipRule {
  const bounds = dice.pick(
    exact
      ? [
          [0, 100],
          [-200, 150],
          [-5_000_000_000, 4_000_000_000],
          [5, 2 ** 53 - 1],
          [1 - 2 ** 53, 2 ** 53 - 1],
        ]
      : [
          [0, 8.5],
          [-1000, 1000.5],
          [3, 4],
        ],
  );
  return { lower: bounds[0] ?? 0, upper: bounds[1] ?? 0, exact };
}
