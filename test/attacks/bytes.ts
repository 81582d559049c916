// Attacks with what an owner seals himself: genuine messages under his own key, signed for in a manifest, whose bytes are
// made for whoever decrypts them (security cases B1 to B6).
import assert from "node:assert/strict";
import type { ArrowField } from "../../core/column/schema.ts";
import { encodeTable, parseTable } from "../../core/column/table.ts";
import { UNIT_START_FIELD } from "../../core/column/type.ts";
import type { Vector } from "../../core/column/vector.ts";
import type { ColumnEntry } from "../../core/manifest/manifest.ts";
import { parsePlan } from "../../core/plan/parse.ts";
import { MergedKeys } from "../../jobs/aggregate/merged-keys.ts";
import type { KeyColumn } from "../../jobs/aggregate/partial.ts";
import { compileProgram, startKernel } from "../../jobs/registry.ts";
import { COMPRESSION, fileOfBatch } from "../column/hostile.ts";
import type { Cell } from "../column/cells.ts";
import { typeOf, vectorOf } from "../column/cells.ts";
import { naiveByCity } from "../host/answer.ts";
import type { ResultRow } from "../host/answer.ts";
import { makeRows } from "../host/dataset.ts";
import type { Row } from "../host/dataset.ts";
import { BY_CITY, compilePlanFor, drawNonce, runHost } from "../host/host.ts";
import type { Replacement } from "../host/tree.ts";
import { DATASET, sealDataset } from "../host/world.ts";
import type { DatasetOptions, World } from "../host/world.ts";
import { judge } from "./attack.ts";
import type { Attack, Verdict } from "./attack.ts";
import { collidingKeys, collidingPairs } from "./colliding-keys.ts";
import { COPY_PLAN, manifestOf } from "./copying.ts";

const PEOPLE = makeRows(1, 40, "bytes").flat();

interface Column {
  readonly field: ArrowField;
  readonly vector: Vector;
}

function columnOf(name: string, type: string, cells: readonly (Cell | null)[]): Column {
  const field: ArrowField = { name, type: typeOf(type), dictionary: null };
  return { field, vector: vectorOf({ field, cells }) };
}

/** What the manifest says that an object has, but for what an attack has in its place. */
function columnsOf(rows: readonly Row[], ...others: readonly Column[]): readonly Column[] {
  const usual = [
    columnOf(
      "person",
      "utf8",
      rows.map(({ person }) => person),
    ),
    columnOf(
      "city",
      "utf8",
      rows.map(({ city }) => city),
    ),
    columnOf(
      "amount",
      "int32",
      rows.map(({ amount }) => amount),
    ),
    columnOf(
      UNIT_START_FIELD,
      "bool",
      rows.map(({ person }, row) => person !== rows[row - 1]?.person),
    ),
  ];
  return usual.map((column) => others.find(({ field }) => field.name === column.field.name) ?? column);
}

function fileOf(columns: readonly Column[]): Uint8Array {
  const vectors = columns.map(({ vector }) => vector);
  const fields = columns.map(({ field }) => field);
  return encodeTable(fields, [{ rows: vectors[0]?.rows ?? 0, columns: vectors }]);
}

async function runSealed(
  world: World,
  options: DatasetOptions,
  wanted: readonly ResultRow[],
  job: (owner: string) => string = BY_CITY,
): Promise<Verdict> {
  const dataset = await sealDataset(world, { rows: [PEOPLE], ...options });
  const plan = await compilePlanFor(world, job);
  return judge(await runHost(world, { plan, nonce: drawNonce(), dataset }), world.analyst, wanted);
}

const KEYS = 60_000;
const PLACES: readonly ColumnEntry[] = [{ name: "place", type: "int64", role: "dimension" }];
const BY_PLACE = (owner: string): string => `
datasets:
  ${DATASET}: { owner: ${owner} }
group_by: [place]
select:
  - count
recipient: analyst
`;

const collide: Attack = {
  name: "an owner's keys all have one hash, so that a thread compares each with all before it, for as long as he likes",
  case: "B1",
  scene: "enclave",
  expects: "POOL_TIME",
  guard: [{ file: "enclave-worker/pool.ts", find: "overdue.abort();", replace: "" }],
  async run(world) {
    // The last place is somebody's ten times over, so that something comes of it all.
    const keys = [...collidingKeys(KEYS), ...new BigInt64Array(10)];
    const last = keys[KEYS - 1] ?? 0n;
    const places = keys.map((key) => (key === 0n ? last : key));
    return runSealed(
      world,
      {
        rows: [places.map((): Row => ({ person: "", city: "", amount: 0 }))],
        schema: PLACES,
        unit: "row",
        rules: { bounds: {} },
        encode: () => fileOf([columnOf("place", "int64", places)]),
      },
      [{ place: last, count: 11n }],
      BY_PLACE,
    );
  },
};

/** Of processor time: tens of milliseconds where each key takes as many steps as any, and several seconds else. */
const HELD_UP_MS = 1000;

