// The fast way to read a CSV file against DuckDB's: what it takes it takes as DuckDB does, field by field and bit by bit;
// the rest it leaves to DuckDB. Whatever it does not take is only slower.
import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import test, { after, before } from "node:test";
import fc from "fast-check";
import { CSV_DELIMITERS } from "../../core/csv/dialect.ts";
import { CsvFault } from "../../core/csv/fault.ts";
import { readFloat } from "../../core/csv/float.ts";
import { valuesPutter } from "../../core/csv/put.ts";
import { textConversion } from "../../owner/read/convert.ts";
import { openDatabase, queryRows, type Database } from "../../owner/read/database.ts";
import { vectorData, vectorValidity } from "../../owner/read/duckdb-vector.ts";
import { openInputs } from "../../owner/read/input.ts";
import { PlainCsv } from "../../owner/read/plain-csv.ts";
import { recordLayout, recordMemory } from "../../owner/order/record-layout.ts";
import { Scanner } from "../../owner/read/scan.ts";
import { spellerOf, spellingOf } from "../../owner/read/spelling.ts";
import { sqlList } from "../../owner/read/sql.ts";
import { typeOf } from "../column/cells.ts";
import { TYPE_NAMES } from "../column/model.ts";

const directory = mkdtempSync(join(tmpdir(), "sealroom-plain-"));
let database: Database;
let scanner: Scanner;
before(async () => {
  database = await openDatabase({ memoryBytes: 200_000_000, threads: 1 });
  scanner = new Scanner(database.connection);
});
after(() => {
  database.close();
  rmSync(directory, { recursive: true });
});

const digits = (most: number): fc.Arbitrary<string> =>
  fc.array(fc.constantFrom(...Array.from("0123456789")), { maxLength: most }).map((all) => all.join(""));
const part = fc.constantFrom(
  ...Array.from("0123456789.-+eETZ: "),
  "",
  "00",
  "nan",
  "inf",
  "UTC",
  "\t",
  "_",
  "true",
  "F",
  "١",
);
const two = fc.integer({ min: 0, max: 70 }).map((n) => String(n).padStart(2, "0"));
const day = fc
  .tuple(fc.integer({ min: 0, max: 9_999 }), fc.integer({ min: 0, max: 13 }), fc.integer({ min: 0, max: 32 }))
  .map(([y, m, d]) =>
    [String(y).padStart(4, "0"), String(m).padStart(2, "0"), String(d).padStart(2, "0")].join("-"),
  );
const time = fc
  .tuple(
    day,
    fc.constantFrom("T", " ", ""),
    fc.tuple(fc.integer({ min: 0, max: 25 }), two, two),
    fc.oneof(
      fc.constant(""),
      digits(8).map((all) => `.${all}`),
    ),
    fc.constantFrom("", "Z", "+02:00", "-03:30", "+00", " UTC", "z", "+15:59", "+16:00", "-0100"),
  )
  .map(([date, between, [h, m, s], fraction, zone]) =>
    [date, between, String(h).padStart(2, "0"), ":", m, ":", s, fraction, zone].join(""),
  );
const number = fc
  .tuple(
    fc.constantFrom("", "-", "+"),
    digits(22),
    fc.constantFrom("", "."),
    digits(14),
    fc.constantFrom("", "", "0", "e-3"),
  )
  .map((all) => all.join(""));
const doubles = fc.double({ noNaN: true }).map(String);
const bounds = fc.constantFrom(
  "127",
  "-128",
  "128",
  "255",
  "256",
  "32767",
  "-32769",
  "2147483648",
  "-2147483648",
);
const wide = fc.bigInt(-(2n ** 65n), 2n ** 65n).map(String);
const spelled = fc.oneof(
  number,
  doubles,
  wide,
  bounds,
  day,
  time,
  fc.array(part, { maxLength: 12 }).map((all) => all.join("")),
);

