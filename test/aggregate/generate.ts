// Seeded tables and plans over every column type, with the values that break arithmetic, comparison and hashing.
import type { Manifest } from "../../core/manifest/manifest.ts";
import type { Aggregate, AggregatePlan, Literal, Predicate } from "../../core/plan/plan.ts";
import type { Cell } from "../../jobs/aggregate/cell.ts";
import { getType, manifestOf, planOf } from "./table.ts";
import type { Cuts, TestColumn, TestTable } from "./table.ts";

/** mulberry32 (public domain): the same seed gives the same job everywhere. */
export class Dice {
  #state: number;

  constructor(seed: number) {
    this.#state = seed | 0;
  }

  /** 0 <= x < 1 */
  real(): number {
    this.#state = (this.#state + 0x6d2b79f5) | 0;
    let x = Math.imul(this.#state ^ (this.#state >>> 15), 1 | this.#state);
    x = (x + Math.imul(x ^ (x >>> 7), 61 | x)) ^ x;
    return ((x ^ (x >>> 14)) >>> 0) / 4294967296;
  }

  below(end: number): number {
    return Math.floor(this.real() * end);
  }

  pick<T>(list: readonly T[]): T {
    const item = list[this.below(list.length)];
    if (item === undefined) throw new Error("nothing to pick from");
    return item;
  }

  chance(probability: number): boolean {
    return this.real() < probability;
  }

  some<T>(list: readonly T[], most: number): T[] {
    const left = [...list];
    return Array.from({ length: Math.min(this.below(most + 1), left.length) }, () => {
      return left.splice(this.below(left.length), 1)[0] as T;
    });
  }
}

const TEXTS = ["", "a", "a\0", "b", "ä", "\u{10000}", "\uffee", "zz", "Zz", "toString", "__proto__", "null"];
const DEC_MAX = 10n ** 20n - 1n;

/** Dimensions: name, type, and the pool their cells come from. */
const DIMENSIONS: readonly (readonly [string, string, readonly Cell[]])[] = [
  ["flag", "bool", [true, false]],
  ["tiny", "int8", [-128, -1, 0, 1, 127]],
  ["byte", "uint8", [0, 1, 128, 255]],
  ["small", "int16", [-32768, -5, 0, 7, 32767]],
  ["ushort", "uint16", [0, 1, 32768, 65535]],
  ["int", "int32", [-(2 ** 31), -1, 0, 1, 5, 6, 7, 2 ** 31 - 1]],
  ["uint", "uint32", [0, 1, 2 ** 31, 2 ** 32 - 1]],
  ["long", "int64", [-(2n ** 63n), -(2n ** 32n), -1n, 0n, 1n, 2n ** 32n, 2n ** 53n + 1n, 2n ** 63n - 1n]],
  ["ulong", "uint64", [0n, 1n, 2n ** 63n, 2n ** 64n - 1n]],
  ["day", "date", [-(2 ** 31), -719162, -1, 0, 1, 19000, 2932896, 2 ** 31 - 1]],
  ["local", "timestamp", [-(2n ** 63n), -1n, 0n, 86_400_000_000n, 2n ** 63n - 1n]],
  ["when", "timestamp[UTC]", [-1n, 0n, 1n, 1_700_000_000_000_001n, 253402300799999999n]],
  ["price", "decimal(20,3)", [-DEC_MAX, -1n, 0n, 1n, 1000n, 2n ** 64n, DEC_MAX]],
  ["code", "utf8", TEXTS],
  ["text", "utf8", TEXTS],
  ["real", "float64", [-Infinity, -1.5, -0, 0, 0.1, 1e300, Infinity, NaN]],
  ["single", "float32", [-Infinity, Math.fround(0.1), 0, 1.5, NaN]],
];

/** Measures: as dimensions, with the bounds that the rules set. Floats are eighths, so that any order adds exactly. */
const MEASURES: readonly (readonly [string, string, readonly Cell[], number, number])[] = [
  ["m8", "int8", [-128, -1, 0, 3, 127], -200, 150],
  ["mu8", "uint8", [0, 3, 255], 1, 300],
  ["m16", "int16", [-32768, -1, 0, 3, 32767], -40_000, 30_000],
  ["mu16", "uint16", [0, 3, 65535], 1, 100_000],
  ["m32", "int32", [-(2 ** 31), -7, 0, 12, 2 ** 31 - 1], -5_000_000_000, 4_000_000_000],
  ["mu32", "uint32", [0, 1, 2 ** 32 - 1], 10, 5_000_000_000],
  [
    "m64",
    "int64",
    [-(2n ** 63n), -(2n ** 53n) - 1n, -3n, 0n, 2n ** 53n + 1n, 2n ** 63n - 1n],
    -(2 ** 53) + 1,
    2 ** 53 - 1,
  ],
  ["mu64", "uint64", [0n, 5n, 2n ** 64n - 1n], -10, 2 ** 53 - 1],
  [
    "mdec",
    "decimal(38,2)",
    [-(10n ** 38n) + 1n, -12345n, -1n, 0n, 99n, 2n ** 96n, 10n ** 38n - 1n],
    -1000.5,
    99999.99,
  ],
  ["mf32", "float32", [-Infinity, -2.125, -0, 0, 3.5, Infinity, NaN], -10.25, 20],
  ["mf64", "float64", [-Infinity, -1e308, -100.125, -0, 0, 7.25, 1e308, Infinity, NaN], -1000, 1000.5],
];

export function generateTable(dice: Dice, rows: number): TestTable {
  const column = (
    [name, type, pool]: readonly [string, string, readonly Cell[], ...unknown[]],
    role: "dimension" | "measure",
  ): TestColumn => {
    const nulls = dice.pick([0, 0, 0.1, 0.5, 1]);
    const zipf = dice.chance(0.5);
    // Distinct integers beside the pool, so that hash tables grow.
    const isSpread = ["int", "long", "text"].includes(name) && dice.chance(0.3);
    const cells = Array.from({ length: rows }, (): Cell => {
      if (dice.chance(nulls)) return null;
      if (isSpread && dice.chance(0.8)) {
        const value = dice.below(3000);
        return name === "int" ? value * 1024 : name === "long" ? BigInt(value) << 32n : `text ${value}`;
      }
      return zipf ? (pool[Math.floor(pool.length * dice.real() ** 3)] ?? null) : dice.pick(pool);
    });
    const dictionary = name === "code" ? dice.pick([[], TEXTS, ["b", "unused", "a", "b"]]) : undefined;
    return { name, type, role, cells, ...(dictionary && { dictionary }) };
  };
  return {
    rows,
    columns: [
      ...DIMENSIONS.map((spec) => column(spec, "dimension")),
      ...MEASURES.map((spec) => column(spec, "measure")),
    ],
    units: dice.chance(0.3) ? null : generateUnits(dice, rows),
  };
}

function generateUnits(dice: Dice, rows: number): number[] {
  const repeat = dice.pick([0, 0.5, 0.9, 0.999]);
  let unit = 0;
  return Array.from({ length: rows }, (_, row) => (row > 0 && !dice.chance(repeat) ? (unit += 1) : unit));
}

/** Objects end where a unit ends; batches anywhere, and some are empty. */
export function generateCuts(dice: Dice, { rows, units }: TestTable): Cuts {
  const isUnitEnd = (row: number): boolean =>
    row === 0 || row === rows || units === null || units[row] !== units[row - 1];
  const ends = [...dice.some(Array.from({ length: rows + 1 }, (_, row) => row).filter(isUnitEnd), 4), rows];
  let start = 0;
  return ends
    .sort((a, b) => a - b)
    .map((end) => {
      const inner = Array.from({ length: dice.below(4) }, () => start + dice.below(end - start + 1));
      start = end;
      return [...inner.sort((a, b) => a - b), end];
    });
}

export interface GeneratedJob {
  readonly plan: AggregatePlan;
  readonly manifest: Manifest;
}

export function generateJob(dice: Dice, table: TestTable): GeneratedJob {
  const groupable = DIMENSIONS.filter(([, type]) => !type.startsWith("float")).map(([name]) => name);
  const groupBy = dice.some(groupable, dice.pick([1, 2, 4]));
  const select = Array.from({ length: 1 + dice.below(5) }, (_, at) => generateAggregate(dice, `a${at}`));
  const outputs = [...groupBy, ...select.map(({ as }) => as)];
  const declared = dice.chance(0.3) ? groupBy : [];
  const manifest = manifestOf(table, {
    minUnits: dice.pick([2, 2, 3, 10]),
    maxGroups: dice.pick([50, 1000, 100_000]),
    bounds: Object.fromEntries(MEASURES.map(([name, , , lower, upper]) => [name, { lower, upper }])),
    groupKeys: Object.fromEntries(
      declared.map((name) => [
        name,
        poolOf(name)
          .filter((cell) => isLiteral(cell, typeNamed(name)))
          .slice(0, 2)
          .map((cell) => literalOf(cell, name)),
      ]),
    ),
  });
  const plan = planOf({
    groupBy,
    select,
    where: dice.chance(0.6) ? generatePredicate(dice, 3) : null,
    orderBy: dice.some(outputs, 2).map((column) => ({ column, direction: dice.pick(["asc", "desc"]) })),
    limit: dice.chance(0.3) ? 1 + dice.below(10) : null,
  });
  return { plan, manifest };
}

function generateAggregate(dice: Dice, as: string): Aggregate {
  const [measure] = dice.pick(MEASURES);
  const [dimension] = dice.pick(DIMENSIONS);
  return dice.pick<Aggregate>([
    { as, op: "count" },
    { as, op: "count_units" },
    { as, op: "count", column: dice.pick([measure, dimension]) },
    { as, op: "sum", column: measure },
    { as, op: "avg", column: measure },
  ]);
}

function generatePredicate(dice: Dice, depth: number): Predicate {
  if (depth > 0 && dice.chance(0.5)) {
    const terms = Array.from({ length: 1 + dice.below(3) }, () => generatePredicate(dice, depth - 1));
    return dice.pick<Predicate>([{ and: terms }, { or: terms }, { not: generatePredicate(dice, depth - 1) }]);
  }
  const [column, type, pool] = dice.pick(DIMENSIONS);
  const literals = pool.filter((cell) => isLiteral(cell, type));
  const literal = (): Literal => literalOf(dice.pick(literals), column);
  const ops = type === "bool" ? (["=", "!="] as const) : (["=", "!=", "<", "<=", ">", ">="] as const);
  const leaves: Predicate[] = [
    { column, op: dice.pick(ops), value: literal() },
    { column, in: Array.from({ length: 1 + dice.below(5) }, literal) },
    { column, isNull: dice.chance(0.5) },
  ];
  if (type !== "bool") leaves.push({ column, between: [literal(), literal()] });
  return dice.pick(leaves);
}

/** Whether a job can say it: not what no number or calendar has. */
function isLiteral(cell: Cell, type: string): boolean {
  if (type === "date") return Number(cell) >= -719_162 && Number(cell) <= 2_932_896;
  if (type.startsWith("timestamp")) return Math.abs(Number(cell)) < 2 ** 60;
  return typeof cell !== "number" || Number.isFinite(cell);
}

function typeNamed(column: string): string {
  return DIMENSIONS.find(([name]) => name === column)?.[1] ?? "";
}

function poolOf(name: string): readonly Cell[] {
  return DIMENSIONS.find(([candidate]) => candidate === name)?.[2] ?? [];
}

/** A cell as a job's text would write it. */
function literalOf(cell: Cell, column: string): Literal {
  const type = getType(typeNamed(column));
  if (cell === null) throw new Error("null is no literal");
  if (type.kind === "date") return isoText(Number(cell) * 86_400_000).slice(0, 10);
  if (typeof cell !== "bigint") return cell;
  if (type.kind === "timestamp") {
    const micros = ((cell % 1_000_000n) + 1_000_000n) % 1_000_000n;
    const second = isoText(Number((cell - micros) / 1000n)).slice(0, 19);
    return `${second}.${String(micros).padStart(6, "0")}${type.zone === null ? "" : "Z"}`;
  }
  if (type.kind === "decimal") {
    const digits = String(cell < 0n ? -cell : cell).padStart(type.scale + 1, "0");
    return `${cell < 0n ? "-" : ""}${digits.slice(0, -type.scale)}.${digits.slice(-type.scale)}`;
  }
  return Number.isSafeInteger(Number(cell)) ? Number(cell) : String(cell);
}

function isoText(milliseconds: number): string {
  return new Date(milliseconds).toISOString();
}
