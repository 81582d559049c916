// The values that detectors look at, of columns with many, few and no values.
import assert from "node:assert/strict";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import test from "node:test";
import { openDatabase } from "../../owner/read/database.ts";
import { openInputs } from "../../owner/read/input.ts";
import { sampleTexts } from "../../owner/read/sample.ts";

async function sample(text: string): Promise<readonly (readonly string[])[]> {
  const directory = await mkdtemp(join(tmpdir(), "sealroom-sample-"));
  const database = await openDatabase();
  try {
    const file = join(directory, "table.csv");
    await writeFile(file, text);
    const [input] = await openInputs(database, [file], { nullTokens: [""], delimiter: "," });
    if (input === undefined) throw new Error("no input");
    const texts = await sampleTexts(
      database,
      input,
      input.columns.map(({ raw }) => raw),
    );
    return texts;
  } finally {
    database.close();
    await rm(directory, { recursive: true });
  }
}

test("of a small file all values are looked at, but for nulls and blanks", async () => {
  const [a, b] = await sample('a,b\n1,x\n,"  "\n3,\n4,é\n');
  assert.deepEqual(a?.toSorted(), ["1", "3", "4"]);
  assert.deepEqual(b?.toSorted(), ["x", "é"]);
});

test("of a large file 10,000 values are drawn from all rows, and the few of a rare column are all found", async () => {
  const rows = Array.from(
    { length: 60_000 },
    (_, row) => `${row},${row % 3_000 === 2_999 ? `rare${row}` : ""},`,
  );
  const [many = [], rare = [], none = []] = await sample(`a,b,c\n${rows.join("\n")}\n`);
  assert.equal(many.length, 10_000);
  assert.equal(new Set(many).size, 10_000, "no row twice");
  assert.ok(many.some((value) => Number(value) > 50_000) && many.some((value) => Number(value) < 10_000));
  assert.deepEqual(
    new Set(rare),
    new Set(Array.from({ length: 20 }, (_, at) => `rare${at * 3_000 + 2_999}`)),
  );
  assert.deepEqual(none, []);
});

test("of a long value the beginning is read", async () => {
  const [a] = await sample(`a\n${"字".repeat(5_000)}\n`);
  assert.deepEqual(a, ["字".repeat(400)]);
});
