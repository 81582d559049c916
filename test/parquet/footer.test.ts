// A Parquet file whose footer or pages lie: each lie by itself is a refusal of ours, soon and in little memory, and the
// decoder reads the next file.
import assert from "node:assert/strict";
import test from "node:test";
import { gzipSync, zstdCompressSync } from "node:zlib";
import { SealroomError } from "../../core/errors.ts";
import { i32Field, i64Field, listField, structField, textField } from "../../core/parquet/thrift-writer.ts";
import {
  codedPage,
  decoderOf,
  dictionaryPage,
  forge,
  MB,
  plainPage,
  readCells,
  type Forgery,
} from "./forger.ts";

async function verdict(bytes: Uint8Array, mostBytes = 64 * MB): Promise<string> {
  try {
    return JSON.stringify(await readCells(bytes, null, mostBytes));
  } catch (error) {
    if (!(error instanceof SealroomError)) throw error;
    return [error.code, ...Object.values(error.details)].join(" ");
  }
}

const HONEST = '[["10"],["20"],["30"]]';
const empty = structField([]);
const FAR = 2 ** 40;

test("a file that is put together by hand is read", async () => {
  assert.equal(await verdict(forge()), HONEST);
});

for (const [what, forgery, expected] of [
  ["a footer that is longer than the file", { footerBytes: 10_000 }, "COLUMN_PARQUET footer"],
  ["a footer of four gibibytes", { footerBytes: 0xffff_ffff }, "COLUMN_PARQUET footer"],
  ["a footer of nothing", { footerBytes: 0, footer: new Uint8Array(0) }, "COLUMN_PARQUET footer"],
  ["a footer that goes on behind its end", { footer: Uint8Array.of(0, 0) }, "COLUMN_PARQUET footer"],
  [
    "a list of more elements than there are bytes",
    { footer: Uint8Array.of(0x29, 0xfc, 0xff, 0xff, 0xff, 0x0f, 0) },
    "COLUMN_PARQUET footer",
  ],
  [
    "a number that does not end",
    { footer: Uint8Array.of(0x36, ...Array<number>(12).fill(0xff), 0) },
    "COLUMN_PARQUET footer",
  ],
  ["a field that comes twice", { footer: Uint8Array.of(0x15, 2, 0x05, 2, 2, 0) }, "COLUMN_PARQUET footer"],
  ["structs in structs without end", { footer: new Uint8Array(1000).fill(0x9c) }, "COLUMN_PARQUET footer"],
  ["an encrypted footer", { metadata: { 8: empty } }, "COLUMN_PARQUET footer"],
  ["more rows than its row groups have", { metadata: { 3: i64Field(4) } }, "COLUMN_PARQUET footer"],
  ["no schema", { metadata: { 2: null } }, "COLUMN_PARQUET row group"],
  ["two columns said of one", { root: { 5: i32Field(2) } }, "COLUMN_PARQUET schema"],
  ["a group of columns", { element: { 1: null, 5: i32Field(1) } }, "COLUMN_TYPE 0"],
  ["a repeated column", { element: { 3: i32Field(2) } }, "COLUMN_TYPE 0"],
  ["INT96", { element: { 1: i32Field(3) } }, "COLUMN_TYPE 0"],
  ["a physical type that there is not", { element: { 1: i32Field(8) } }, "COLUMN_TYPE 0"],
  ["bytes that are no text", { element: { 1: i32Field(6) } }, "COLUMN_TYPE 0"],
  ["a type that is annotated as a time of day", { element: { 6: i32Field(7) } }, "COLUMN_TYPE 0"],
  ["an annotation that is unknown", { element: { 10: structField([[15, empty]]) } }, "COLUMN_TYPE 0"],
  [
    "two annotations in one",
    {
      element: {
        10: structField([
          [1, empty],
          [6, empty],
        ]),
      },
    },
    "COLUMN_TYPE 0",
  ],
  [
    "a name that is no text",
    { element: { 4: { ...textField("c"), bytes: [1, 0xff] } } },
    "COLUMN_PARQUET schema",
  ],
  ["a row group of fewer columns", { group: { 1: listField([]) } }, "COLUMN_PARQUET row group"],
  ["a row group of fewer rows", { group: { 3: i64Field(2) } }, "COLUMN_PARQUET column chunk"],
  ["a row group of less than no rows", { group: { 3: i64Field(-1) } }, "COLUMN_PARQUET row group"],
  ["a column in another file", { chunk: { 1: textField("/etc/passwd") } }, "COLUMN_PARQUET column chunk"],
  ["an encrypted column", { chunk: { 8: empty } }, "COLUMN_PARQUET column chunk"],
  ["a column chunk of another type", { facts: { 1: i32Field(2) } }, "COLUMN_PARQUET column chunk"],
  [
    "a column chunk of another name",
    { facts: { 3: listField([textField("d")]) } },
    "COLUMN_PARQUET column chunk",
  ],
  ["a column chunk without facts", { chunk: { 3: null } }, "COLUMN_PARQUET column chunk"],
  ["a column chunk of more values", { facts: { 5: i64Field(4) } }, "COLUMN_PARQUET column chunk"],
  ["a column chunk behind the file", { facts: { 9: i64Field(FAR) } }, "COLUMN_PARQUET column chunk"],
  ["a column chunk before the file", { facts: { 9: i64Field(-8) } }, "COLUMN_PARQUET column chunk"],
  ["a column chunk in the first bytes", { facts: { 9: i64Field(3) } }, "COLUMN_PARQUET column chunk"],
  ["a column chunk into the footer", { facts: { 7: i64Field(60) } }, "COLUMN_PARQUET column chunk"],
  ["a dictionary behind its codes", { facts: { 11: i64Field(8) } }, "COLUMN_PARQUET column chunk"],
  ["a dictionary at 0, as where there is none", { facts: { 11: i64Field(0) } }, HONEST],
  ["a compression that there is not", { facts: { 4: i32Field(77) } }, "COLUMN_PARQUET pages"],
  ["a compression that it is not", { facts: { 4: i32Field(6) } }, "COLUMN_PARQUET pages"],
  ["pages that are cut", { facts: { 7: i64Field(8) } }, "COLUMN_PARQUET pages"],
  ["no pages at all", { facts: { 7: i64Field(0) } }, "COLUMN_PARQUET batch"],
  ["pages of zeros", { pages: new Uint8Array(64) }, "COLUMN_PARQUET pages"],
  ["a page of fewer values than it says", { pages: plainPage(new Uint8Array(8), 3) }, "COLUMN_PARQUET pages"],
  [
    "a page of fewer values than the chunk",
    { pages: plainPage(new Uint8Array(8), 2) },
    "COLUMN_PARQUET batch",
  ],
  ["codes into no dictionary", { pages: codedPage(3) }, "COLUMN_PARQUET pages"],
  [
    "codes past the dictionary",
    {
      pages: Buffer.concat([dictionaryPage(new Uint8Array(0), 0), codedPage(3)]),
      facts: { 9: i64Field(4 + dictionaryPage(new Uint8Array(0), 0).length), 11: i64Field(4) },
    },
    "COLUMN_PARQUET pages",
  ],
] as const satisfies readonly (readonly [string, Forgery, string])[]) {
  test(`${what}: ${expected}`, async () => {
    assert.equal(await verdict(forge(forgery)), expected);
    assert.equal(await verdict(forge()), HONEST);
  });
}

