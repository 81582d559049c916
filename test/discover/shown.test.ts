// A profile as people see it, and what is said of it before and after.
import assert from "node:assert/strict";
import test from "node:test";
import { renderProfile } from "../../cli/profile-table.ts";
import { parseTable } from "../../core/column/table.ts";
import { columnsRead } from "../../jobs/discover/compile.ts";
import { cards } from "./numbers.ts";
import { manifestFor, profile, textTable } from "./run.ts";

process.env["NO_COLOR"] = "1";

const VIEW = { minUnits: 5, file: "out/result.csv" };

test("a profile is shown in 80 columns, its types left to the files, with what its shares mean", () => {
  const table = textTable(cards(120), null, { name: "HEALTHCARE_ACCOUNT_REFERENCE", role: "dimension" });
  const lines = renderProfile(parseTable(profile(table).bytes), VIEW);
  assert.ok(lines.every((line) => line.length <= 80));
  assert.deepEqual(lines[0]?.trim().split(/ +/), [
    "column",
    "role",
    "name_says",
    "values_say",
    "share",
    "shaped",
    "evident",
  ]);
  assert.deepEqual(lines[1]?.trim().split(/ +/).slice(-4), ["pan", ">95%", ">95%", "yes"]);
  assert.match(lines.slice(2).join(" "), /fewer than 100 values nothing is told, and fewer than 20 are none/);
});

test("other kinds have a column where there are any, and limits are the rules' where those are higher", () => {
  const mixed = cards(200).map((card, at) => (at % 2 === 0 ? card : `a${at}@example.com`));
  const shown = renderProfile(parseTable(profile(textTable(mixed)).bytes), { ...VIEW, minUnits: 150 });
  assert.match(shown[0] ?? "", / also$/);
  assert.match(shown[1] ?? "", / (pan|email)$/);
  assert.match(
    shown.slice(2).join(" "),
    /fewer than 150 values nothing is told, and fewer than 150 are none/,
  );
});

test("what is read is texts, whole numbers, and what alone tells scattered units apart", () => {
  const columns = [
    ["id", "date", "unit"],
    ["name", "utf8", "hidden"],
    ["count", "uint8", "measure"],
    ["price", "decimal(8,2)", "measure"],
    ["number", "decimal(8,0)", "measure"],
    ["at", "timestamp", "dimension"],
  ].map(([name = "", type = "", role]) => ({ name, type, role: role as "unit", cells: [] }));
  const table = { rows: 0, units: [], columns };
  const names = (unit: "column" | "row" | "scattered"): readonly string[] =>
    columnsRead(manifestFor(table, { unit })).map(({ name }) => name);
  assert.deepEqual(names("column"), ["name", "count", "number"]);
  assert.deepEqual(names("row"), ["name", "count", "number"]);
  assert.deepEqual(names("scattered"), ["id", "name", "count", "number"]);
});
