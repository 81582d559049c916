// Data sets of one shape: the same objects, batches, rows and buffer lengths, and values as unlike as they can be.
import { encodeTable } from "../../core/column/table.ts";
import type { ArrowField } from "../../core/column/schema.ts";
import { UNIT_START_FIELD } from "../../core/column/type.ts";
import type { Vector } from "../../core/column/vector.ts";
import type { Manifest } from "../../core/manifest/manifest.ts";
import type { Cell } from "../../jobs/aggregate/cell.ts";
import type { Dice } from "../aggregate/generate.ts";
import { getType, vectorOf } from "../aggregate/table.ts";

export const CITIES = ["north", "south", "west", "east", "tiny", "none"] as const;

export const STYLES = ["mixed", "one group", "nothing passes", "extremes", "each row another"] as const;
/** What the values of a data set are like. */
export type Style = (typeof STYLES)[number];

/** Rows of each batch of each object. */
export type Layout = readonly (readonly number[])[];

/** `person` marks units; without it each row is one. */
export const SCHEMA: Manifest["schema"] = [
  { name: "person", type: "utf8", role: "unit" },
  { name: "city", type: "utf8", role: "dimension" },
  { name: "street", type: "utf8", role: "dimension" },
  { name: "code", type: "int64", role: "dimension" },
  { name: "flag", type: "bool", role: "dimension" },
  { name: "day", type: "date", role: "dimension" },
  { name: "amount", type: "int64", role: "measure" },
  { name: "price", type: "decimal(12,2)", role: "measure" },
  { name: "ratio", type: "float64", role: "measure" },
];
/** These have nulls in every batch, so that their validity buffers are always there: lengths are public. */
const NULLABLE = ["flag", "price", "ratio"];

const INT64_MAX = 2n ** 63n - 1n;
const DECIMAL_MAX = 10n ** 12n - 1n;

type Draw = (dice: Dice, row: number) => Cell;

/** By column and style; text in `street` is drawn apart, since its bytes must add up. */
const DRAWS: Readonly<Record<string, Readonly<Record<Style, Draw>>>> = {
  city: {
    mixed: (dice) => dice.pick(CITIES),
    "one group": () => "north",
    "nothing passes": () => "none",
    extremes: (dice, row) => (row === 0 ? "tiny" : dice.pick(["tiny", "east"])),
    "each row another": (_, row) => CITIES[row % CITIES.length] ?? null,
  },
  code: {
    mixed: (dice) => BigInt(dice.below(30)),
    "one group": () => 15n,
    "nothing passes": () => -7n,
    extremes: (dice) => dice.pick([INT64_MAX, -INT64_MAX - 1n, 0n, 2n ** 53n + 1n]),
    "each row another": (_, row) => BigInt(row) << 33n,
  },
  flag: {
    mixed: (dice) => dice.chance(0.5),
    "one group": () => true,
    "nothing passes": () => null,
    extremes: () => false,
    "each row another": (_, row) => row % 2 === 0,
  },
  day: {
    mixed: (dice) => 19_000 + dice.below(40),
    "one group": () => 19_005,
    "nothing passes": () => -719_162,
    extremes: (dice) => dice.pick([-719_162, 2_932_896]),
    "each row another": (_, row) => row,
  },
  amount: {
    mixed: (dice) => BigInt(dice.below(900)),
    "one group": () => 1n,
    "nothing passes": () => 0n,
    extremes: (dice) => dice.pick([INT64_MAX, -INT64_MAX - 1n]),
    "each row another": (_, row) => BigInt(-row),
  },
  price: {
    mixed: (dice) => (dice.chance(0.3) ? null : BigInt(dice.below(90_000))),
    "one group": () => 100n,
    "nothing passes": () => null,
    extremes: (dice) => dice.pick([DECIMAL_MAX, -DECIMAL_MAX]),
    "each row another": (_, row) => (row % 3 === 0 ? null : BigInt(row)),
  },
  ratio: {
    mixed: (dice) => (dice.chance(0.3) ? null : dice.real()),
    "one group": () => 0.25,
    "nothing passes": () => null,
    extremes: (dice) => dice.pick([NaN, Infinity, -Infinity, -0, 5e-324, 1.7e308]),
    "each row another": (_, row) => row / 7,
  },
};

