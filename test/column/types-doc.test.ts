// docs/types.md has a row for each type that a manifest may name.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import test from "node:test";
import { columnTypeName } from "../../core/column/type.ts";
import { ROOT } from "../host/tree.ts";
import { typeOf } from "./cells.ts";
import { TYPE_NAMES } from "./model.ts";

/** As documents write families of types. */
function familyOf(name: string): string {
  const type = typeOf(name);
  if (type.kind === "int") return type.signed ? "`int8` to `int64`" : "`uint8` to `uint64`";
  return type.kind === "decimal" ? "`decimal(p,s)`" : `\`${columnTypeName(type)}\``;
}

test("docs/types.md has every type that a column may have", () => {
  // How CSV and Parquet have them is told below.
  const [text = ""] = readFileSync(join(ROOT, "docs", "types.md"), "utf8").split("\n## ");
  const firsts = text
    .split("\n")
    .filter((line) => line.startsWith("| `"))
    .map((line) => line.split("|")[1] ?? "");
  for (const name of TYPE_NAMES) {
    assert.equal(firsts.filter((first) => first.includes(familyOf(name))).length, 1, name);
  }
});
