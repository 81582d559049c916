// What a hostile writer can put into an Arrow file, one fault at a time, and the code each is refused with.
import assert from "node:assert/strict";
import test from "node:test";
import { compressBatch, emptyDictionaryColumn } from "./hostile.ts";
import {
  checkTotal,
  MAX_DICTIONARY_BYTES,
  MAX_DICTIONARY_VALUES,
  type DictionaryLayout,
} from "../../core/column/dictionary.ts";
import { checkFirstUnit } from "../../core/column/vectors.ts";
import { encodeFlatbuffer, type TableSpec } from "../../core/column/flatbuffer-encoder.ts";
import { footerBytes, MAX_FOOTER_BYTES, parseFooter } from "../../core/column/footer.ts";
import { checkSchema, type ArrowField } from "../../core/column/schema.ts";
import { schemaSpec } from "../../core/column/schema-encoder.ts";
import { encodeTable, parseTable } from "../../core/column/table.ts";
import { MAX_BATCH_ROWS, UNIT_START_FIELD } from "../../core/column/type.ts";
import type { Vector } from "../../core/column/vector.ts";
import { SealroomError, type ErrorCode } from "../../core/errors.ts";
import type { ColumnEntry } from "../../core/manifest/manifest.ts";
import { typeOf, vectorOf } from "./cells.ts";

function refused(code: ErrorCode, run: () => unknown): void {
  assert.throws(run, (error) => error instanceof SealroomError && error.code === code, code);
}

function field(name: string, type: string): ArrowField {
  return { name, type: typeOf(type), dictionary: null };
}

const int32 = (rows: number, validity: Uint8Array | null = null): Vector => ({
  type: typeOf("int32"),
  rows,
  validity,
  layout: "number",
  values: Int32Array.from({ length: rows }, (_, i) => i + 1),
});

const text = (bytes: Uint8Array, offsets: readonly number[]): Vector => ({
  type: typeOf("utf8"),
  rows: offsets.length - 1,
  validity: null,
  layout: "utf8",
  offsets: Int32Array.from(offsets),
  bytes,
});

function tableOf(vector: Vector, type: string): Uint8Array {
  return encodeTable([field("a", type)], [{ rows: vector.rows, columns: [vector] }]);
}

/** Finds the one place of a 64-bit number in the metadata and overwrites it. */
function patchNumber(file: Uint8Array, from: bigint, to: bigint): Uint8Array {
  const patched = file.slice();
  const view = new DataView(patched.buffer);
  let found = 0;
  for (let at = 0; at + 8 <= patched.length; at += 4) {
    if (view.getBigInt64(at, true) !== from) continue;
    view.setBigInt64(at, to, true);
    found += 1;
  }
  assert.ok(found > 0, "a place to patch");
  return patched;
}

test("bytes that are no Arrow file, or one too short to be one, have no footer", () => {
  refused("COLUMN_FOOTER", () => footerBytes(new Uint8Array(0), 0));
  refused("COLUMN_FOOTER", () => footerBytes(new Uint8Array(9), 9));
  refused("COLUMN_FOOTER", () => footerBytes(new Uint8Array(4_096), 4_096));
});

test("a footer length that is negative, zero, past the file or past the limit is refused", () => {
  const file = tableOf(int32(3), "int32");
  const withLength = (length: number): Uint8Array => {
    const patched = file.slice();
    new DataView(patched.buffer).setInt32(patched.length - 10, length, true);
    return patched;
  };
  for (const length of [-1, 0, 7, file.length, 0x7fffffff]) {
    refused("COLUMN_FOOTER", () => parseFooter(withLength(length), file.length));
  }
  refused("COLUMN_LIMIT", () => footerBytes(withLength(MAX_FOOTER_BYTES + 1), 2 ** 40));
});

