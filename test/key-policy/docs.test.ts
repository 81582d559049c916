// docs/key-policy.md has every statement that is printed, and the linter's codes as they are. SEALROOM_WRITE_DOCS=1
// writes the table.
import assert from "node:assert/strict";
import { readFile, writeFile } from "node:fs/promises";
import { test } from "node:test";

import { LINT_CODES } from "../../owner/lint/codes.ts";
import { GOOD } from "./good.ts";

const DOCS = new URL("../../docs/key-policy.md", import.meta.url);
const MARK = "<!-- What follows is made by owner/lint/codes.ts; SEALROOM_WRITE_DOCS=1 rewrites it. -->\n";

test("docs/key-policy.md holds the table of the linter's codes as it is", async () => {
  const docs = await readFile(DOCS, "utf8");
  const [head = ""] = docs.split(MARK);
  const rows = Object.entries(LINT_CODES).map(
    ([code, { finds, attack, instead }]) => `| \`${code}\` | ${finds} | ${attack} | ${instead} |\n`,
  );
  const table = `| code | what | attack | instead |\n| --- | --- | --- | --- |\n${rows.join("")}`;
  const expected = `${head}${MARK}\n${table}`;
  if (process.env["SEALROOM_WRITE_DOCS"] !== undefined) await writeFile(DOCS, expected);
  else assert.equal(docs, expected, "run the tests once with SEALROOM_WRITE_DOCS=1");
});

test("docs/key-policy.md names every statement that is printed", async () => {
  const docs = await readFile(DOCS, "utf8");
  for (const { Sid } of GOOD.Statement) {
    const [image, domain] = [/^(Enclave[A-Za-z]+)\d/, /\d(Domain)\d+$/].map(
      (pattern) => pattern.exec(String(Sid))?.[1],
    );
    const name = image ?? String(Sid).replace(/PCR[12]$/, "PCR0");
    assert.ok(docs.includes(`| \`${name}\``), `no row for ${String(Sid)}`);
    assert.ok(domain === undefined || docs.includes(`\`${domain}\``));
  }
});

test("every code of the linter is a clause, an attack and an advice", () => {
  for (const [code, { finds, attack, instead }] of Object.entries(LINT_CODES)) {
    assert.match(code, /^[A-Z][A-Z0-9_]+$/);
    assert.match(finds, /^[a-zA-Z].*[^.]$/, code);
    assert.match(attack, /^[A-Z`].*\.$/, code);
    assert.match(instead, /^[A-Z].*\.$/, code);
    assert.ok(![finds, attack, instead].some((text) => text.includes("|")), code);
  }
});