/** What DuckDB makes of texts: the bytes of each value, or null where it does not convert. */
async function byDuckDB(
  texts: readonly string[],
  typeName: string,
  width: number,
): Promise<(string | null)[]> {
  const { value, exact } = textConversion("c0", typeOf(typeName), []);
  const relation = `(SELECT unnest(${sqlList(texts)}) AS c0)`;
  const found: (string | null)[] = [];
  await scanner.run([value, exact], { file: "", relation }, (chunk) => {
    const rows = chunk.rowCount;
    const data = vectorData(chunk, 0, rows * width);
    const isExact = vectorData(chunk, 1, rows);
    const validity = vectorValidity(chunk, 0, rows);
    for (let row = 0; row < rows; row += 1) {
      const isThere = validity === null || (((validity[row >> 3] ?? 0) >> (row & 7)) & 1) === 1;
      const bytes = Buffer.from(data.subarray(row * width, (row + 1) * width)).toString("hex");
      found.push(isExact[row] === 1 && isThere ? bytes : null);
    }
  });
  return found;
}

for (const name of TYPE_NAMES.filter((type) => type !== "utf8")) {
  test(`text that is taken for a ${name} is what DuckDB takes it for, to the bit`, async () => {
    const type = typeOf(name);
    const column = { name: "c", type: name, role: "hidden", arrowType: type } as const;
    const width = recordLayout([column], null).fields[0]?.width ?? 8;
    const texts = fc.sample(spelled, { numRuns: 3_000, seed: 20_261_123 });
    const memory = recordMemory(4);
    const put = valuesPutter(type, width, memory);
    const expected = await byDuckDB(texts, name, width);
    let taken = 0;
    for (const [i, text] of texts.entries()) {
      const bytes = Buffer.from(`"${text}"`);
      memory.bytes.fill(0xee);
      try {
        const column = { starts: Int32Array.of(1), lengths: Int32Array.of(bytes.length - 2) };
        put(new Uint8Array(bytes), column, new Uint8Array(1), 1);
      } catch (error) {
        assert.ok(error instanceof CsvFault);
        continue;
      }
      taken += 1;
      assert.equal(Buffer.from(memory.bytes.subarray(0, width)).toString("hex"), expected[i], text);
    }
    assert.ok(taken > (name === "bool" ? 5 : 30), `${taken} taken`);
  });

  test(`a common spelling of a ${name} is one that its pattern takes`, () => {
    const type = typeOf(name);
    const pattern = spellingOf(type);
    const looksRight = spellerOf(type);
    assert.ok(pattern !== null && looksRight !== null);
    const naive = new RegExp(`^[ \t]*(${pattern.source})[ \t]*$`, pattern.ignoresCase ? "i" : "");
    for (const text of fc.sample(spelled, 3_000)) {
      const bytes = new Uint8Array(Buffer.from(text));
      assert.equal(looksRight(bytes, 0, bytes.length), naive.test(text), text);
    }
  });
}

test("doubles of up to 19 digits are rounded once, to the nearest", () => {
  const many = fc.tuple(fc.bigInt(10n ** 15n, 10n ** 19n - 1n), fc.nat(18));
  const check = (text: string): void => {
    const bytes = new Uint8Array(Buffer.from(text));
    assert.ok(Object.is(readFloat(bytes, 0, bytes.length), Number(text)), text);
  };
  fc.assert(
    fc.property(many, ([value, places]) => {
      const text = value.toString();
      check(`${text.slice(0, text.length - places)}.${text.slice(text.length - places)}`.replace(/[.]$/, ""));
    }),
    { numRuns: 20_000 },
  );
  // Halfway between two doubles, and next to it.
  for (const text of [
    "9007199254740993",
    "9007199254740992.999",
    "9007199254740993.001",
    "4503599627370497.5",
    "1.0000000000000001110",
  ]) {
    check(text);
    check(`-${text}`);
  }
});