test("a tail shorter than the footer tells how much is needed, and is not parsed", () => {
  const file = tableOf(int32(3), "int32");
  const needed = footerBytes(file.subarray(file.length - 10), file.length);
  assert.ok(needed > 10 && needed < file.length);
  refused("COLUMN_FOOTER", () => parseFooter(file.subarray(file.length - needed + 1), file.length));
  assert.deepEqual(parseFooter(file.subarray(file.length - needed), file.length).fields, [
    field("a", "int32"),
  ]);
});

test("offsets that fall, begin below zero or pass the bytes are refused", () => {
  const bytes = new TextEncoder().encode("abcdef");
  const good = tableOf(text(bytes, [0, 2, 6]), "utf8");
  const at = good.findIndex(
    (_, i) =>
      i % 4 === 0 &&
      new DataView(good.buffer).getInt32(i, true) === 2 &&
      new DataView(good.buffer).getInt32(i + 4, true) === 6,
  );
  assert.ok(at > 0);
  for (const [where, value] of [
    [at, 7],
    [at + 4, 1],
    [at + 4, 100],
    [at + 4, -1],
    [at - 4, -1],
    [at - 4, 3],
  ] as const) {
    const patched = good.slice();
    new DataView(patched.buffer).setInt32(where, value, true);
    refused("COLUMN_OFFSETS", () => parseTable(patched));
  }
});

for (const [what, bytes] of [
  ["a lone continuation byte", [0x80]],
  ["an overlong slash", [0xc0, 0xaf]],
  ["an overlong three-byte form", [0xe0, 0x80, 0xaf]],
  ["an overlong four-byte form", [0xf0, 0x80, 0x80, 0xaf]],
  ["a high surrogate", [0xed, 0xa0, 0x80]],
  ["a low surrogate", [0xed, 0xbf, 0xbf]],
  ["a code point past U+10FFFF", [0xf4, 0x90, 0x80, 0x80]],
  ["a five-byte lead", [0xf8, 0x88, 0x80, 0x80, 0x80]],
  ["a sequence cut short", [0xe2, 0x82]],
] as const) {
  test(`text with ${what} is refused`, () => {
    const plain = [...new TextEncoder().encode("long enough to be read by words ")];
    for (const all of [[...bytes], [...plain, ...bytes], [...plain, ...bytes, ...plain]]) {
      refused("COLUMN_UTF8", () => parseTable(tableOf(text(Uint8Array.from(all), [0, all.length]), "utf8")));
    }
  });
}

test("a value that ends inside a character is refused, though the buffer as a whole is valid", () => {
  refused("COLUMN_UTF8", () => parseTable(tableOf(text(new TextEncoder().encode("€"), [0, 1, 3]), "utf8")));
});

test("NUL and a byte order mark are text like any other", () => {
  const bytes = new TextEncoder().encode("\0\uFEFFx");
  const [batch] = parseTable(tableOf(text(bytes, [0, 1, 5]), "utf8")).batches;
  assert.deepEqual(batch?.columns[0]?.layout === "utf8" && batch.columns[0].offsets, Int32Array.of(0, 1, 5));
});

test("a null count that the validity bits do not bear out is refused", () => {
  const file = tableOf(int32(100, Uint8Array.of(0b1111_0111, ...new Array<number>(12).fill(0xff))), "int32");
  assert.equal(parseTable(file).batches[0]?.rows, 100);
  // The node is (rows, nulls): 100 and 1.
  const view = new DataView(file.buffer);
  const node = file.findIndex(
    (_, i) =>
      i % 8 === 0 &&
      i + 16 < file.length &&
      view.getBigInt64(i, true) === 100n &&
      view.getBigInt64(i + 8, true) === 1n,
  );
  for (const [nulls, code] of [
    [2n, "COLUMN_VALIDITY"],
    [101n, "COLUMN_LAYOUT"],
    [-1n, "COLUMN_METADATA"],
  ] as const) {
    const patched = file.slice();
    new DataView(patched.buffer).setBigInt64(node + 8, nulls, true);
    refused(code, () => parseTable(patched));
  }
});