/** Whether merging a partial of these keys would have held up all jobs of the enclave. */
function mergeKeys(keys: readonly KeyColumn[], groups: number): Promise<Verdict> {
  const most = Math.max(groups, ...keys.map(({ cells }) => cells.length));
  const merged = new MergedKeys(keys.length, most);
  const start = process.threadCpuUsage();
  merged.assign({ keys, groups });
  const { user, system } = process.threadCpuUsage(start);
  assert.equal(merged.size, groups);
  return Promise.resolve({ outcome: user + system > 1000 * HELD_UP_MS ? "succeeded" : "withheld" });
}

const collideInMerge: Attack = {
  name: "an owner's decimals agree in their lower 64 bits, by which JavaScript hashes them, to hold up the main thread",
  case: "B1",
  scene: "code",
  expects: "withheld",
  guard: [
    {
      file: "jobs/aggregate/merged-keys.ts",
      find: 'typeof cell === "bigint" ? cell.toString(16) : cell',
      replace: "cell",
    },
  ],
  run() {
    const cells = Array.from({ length: 20_000 }, (_, key) => BigInt(key) << 64n);
    return mergeKeys([{ codes: Int32Array.from(cells.keys()), cells }], cells.length);
  },
};

const collideInPairs: Attack = {
  name: "an owner's pairs of keys all have one hash in the main thread, where nothing ends what takes too long",
  case: "B1",
  scene: "code",
  expects: "withheld",
  guard: [
    { file: "jobs/aggregate/merged-keys.ts", find: "maxGroups, drawSecret());", replace: "maxGroups);" },
  ],
  run() {
    const pairs = collidingPairs(60_000);
    const cells = Array.from({ length: 2 ** 17 }, (_, key) => key);
    const column = (at: number): KeyColumn => ({
      codes: Int32Array.from(pairs.filter((_, place) => place % 2 === at)),
      cells,
    });
    return mergeKeys([column(0), column(1)], pairs.length / 2);
  },
};

const compress: Attack = {
  name: "an owner's batch says that it is compressed, for a reader that would inflate it to whatever size",
  case: "B2",
  scene: "enclave",
  expects: "COLUMN_COMPRESSED",
  guard: [
    {
      file: "core/column/batch.ts",
      find: 'if (header.has(3)) throw new SealroomError("COLUMN_COMPRESSED");',
      replace: "",
    },
  ],
  run: (world) =>
    runSealed(world, { encode: (rows) => compressedFile(columnsOf(rows)) }, naiveByCity(PEOPLE)),
};

/** Says so, and is not: what passes over the word reads on. */
function compressedFile(columns: readonly Column[]): Uint8Array {
  const nodes = columns.flatMap(({ vector: { rows } }) => [rows, 0]);
  const buffers: Uint8Array[] = [];
  const places: number[] = [];
  let at = 0;
  for (const array of columns.flatMap(({ vector }) => arraysOf(vector))) {
    const bytes = new Uint8Array(array.buffer, array.byteOffset, array.byteLength);
    const padding = new Uint8Array(-bytes.length & 7);
    places.push(at, bytes.length);
    buffers.push(bytes, padding);
    at += bytes.length + padding.length;
  }
  const record = [
    { kind: "i64", value: columns[0]?.vector.rows ?? 0 },
    { kind: "structs", value: nodes, numbersPerStruct: 2 },
    { kind: "structs", value: places, numbersPerStruct: 2 },
    COMPRESSION,
  ] as const;
  const fields = columns.map(({ field }) => field);
  return fileOfBatch(fields, record, new Uint8Array(Buffer.concat(buffers)));
}

function arraysOf(vector: Vector): readonly ArrayBufferView[] {
  const bitmap = new Uint8Array(0);
  if (vector.layout === "utf8") return [bitmap, vector.offsets, vector.bytes];
  if (vector.layout === "number" || vector.layout === "bits") return [bitmap, vector.values];
  throw new Error("no such column here");
}

const noText: Attack = {
  name: "an owner's cities are no text, and two that are too small to be shown read as one that is not",
  case: "B3",
  scene: "enclave",
  expects: "COLUMN_UTF8",
  guard: [
    {
      file: "core/column/text-buffers.ts",
      find: 'if (!isUtf8(bytes, first, last)) throw new SealroomError("COLUMN_UTF8", { column });',
      replace: "",
    },
  ],
  run(world) {
    const people = makeRows(1, 8, "no text").flat();
    const rows = people.map((row, at) => ({ ...row, city: at < 12 ? "p" : "q" }));
    const { field, vector } = columnOf(
      "city",
      "utf8",
      rows.map(({ city }) => city),
    );
    assert.ok(vector.layout === "utf8");
    // Neither byte is of any text; both are read as what stands for such.
    const bytes = vector.bytes.map((letter) => (letter === 0x70 ? 0xfe : 0xff));
    const encode = (): Uint8Array => fileOf(columnsOf(rows, { field, vector: { ...vector, bytes } }));
    const wanted = naiveByCity(rows.map((row) => ({ ...row, city: "\uFFFD" })));
    return runSealed(world, { rows: [rows], encode }, wanted);
  },
};

