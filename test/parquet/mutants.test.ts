// Pages that are changed anywhere: the decoder refuses them by a code of ours, or gives values, in the memory that it has.
import assert from "node:assert/strict";
import test from "node:test";
import { SealroomError } from "../../core/errors.ts";
import { writeParquet } from "../adopt/parquet-files.ts";
import { diceOf } from "../fuzz/dice.ts";
import { decoderOf, MB, readCells } from "./forger.ts";

const MUTANTS = process.env["SEALROOM_DEEP"] === undefined ? 60 : 5_000;
const LIMIT = 32 * MB;
const SQL =
  "SELECT ('p-' || (i % 7)) AS a, i::INTEGER AS b, CASE WHEN i % 3 = 0 THEN NULL ELSE i * 0.5 END AS c, i % 2 = 0 AS d, " +
  "(i / 8)::DECIMAL(12,2) AS e FROM range(300) t(i)";

test("pages of every compression with bytes changed are refused, or read in bounded memory", async () => {
  const files = await Promise.all(
    ["uncompressed", "snappy", "gzip", "zstd", "lz4_raw"].map((codec) =>
      writeParquet(SQL, `COMPRESSION ${codec}`),
    ),
  );
  let refused = 0;
  for (let index = 0; index < MUTANTS; index += 1) {
    const dice = diceOf(20_261_201, "pages", index);
    const mutant = dice.pick(files).slice();
    const footer = new DataView(mutant.buffer).getUint32(mutant.length - 8, true);
    for (let change = dice.below(4); change >= 0; change -= 1) {
      mutant[4 + dice.below(mutant.length - footer - 12)] = dice.pick([
        0,
        1,
        0x7f,
        0x80,
        0xff,
        dice.below(256),
      ]);
    }
    try {
      assert.equal((await readCells(mutant, null, LIMIT)).length, 300);
    } catch (error) {
      assert.ok(error instanceof SealroomError, String(error));
      assert.match(error.code, /^(COLUMN_|POOL_MEMORY)/);
      refused += 1;
    }
    assert.ok(decoderOf(LIMIT).memoryBytes <= LIMIT);
  }
  assert.ok(refused > MUTANTS / 10 && refused < MUTANTS, `${refused} refused`);
});