test("more rows in a batch than buffers or limits hold are refused before anything is fetched", () => {
  const file = tableOf(int32(100), "int32");
  refused("COLUMN_LAYOUT", () => parseTable(patchNumber(file, 100n, 101n * 16n)));
  refused("COLUMN_LIMIT", () => parseTable(patchNumber(file, 100n, BigInt(MAX_BATCH_ROWS) + 1n)));
  refused("COLUMN_LIMIT", () => parseTable(patchNumber(file, 100n, 2n ** 40n)));
  refused("COLUMN_METADATA", () => parseTable(patchNumber(file, 100n, 2n ** 62n)));
  refused("COLUMN_METADATA", () => parseTable(patchNumber(file, 100n, -100n)));
});

test("buffers that overlap are refused, in whatever order they lie", () => {
  const fields: readonly ArrowField[] = [
    { name: "a", type: typeOf("int32"), dictionary: null },
    { name: "b", type: typeOf("int32"), dictionary: null },
  ];
  const vector = int32(100);
  const file = encodeTable(fields, [{ rows: 100, columns: [vector, vector] }]);
  // The second column's buffer lies at 448, and nothing else has that number.
  assert.equal(parseTable(file).batches[0]?.rows, 100);
  assert.equal(parseTable(patchNumber(file, 448n, 448n)).batches[0]?.rows, 100);
  for (const offset of [0n, 8n, 64n, 392n]) {
    refused("COLUMN_LAYOUT", () => parseTable(patchNumber(file, 448n, offset)));
  }
  assert.equal(parseTable(patchNumber(file, 448n, 400n)).batches[0]?.rows, 100);
});

test("a compressed batch is refused as such", () => {
  refused("COLUMN_COMPRESSED", () => parseTable(compressBatch()));
});

test("a code past its dictionary is refused, except in a null row", () => {
  const fields: readonly ArrowField[] = [
    { name: "d", type: typeOf("utf8"), dictionary: { id: 4, bits: 16 } },
  ];
  const codes = (code: number, validity: Uint8Array | null): Uint8Array => {
    const vector: Vector = {
      type: typeOf("utf8"),
      rows: 3,
      validity,
      layout: "dictionary",
      codes: Int16Array.of(0, code, 1),
      values: ["x", "y"],
    };
    return encodeTable(fields, [{ rows: 3, columns: [vector] }]);
  };
  assert.equal(parseTable(codes(1, null)).batches[0]?.rows, 3);
  for (const code of [2, -1, 32_767, -32_768]) {
    refused("COLUMN_DICTIONARY", () => parseTable(codes(code, null)));
  }
  assert.equal(parseTable(codes(2, Uint8Array.of(0b101))).batches[0]?.rows, 3);
});

test("codes of any width are refused exactly where one is past its dictionary, wherever it stands", () => {
  const widths = [
    { bits: 8, array: Int8Array, most: 127 },
    { bits: 16, array: Int16Array, most: 32_767 },
    { bits: 32, array: Int32Array, most: 2_147_483_647 },
  ] as const;
  for (const { bits, array, most } of widths) {
    const fields: readonly ArrowField[] = [{ name: "d", type: typeOf("utf8"), dictionary: { id: 0, bits } }];
    for (const size of [1, 2, 100, 128, 129, 300]) {
      const values = Array.from({ length: size }, (_, i) => `v${i}`);
      for (let at = 0; at < 9; at += 1) {
        for (const code of [0, size - 1, size, size + 1, most, -1, -most - 1]) {
          if (code > most) continue;
          const codes = new array(9).fill(Math.min(size - 1, most));
          codes[at] = code;
          const base = { type: typeOf("utf8"), rows: 9, validity: null, layout: "dictionary" } as const;
          const file = encodeTable(fields, [{ rows: 9, columns: [{ ...base, codes, values }] }]);
          if (code >= 0 && code < size) assert.equal(parseTable(file).batches[0]?.rows, 9);
          else refused("COLUMN_DICTIONARY", () => parseTable(file));
        }
      }
    }
  }
});