const field = fc.oneof(
  fc.constantFrom(
    "",
    "a",
    "bc",
    "é€",
    " x ",
    "1.5",
    "NA",
    '""',
    '"a"',
    '"a,b"',
    '"q""q"',
    '"l\nf"',
    '"c\r\nl"',
  ),
  fc
    .array(fc.constantFrom("a", ",", '"', "\n", "\r", "\r\n", " ", "é"), { maxLength: 4 })
    .map((all) => all.join("")),
);
const file = fc
  .tuple(
    fc.constantFrom("\n", "\r\n"),
    fc.array(fc.array(field, { minLength: 2, maxLength: 2 }), { maxLength: 6 }),
    fc.boolean(),
  )
  .map(([end, records, isEnded]) => {
    const lines = ["h,k", ...records.map((fields) => fields.join(","))].join(end);
    return isEnded ? lines + end : lines;
  });

function readPlain(path: string, delimiter = ","): string[][] | null {
  const csv = new PlainCsv(path, delimiter, 2);
  const records: string[][] = [];
  try {
    csv.skipHeader();
    for (let rows = csv.next(); rows > 0; rows = csv.next()) {
      for (let row = 0; row < rows; row += 1) {
        records.push(
          csv.columns.map(({ starts, lengths }) => {
            const start = starts[row] ?? 0;
            return Buffer.from(csv.source.bytes.subarray(start, start + (lengths[row] ?? 0))).toString();
          }),
        );
      }
    }
    return records;
  } catch (error) {
    assert.ok(error instanceof CsvFault);
    return null;
  } finally {
    csv.close();
  }
}

test("records that are taken are DuckDB's records: quotes, line breaks, empty fields, a last line without an end", async () => {
  let taken = 0;
  await fc.assert(
    fc.asyncProperty(file, fc.constantFrom(...Object.values(CSV_DELIMITERS)), async (commas, delimiter) => {
      const text = commas.replaceAll(",", delimiter);
      const path = join(directory, "random.csv");
      writeFileSync(path, text);
      const plain = readPlain(path, delimiter);
      if (plain === null) return;
      taken += 1;
      const [input] = await openInputs(database, [path], { nullTokens: [], delimiter });
      const rows = await queryRows(database.connection, `SELECT c0, c1 FROM ${input?.relation ?? ""}`);
      assert.deepEqual(
        plain,
        rows.map((row) => [row["c0"], row["c1"]]),
      );
    }),
    { numRuns: 200 },
  );
  assert.ok(taken > 25, `${taken} taken`);
});

test("a record that lies across two reads of the file comes out whole, a doubled quote in it as one", () => {
  const path = join(directory, "long.csv");
  const records = Array.from({ length: 90_000 }, (_, i) => [
    `${i}`,
    i % 3 === 0 ? `q"${"z".repeat(i % 200)}` : "plain",
  ]);
  const text = records.map(
    ([a = "", b = ""]) => `${a},${b.includes('"') ? `"${b.replaceAll('"', '""')}"` : b}\n`,
  );
  writeFileSync(path, `h,k\n${text.join("")}`);
  assert.deepEqual(readPlain(path), records);
});

for (const [what, text] of [
  ["a byte order mark", "\ufeffh,k\na,b\n"],
  ["a record longer than the buffer", `h,k\na,${"x".repeat(5_000_000)}\n`],
  ["bytes that are not UTF-8", Buffer.from("h,k\n\xff,b\n", "latin1")],
  ["a zero byte", "h,k\na\0,b\n"],
  ["a quote that does not end", 'h,k\na,"b\n'],
  ["lines of other ends", "h,k\r\na,b\n"],
  ["an empty line", "h,k\n\na,b\n"],
] as const) {
  test(`${what} is left to DuckDB`, () => {
    const path = join(directory, "other.csv");
    writeFileSync(path, text);
    assert.equal(readPlain(path), null);
  });
}