test("a row of nothing but a cut of a file is refused, wherever it is cut", async () => {
  const honest = forge();
  for (let length = 0; length < honest.length; length += 1) {
    assert.match(await verdict(honest.subarray(0, length)), /^COLUMN_PARQUET/, String(length));
  }
});

test("row groups that are more together than the file, since they say that they are the same, are refused before one is read", async () => {
  const pages = plainPage(new Uint8Array(4_000), 1_000);
  assert.equal((await readCells(forge({ rows: 1_000, pages }))).length, 1_000);
  assert.equal(await verdict(forge({ times: 14, rows: 1_000, pages })), "COLUMN_PARQUET column chunk");
});

/** Beside the honest memory of the module, which is some megabytes. */
const LITTLE = 24 * MB;

for (const [what, forgery, expected] of [
  [
    "a chunk that says that it is larger, decompressed, than a thread may have",
    { facts: { 6: i64Field(FAR) } },
    /^POOL_MEMORY/,
  ],
  [
    "more rows than a thread has room for",
    { rows: 2 ** 31, pages: plainPage(new Uint8Array(12), 3) },
    /^POOL_MEMORY/,
  ],
  [
    "a page of zstd that is 200 times what it says",
    {
      rows: 10,
      facts: { 4: i32Field(6) },
      pages: plainPage(zstdCompressSync(Buffer.alloc(100 * MB)), 10, 40),
    },
    /^(COLUMN_PARQUET pages|POOL_MEMORY)/,
  ],
  [
    "a page of gzip that says 100 MiB, and is so long, in a chunk that says 100 bytes",
    {
      rows: 10,
      facts: { 4: i32Field(2), 6: i64Field(100) },
      pages: plainPage(gzipSync(Buffer.alloc(100 * MB)), 10, 100 * MB),
    },
    /^(COLUMN_PARQUET pages|POOL_MEMORY)/,
  ],
  [
    "a page that says that it is 2 GiB long",
    { facts: { 4: i32Field(6) }, pages: plainPage(zstdCompressSync(new Uint8Array(12)), 3, 0x7fff_ffff) },
    /^(COLUMN_PARQUET pages|POOL_MEMORY)/,
  ],
  ["a text of 1 MiB that a thousand codes stand for", textBomb(1_000), /^(COLUMN_PARQUET pages|POOL_MEMORY)/],
  [
    "a text of 1 MiB that a million codes stand for",
    textBomb(1_000_000),
    /^(COLUMN_PARQUET pages|POOL_MEMORY)/,
  ],
] as const satisfies readonly (readonly [string, Forgery, RegExp])[]) {
  test(`a bomb is refused within its memory: ${what}`, async () => {
    assert.match(await verdict(forge(forgery), LITTLE), expected);
    assert.equal(await verdict(forge(), LITTLE), HONEST);
    assert.ok(decoderOf(LITTLE).memoryBytes <= LITTLE);
  });
}

function textBomb(rows: number): Forgery {
  const text = Buffer.alloc(MB, "x");
  const length = Buffer.alloc(4);
  length.writeUInt32LE(MB);
  const dictionary = dictionaryPage(new Uint8Array(Buffer.concat([length, text])), 1);
  const coded = codedPage(rows);
  const pages = new Uint8Array(Buffer.concat([dictionary, coded]));
  return {
    rows,
    pages,
    element: { 1: i32Field(6), 6: i32Field(0) },
    facts: { 1: i32Field(6), 9: i64Field(4 + dictionary.length), 11: i64Field(4) },
  };
}