test("dictionaries that are too much together are refused before one of them is fetched", () => {
  const of = (rows: number, bytes: number): DictionaryLayout => {
    const none = { start: 0, end: 0 };
    const values = { start: 8, end: 8 + bytes };
    return { column: 0, batch: { rows, columns: [{ nullCount: 0, validity: none, offsets: none, values }] } };
  };
  const most = of(MAX_DICTIONARY_VALUES, 8);
  checkTotal([most, most, most, most]);
  refused("COLUMN_LIMIT", () => {
    checkTotal([most, most, most, most, of(1, 0)]);
  });
  checkTotal([of(1, MAX_DICTIONARY_BYTES), of(1, MAX_DICTIONARY_BYTES)]);
  refused("COLUMN_LIMIT", () => {
    checkTotal([of(1, MAX_DICTIONARY_BYTES), of(1, MAX_DICTIONARY_BYTES), of(1, 1)]);
  });
});

test("a dictionary column without its dictionary batch is refused", () => {
  refused("COLUMN_DICTIONARY", () => parseTable(emptyDictionaryColumn()));
});

function footerOf(fields: readonly TableSpec[], numbers: readonly number[] = []): Uint8Array {
  const footer = encodeFlatbuffer([
    { kind: "i16", value: 4 },
    { kind: "table", value: [null, { kind: "tables", value: fields }] },
    null,
    { kind: "structs", value: numbers, numbersPerStruct: 3 },
  ]);
  const file = new Uint8Array(4_096 + footer.length + 10);
  file.set(footer, 4_096);
  new DataView(file.buffer).setInt32(4_096 + footer.length, footer.length, true);
  file.set(new TextEncoder().encode("ARROW1"), file.length - 6);
  return file;
}

test("blocks that overlap, leave the file, lie askew or have no metadata are refused", () => {
  const parse = (...numbers: number[]): unknown => {
    const file = footerOf([], numbers);
    return parseFooter(file, file.length);
  };
  parse(8, 64, 64, 136, 64, 0);
  refused("COLUMN_LAYOUT", () => parse(8, 64, 65, 136, 64, 0));
  refused("COLUMN_LAYOUT", () => parse(8, 64, 4_096));
  refused("COLUMN_LAYOUT", () => parse(12, 64, 0));
  refused("COLUMN_LAYOUT", () => parse(8, 0, 64));
  refused("COLUMN_LAYOUT", () => parse(0, 64, 64));
  refused("COLUMN_METADATA", () => parse(8, 64, -64));
  refused("COLUMN_METADATA", () => parse(-8, 64, 64));
  refused("COLUMN_LIMIT", () => parse(8, 1 << 20, 0));
});

test("types that a sealed table does not hold, and nested ones to any depth, are refused", () => {
  const leaf: TableSpec = [
    { kind: "string", value: "x" },
    null,
    { kind: "u8", value: 5 },
    { kind: "table", value: [] },
  ];
  const parse = (spec: TableSpec): unknown => {
    const file = footerOf([spec]);
    return parseFooter(file, file.length);
  };
  parse(leaf);
  for (const number of [0, 1, 4, 9, 11, 12, 13, 14, 15, 16, 17, 18, 19, 21, 22, 23, 24, 200]) {
    refused("COLUMN_TYPE", () =>
      parse([leaf[0] ?? null, null, { kind: "u8", value: number }, { kind: "table", value: [] }]),
    );
  }
  let nested = leaf;
  for (let depth = 0; depth < 1_000; depth += 1) {
    nested = [
      leaf[0] ?? null,
      null,
      { kind: "u8", value: 12 },
      { kind: "table", value: [] },
      null,
      { kind: "tables", value: [nested] },
    ];
  }
  refused("COLUMN_TYPE", () => parse(nested));
});

test("more fields than a manifest may name are refused before they are read", () => {
  const file = footerOf(Array.from({ length: 1_026 }, (): TableSpec => []));
  refused("COLUMN_LIMIT", () => parseFooter(file, file.length));
});