const otherType: Attack = {
  name: "an owner's object has amounts of another type than the manifest's, and cents are added up as euros",
  case: "B4",
  scene: "enclave",
  expects: "COLUMN_SCHEMA",
  guard: [
    {
      file: "core/column/schema.ts",
      find: "field.name !== entry.name || columnTypeName(field.type) !== entry.type",
      replace: "field.name !== entry.name",
    },
  ],
  run(world) {
    const rows = PEOPLE.map((row) => ({ ...row, amount: row.amount % 4 }));
    const cents = columnOf(
      "amount",
      "decimal(9,2)",
      rows.map(({ amount }) => BigInt(100 * amount)),
    );
    const wanted = naiveByCity(rows.map((row) => ({ ...row, amount: 100 * row.amount })));
    return runSealed(world, { rows: [rows], encode: () => fileOf(columnsOf(rows, cents)) }, wanted);
  },
};

const NO_COUNT: readonly Replacement[] = [
  { file: "enclave-worker/row-count.ts", find: "if (this.#left < 0) throw", replace: "if (NaN) throw" },
  { file: "enclave-worker/row-count.ts", find: "if (this.#left !== 0) throw", replace: "if (NaN) throw" },
  { file: "enclave-worker/compute.ts", find: " || seen.rows !== rows", replace: "" },
];

const moreRows: Attack = {
  name: "an owner's object has a row more than he signed for",
  case: "B5",
  scene: "enclave",
  expects: "OBJECT_ROWS",
  guard: NO_COUNT,
  run(world) {
    const rows = [...PEOPLE, { person: "one-more", city: "north", amount: 77 }];
    return runSealed(world, { encode: () => fileOf(columnsOf(rows)) }, naiveByCity(rows));
  },
};

const NUMBERS: readonly ColumnEntry[] = [{ name: "number", type: "int64", role: "dimension" }];
const SECRET = 0x0123_4567_89ab_cdefn;

const underNulls: Attack = {
  name: "what an owner's file has under its nulls, where nobody looked, goes on in a copy",
  case: "B6",
  scene: "code",
  expects: "withheld",
  guard: [{ file: "core/column/writer.ts", find: "if (nulls > 0) clearNulls(vector, rows);", replace: "" }],
  run() {
    const { field, vector } = columnOf("number", "int64", [1n, null, 3n]);
    assert.ok(vector.layout === "words");
    vector.words.set(new Uint32Array(BigInt64Array.of(SECRET).buffer), 2);
    const copy = encodeTable([field], [{ rows: 3, columns: [copied(NUMBERS, vector)] }]);
    const [kept] = parseTable(copy).batches[0]?.columns ?? [];
    assert.ok(kept?.layout === "words");
    const under = new BigInt64Array(kept.words.slice(2, 4).buffer)[0];
    return Promise.resolve({ outcome: under === SECRET ? "succeeded" : "withheld" });
  },
};

const unusedStrings: Attack = {
  name: "a dictionary of an owner's has names that no row has, and a copy lists them",
  case: "B6",
  scene: "code",
  expects: "withheld",
  guard: [
    {
      file: "jobs/tokenize/copy-column.ts",
      find: 'if (vector.layout === "dictionary") {\n      const coded',
      replace:
        'if (vector.layout === "dictionary") {\n      if (vector.rows > 0) return vector;\n      const coded',
    },
  ],
  run() {
    const field: ArrowField = { name: "name", type: typeOf("utf8"), dictionary: { id: 0, bits: 8 } };
    const vector = vectorOf({ field, cells: ["kept", "kept", "kept"] });
    assert.ok(vector.layout === "dictionary");
    const listed = { ...vector, values: [...vector.values, "left out"] };
    const kept = copied([{ name: "name", type: "utf8", role: "dimension" }], listed);
    assert.ok(kept.layout === "dictionary");
    return Promise.resolve({ outcome: kept.values.includes("left out") ? "succeeded" : "withheld" });
  },
};

/** The column as a copy has it where the rules say to keep it. */
function copied(schema: readonly ColumnEntry[], vector: Vector): Vector {
  const rows = { [schema[0]?.name ?? ""]: ["", "", ""] };
  const program = compileProgram(parsePlan(COPY_PLAN), [manifestOf({ schema, rows })]);
  const made = startKernel(program, { masters: [], maps: [] }).add({
    rows: vector.rows,
    unitStart: null,
    columns: [vector],
  });
  assert.ok(made !== null);
  const [column] = made.vectors;
  assert.ok(column !== undefined);
  return column;
}

export const BYTE_ATTACKS: readonly Attack[] = [
  collide,
  collideInMerge,
  collideInPairs,
  compress,
  noText,
  otherType,
  moreRows,
  underNulls,
  unusedStrings,
];
