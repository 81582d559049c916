// CSV texts, in parts as they come to the enclave: the texts of what is read are the naive reader's.
import assert from "node:assert/strict";
import {
  CSV_DELIMITERS,
  CSV_DELIMITER_NAMES,
  parseDialect,
  type CsvDialect,
} from "../../core/csv/dialect.ts";
import { CsvFault } from "../../core/csv/fault.ts";
import { encodeCanonical, parseCanonical } from "../../core/json.ts";
import { Field } from "../../core/text/field.ts";
import { naiveCells, readCells } from "../csv/naive.ts";
import type { Dice } from "./dice.ts";
import { mutateBytes } from "./mutate.ts";
import { mutateJson } from "./text.ts";
import type { Context, Target } from "./target.ts";

const ROWS = [
  'ann,"so, uth",12,1.5,2024-02-29,true,2024-02-29T01:02:03.5Z',
  'ben,"a ""b""",-7,0.25,1969-12-31,F,2024-02-29 01:02:03+05:30',
  ',,,,,,\r\n"","lines\r\nof it",0,-.5e-3,0000-01-01,1,2024-02-29',
  "üé€😀,x,2147483647,99999999.99999999,9999-12-31,no,1970-01-01T00:00:00Z",
];
const TYPES = ["utf8", "utf8", "int32", "float64", "date", "bool", "timestamp[UTC]"];

const SEEDS: readonly Uint8Array[] = CSV_DELIMITER_NAMES.flatMap((name) =>
  ["\r\n", "\n"].map((end) => {
    const text = `\ufeff${ROWS.join(end)}${name === "comma" ? "" : end}`;
    // The texts of other lines' ends are mutants to begin with.
    const lines = text.replaceAll("\r\n", end);
    return Uint8Array.from(Buffer.from(lines.replaceAll(",", CSV_DELIMITERS[name])));
  }),
);

/** Of the syntax: bytes that mean something, put in, taken out, or in place of others. */
function mutateSyntax(bytes: Uint8Array, dice: Dice): Uint8Array {
  const marks = ['"', '""', ",", ";", "\t", "|", "\r", "\n", "\r\n", "\0", "-", "é", "9".repeat(30)];
  const at = dice.below(bytes.length + 1);
  const mark = Buffer.from(dice.pick(marks));
  const rest = dice.pick([at, at + 1, at + mark.length]);
  return new Uint8Array(Buffer.concat([bytes.subarray(0, at), mark, bytes.subarray(rest)]));
}

function decode(input: Uint8Array, { dice, seed }: Context): void {
  const place = SEEDS.findIndex((each) => each === seed) >> 1;
  const delimiter = CSV_DELIMITER_NAMES[Math.max(0, place)] ?? "comma";
  const dialect: CsvDialect = { delimiter, header: "none", nulls: dice.pick([[""], [], ["", "x"]]) };
  const parts = dice.pick([[input.length], [1, 7, 64], [3]]);
  const texts = { schema: TYPES.map((_, i) => ({ name: `c${i}`, type: "utf8" })), dialect };
  const read = readCells(input, { ...texts, columns: TYPES.map((_, i) => i) }, parts);
  assert.deepEqual(read.rows, naiveCells(Buffer.from(input).toString(), dialect));
  const typed = TYPES.map((type, i) => ({ name: `c${i}`, type }));
  readCells(input, { schema: typed, dialect, columns: [6, 5, 4, 3, 2] }, parts);
}

export const CSV_TARGETS: readonly Target[] = [
  {
    name: "CSV text",
    seeds: SEEDS,
    mutations: [mutateSyntax, mutateSyntax, mutateBytes],
    decode,
    share: 2,
    codes: 6,
    accepts: true,
    refusal: (error) => (error instanceof CsvFault ? error.part : undefined),
  },
  {
    name: "CSV dialect",
    seeds: [["", "NA"], []].map((nulls) => encodeCanonical({ delimiter: "tab", header: "names", nulls })),
    mutations: [mutateJson],
    decode: (input) => {
      const dialect = parseDialect(
        new Field(parseCanonical(input, { bytes: 4096, depth: 3, values: 40 }), "csv", "MANIFEST_FIELD"),
      );
      assert.ok(dialect.nulls.every((token) => !token.includes(CSV_DELIMITERS[dialect.delimiter])));
    },
    codes: 3,
    accepts: true,
  },
];