test("two columns that share a dictionary id are refused", () => {
  const shared = (name: string): ArrowField => ({
    name,
    type: typeOf("utf8"),
    dictionary: { id: 1, bits: 8 },
  });
  const [, fields] = schemaSpec([shared("a"), shared("b")]);
  assert.ok(fields?.kind === "tables");
  const file = footerOf(fields.value);
  refused("COLUMN_DICTIONARY", () => parseFooter(file, file.length));
});

const SCHEMA: readonly ColumnEntry[] = [
  { name: "who", type: "int64", role: "unit" },
  { name: "what", type: "utf8", role: "dimension" },
];
const FIELDS: readonly ArrowField[] = [
  field("who", "int64"),
  field("what", "utf8"),
  field(UNIT_START_FIELD, "bool"),
];

test("columns that differ from the manifest in number, name, type or order are refused", () => {
  const [who, what, start] = FIELDS as [ArrowField, ArrowField, ArrowField];
  checkSchema(FIELDS, SCHEMA, "column");
  checkSchema([who, what], SCHEMA, "row");
  for (const fields of [
    [],
    [who, what],
    [what, who, start],
    [who, start, what],
    [start, who, what],
    [who, what, start, field("extra", "int8")],
    [who, what, field("extra", "bool")],
    [who, what, field("__proto__", "bool")],
    [who, field("__proto__", "utf8"), start],
    [who, who, start],
    [who, field("what", "int32"), start],
    [field("who", "int32"), what, start],
    [field("Who", "int64"), what, start],
    [who, what, field(UNIT_START_FIELD, "int8")],
  ]) {
    refused("COLUMN_SCHEMA", () => {
      checkSchema(fields, SCHEMA, "column");
    });
  }
  refused("COLUMN_SCHEMA", () => {
    checkSchema(FIELDS, SCHEMA, "row");
  });
});

test("a dictionary-encoded column is of its values' type", () => {
  checkSchema(
    [field("who", "int64"), { name: "what", type: typeOf("utf8"), dictionary: { id: 0, bits: 8 } }],
    SCHEMA,
    "row",
  );
});

test("unit-start bits with a null, or a first row that starts no unit, are refused", () => {
  const fields = [field("a", "int32"), field(UNIT_START_FIELD, "bool")];
  const file = (starts: readonly (boolean | null)[]): Uint8Array =>
    encodeTable(fields, [
      { rows: 3, columns: [int32(3), vectorOf({ field: fields[1] ?? field("", "bool"), cells: starts })] },
    ]);
  const [good] = parseTable(file([true, false, true])).batches;
  assert.ok(good !== undefined);
  assert.deepEqual(good.unitStart, Uint8Array.of(0b101));
  checkFirstUnit(good);
  refused("COLUMN_UNIT", () => parseTable(file([true, null, true])));
  const [late] = parseTable(file([false, false, true])).batches;
  assert.ok(late !== undefined);
  refused("COLUMN_UNIT", () => {
    checkFirstUnit(late);
  });
});

test("the writer refuses vectors that do not fit their fields, so that nothing behind them is exported", () => {
  const write = (vector: Vector, type: string, rows: number): unknown =>
    encodeTable([field("a", type)], [{ rows, columns: [vector] }]);
  for (const [vector, type, rows] of [
    [int32(3), "int32", 4],
    [int32(3), "int64", 3],
    [int32(3), "utf8", 3],
    [int32(3), "bool", 3],
    [int32(16, Uint8Array.of(1)), "int32", 16],
    [text(Uint8Array.of(65), [0, 1]), "int32", 1],
    [text(Uint8Array.of(65), [1, 1]), "utf8", 1],
    [int32(MAX_BATCH_ROWS + 1), "int32", MAX_BATCH_ROWS + 1],
  ] as const) {
    assert.throws(() => write(vector, type, rows), RangeError);
  }
  assert.throws(() => encodeTable([field("a", "int32")], [{ rows: 1, columns: [] }]), RangeError);
});
