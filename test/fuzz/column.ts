// Arrow files, by ranges as the enclave reads them, held against the naive reader.
import assert from "node:assert/strict";
import fc from "fast-check";
import { checkSchema } from "../../core/column/schema.ts";
import { parseTable } from "../../core/column/table.ts";
import { checkFirstUnit } from "../../core/column/vectors.ts";
import { compileProgram, releaseResult, startKernel, startMerge } from "../../jobs/registry.ts";
import { manifestOf, planOf } from "../aggregate/table.ts";
import { readByRanges } from "../column/by-ranges.ts";
import { fileOf } from "../column/cells.ts";
import { dictionaryArbitrary, foreignArbitrary, foreignFile, FORMS, INDEX_NAMES } from "../column/foreign.ts";
import { arrowFile, tableArbitrary } from "../column/model.ts";
import { naiveCells } from "../column/naive-reader.ts";
import { drawObjects, SCHEMA, STYLES } from "../transcript/values.ts";
import { diceOf } from "./dice.ts";
import type { Dice } from "./dice.ts";
import { mutateBytes } from "./mutate.ts";
import type { Target } from "./target.ts";

const WORDS = [0, 1, 4, 8, -1, -8, 0x7fffffff, -0x80000000, 0x7ffffff8];

const tables = fc.sample(tableArbitrary(12), { numRuns: 24, seed: 5 });

/** With the forms of values that we do not write. */
const foreignTables = Array.from({ length: 12 }, (_, seed) => {
  const [columns = []] = fc.sample(
    fc.tuple(
      ...FORMS.filter((_, at) => at % 4 === seed % 4).map((form) => foreignArbitrary(form, 12)),
      ...INDEX_NAMES.filter((_, at) => at % 4 === seed % 4).map((name) =>
        dictionaryArbitrary(name, seed % 2 === 0, 12),
      ),
    ),
    { numRuns: 1, seed },
  );
  return foreignFile(
    columns,
    columns.map((_, at) => `c${at}`),
  );
});

const manifest = manifestOf(
  { rows: 0, units: [], columns: SCHEMA.map((entry) => ({ ...entry, cells: [] })) },
  {
    minUnits: 2,
    distinct: { city: 2 },
    bins: { amount: [-5, 0, 1000] },
    bounds: {
      amount: { lower: -1000, upper: 1000 },
      price: { lower: 0, upper: 99.5 },
      ratio: { lower: -1, upper: 1 },
    },
  },
);
const program = compileProgram(
  planOf({
    where: { not: { column: "code", between: [-3, 3] } },
    groupBy: ["city", "street", "flag"],
    select: [
      { as: "rows", op: "count" },
      { as: "units", op: "count_units" },
      { as: "amount", op: "sum", column: "amount" },
      { as: "price", op: "avg", column: "price" },
      { as: "ratio", op: "sum", column: "ratio" },
      { as: "joint", op: "covar", column: "amount", with: "ratio" },
      { as: "cities", op: "approx_distinct", column: "city" },
      { as: "half", op: "approx_quantile", column: "amount", at: 0.5 },
    ],
  }),
  [manifest],
);
const files = STYLES.flatMap((style, seed) =>
  drawObjects([[20, 9]], style, "column", diceOf(seed, "files", 0)),
);

export const COLUMN_TARGETS: readonly Target[] = [
  {
    name: "Arrow file of our writer",
    seeds: tables.map(fileOf),
    mutations: [mutateWords, mutateWords, mutateBytes],
    decode: read,
    codes: 8,
    accepts: true,
  },
  {
    name: "Arrow file of apache-arrow",
    seeds: [...tables.map((columns) => arrowFile(columns)), ...foreignTables],
    mutations: [mutateWords, mutateWords, mutateBytes],
    decode: read,
    codes: 8,
    accepts: true,
  },
  {
    name: "job on an Arrow file",
    seeds: files,
    mutations: [mutateWords, mutateBytes, mutateBytes],
    decode: compute,
    codes: 6,
    accepts: true,
    share: 10,
  },
];

/** Of whatever values an owner's file has, valid or not, a kernel makes a partial and the gate a table. */
function compute(file: Uint8Array): void {
  const { fields, batches } = parseTable(file);
  checkSchema(fields, SCHEMA, "column");
  const first = batches.find(({ rows }) => rows > 0);
  if (first !== undefined) checkFirstUnit(first);
  const kernel = startKernel(program);
  const wanted = program.columns.map(({ name }) => fields.findIndex((field) => field.name === name));
  for (const { rows, unitStart, columns } of batches) {
    kernel.add({ rows, unitStart, columns: wanted.flatMap((column) => columns[column] ?? []) });
  }
  const merge = startMerge(program);
  merge.add(kernel.finish());
  assert.ok(parseTable(releaseResult(program, merge, { maxRows: null })).fields.length > 0);
}

function read(file: Uint8Array): void {
  const { cells, fetchedBytes } = readByRanges(file);
  assert.deepEqual(cells, naiveCells(file));
  assert.ok(fetchedBytes <= file.length, "no byte is fetched twice");
  assert.equal(parseTable(file).fields.length, cells.length);
}

/** Fields of metadata: 32-bit words at multiples of four from the end of the footer, and so of the file's end. */
function mutateWords(bytes: Uint8Array, dice: Dice): Uint8Array {
  const file = bytes.slice();
  const view = new DataView(file.buffer);
  do {
    const back = 4 * (1 + dice.below(dice.pick([8, 60, 220, Math.max(1, Math.floor(file.length / 4))])));
    const at = file.length - 10 - back;
    if (at < 0) continue;
    const value = view.getInt32(at, true);
    const changes = [
      dice.pick(WORDS),
      value + dice.pick([-8, -4, -1, 1, 4, 8]),
      value ^ (1 << dice.below(32)),
      dice.below(2 ** 31),
    ];
    view.setInt32(at, dice.pick(changes), true);
  } while (dice.chance(0.4));
  return file;
}
