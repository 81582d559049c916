// Arrow files whose values have other forms than ours are sealed as what they say; what ours cannot say exactly is refused.
import assert from "node:assert/strict";
import test, { after, before } from "node:test";
import { codedColumn, foreignColumn, foreignFile, INDEX_NAMES } from "../column/foreign.ts";
import type { ForeignColumn } from "../column/foreign.ts";
import { Cleanups } from "../local/kms/rig.ts";
import { refused } from "./refused.ts";
import { startOwnerRig, type OwnerRig } from "./rig.ts";

const cleanups = new Cleanups();
let rig: OwnerRig;
before(async () => {
  rig = await startOwnerRig(cleanups);
});
after(() => cleanups.run());

/** About now, in seconds, so that every unit can say it. */
const SECONDS = [0n, null, -1n, 1_709_164_799n];
const TIMES = ["s", "ms", "us", "ns"].flatMap((unit, at) =>
  ["none", "UTC", "Asia/Kolkata"].map((zone) =>
    foreignColumn(
      `timestamp[${unit}, ${zone}]`,
      SECONDS.map((second) => second && second * 1000n ** BigInt(at)),
    ),
  ),
);
const CODES = INDEX_NAMES.map((index, at) =>
  codedColumn(index, at % 2 === 0, ["x", null, "", "x"], [3, 1, null, 2]),
);
const OTHERS = [
  foreignColumn("large_utf8", ["", "\u{1f30d}", null, "x"]),
  foreignColumn("date64", [0n, -86_400_000n, null, 19_782n * 86_400_000n]),
];

async function seal(prefix: string, columns: readonly ForeignColumn[]): Promise<void> {
  const names = columns.map((_, at) => `c${at}`);
  const file = await rig.file(`${prefix.replace("/", "")}.arrow`, foreignFile(columns, names));
  const entries = columns.map(({ type }, at) => `  c${at}: { type: "${type}", role: hidden }\n`);
  await rig.seal({ inputs: [file], schema: `unit: row\ncolumns:\n${entries.join("")}`, prefix });
}

test("timestamps of every unit and zone, dates in milliseconds, large texts and codes of every width are sealed as what they say", async () => {
  const columns = [...TIMES, ...CODES, ...OTHERS];
  await seal("foreign/", columns);
  const opened = await rig.open("foreign/");
  for (const [at, { name, cells }] of columns.entries()) {
    assert.deepEqual(opened.columns[`c${at}`], cells, `c${at}: ${name}`);
  }
});

test("an instant that microseconds cannot say is refused, and none is made of it", async () => {
  const cases = [
    ["s", 2n ** 62n],
    ["ms", 2n ** 62n],
    ["ns", 1_709_164_799_000_000_001n],
  ] as const;
  for (const [unit, value] of cases) {
    for (const zone of ["none", "UTC"]) {
      const column = foreignColumn(`timestamp[${unit}, ${zone}]`, [0n, value]);
      // DuckDB's own cast of longer units does not try: it fails.
      const code = zone === "none" && unit !== "ns" ? "OWNER_INPUT" : "OWNER_VALUES";
      await refused(code, () => seal(`inexact-${unit}-${zone}/`, [column]));
    }
  }
});

test("a date in milliseconds that is no whole day is refused", async () => {
  await refused("OWNER_VALUES", () => seal("no-day/", [foreignColumn("date64", [1n])]));
});