/** Most rows that one unit has. */
const RUNS: Readonly<Record<Style, number>> = {
  mixed: 4,
  "one group": 2,
  "nothing passes": 7,
  extremes: 1_000,
  "each row another": 1,
};

/** The objects' Arrow files. */
export function drawObjects(layout: Layout, style: Style, unit: Manifest["unit"], dice: Dice): Uint8Array[] {
  return layout.map((batches, object) => {
    const rows = batches.reduce((sum, count) => sum + count, 0);
    const units = drawUnits(rows, RUNS[style], dice);
    const cells = new Map(
      schemaOf(unit).map(({ name }) => [
        name,
        name === "person"
          ? units.map((one) => `p-${object}-${String(one).padStart(5, "0")}`)
          : name === "street"
            ? batches.flatMap((count) => drawStreets(count, style, dice))
            : batches.flatMap((count) => drawCells(name, style, count, dice)),
      ]),
    );
    let start = 0;
    const parts = batches.map((count) => {
      const from = start;
      start += count;
      const columns = schemaOf(unit).map(({ name, type }): Vector => {
        const part = (cells.get(name) ?? []).slice(from, start);
        return vectorOf(getType(type), part, name === "city" ? CITIES : undefined);
      });
      const starts = units
        .slice(from, start)
        .map((one, at) => from + at === 0 || one !== units[from + at - 1]);
      const marks = vectorOf(getType("bool"), starts);
      return { rows: count, columns: unit === "row" ? columns : [...columns, marks] };
    });
    return encodeTable(fieldsOf(unit), parts);
  });
}

export function schemaOf(unit: Manifest["unit"]): Manifest["schema"] {
  return unit === "row" ? SCHEMA.slice(1) : SCHEMA;
}

function fieldsOf(unit: Manifest["unit"]): readonly ArrowField[] {
  const fields = schemaOf(unit).map(({ name, type }): ArrowField => {
    const dictionary = name === "city" ? ({ id: 0, bits: 8 } as const) : null;
    return { name, type: getType(type), dictionary };
  });
  const marks: ArrowField = { name: UNIT_START_FIELD, type: getType("bool"), dictionary: null };
  return unit === "row" ? fields : [...fields, marks];
}

function drawUnits(rows: number, longest: number, dice: Dice): number[] {
  const units: number[] = [];
  for (let unit = 0; units.length < rows; unit += 1) {
    const run = 1 + dice.below(longest);
    for (let row = 0; row < run && units.length < rows; row += 1) units.push(unit);
  }
  return units;
}

function drawCells(name: string, style: Style, rows: number, dice: Dice): Cell[] {
  const draw = DRAWS[name]?.[style];
  const usual = DRAWS[name]?.mixed;
  if (draw === undefined || usual === undefined) throw new Error(`no values for ${name}`);
  const cells = Array.from({ length: rows }, (_, row) => draw(dice, row));
  if (!NULLABLE.includes(name)) return cells;
  const empty = dice.below(rows);
  cells[empty] = null;
  if (rows > 1 && style !== "nothing passes") cells[(empty + 1) % rows] ??= usual(dice, 0);
  return cells;
}

/** Texts of the same lengths in another order, so that they add up to the same bytes. */
function drawStreets(rows: number, style: Style, dice: Dice): string[] {
  const lengths = Array.from({ length: rows }, (_, row) => (row % 5) + 1);
  const letter: Readonly<Record<Style, (row: number) => string>> = {
    mixed: () => dice.pick(["a", "b"]),
    "one group": () => "a",
    "nothing passes": () => "n",
    extremes: () => "\u007f",
    "each row another": (row) => String.fromCharCode(48 + (row % 64)),
  };
  return shuffle(lengths, dice).map((length, row) => letter[style](row).repeat(length));
}

function shuffle<T>(list: readonly T[], dice: Dice): T[] {
  const left = [...list];
  return list.map(() => left.splice(dice.below(left.length), 1)[0] as T);
}
