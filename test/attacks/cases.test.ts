// The table of docs/threat-model.md is made of the cases and the catalogue, and every test that it names exists.
// SEALROOM_WRITE_DOCS=1 writes it.
import assert from "node:assert/strict";
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { ROOT } from "../host/tree.ts";
import type { Case } from "./cases.ts";
import { CASES } from "./cases.ts";
import { ATTACKS } from "./catalogue.ts";

const FILE = join(ROOT, "docs", "threat-model.md");
const [BEGIN, END] = ["<!-- cases: begin -->\n", "<!-- cases: end -->"];

function numbered(letter: string, count: number, width: number): string[] {
  return Array.from({ length: count }, (_, at) => letter + String(at + 1).padStart(width, "0"));
}

/** Where a test's title stands, as a path from the root; undefined where it stands nowhere. */
const titles = new Map<string, string>();
for (const name of readdirSync(join(ROOT, "test"), { recursive: true, encoding: "utf8" })) {
  const isGuest = name.startsWith("emulator/guest/");
  if (!/\.(test|enclave)\.ts$/.test(name) && !isGuest) continue;
  const source = readFileSync(join(ROOT, "test", name), "utf8");
  // Cases that run inside a guest are pairs of a title and a function.
  const title = isGuest ? /\[\s*"([^"]+)",\s*(?:async )?\(/g : /\btest\(\s*["`]([^"`]+)["`]/g;
  for (const [, found = ""] of source.matchAll(title)) titles.set(found, `test/${name}`);
}

function attacksOf({ id }: Case): readonly string[] {
  return ATTACKS.filter((attack) => attack.case === id).map(({ name }) => name);
}

function standing(entry: Case): string {
  const isTested = attacksOf(entry).length > 0 || (entry.tests ?? []).length > 0;
  if (entry.outside !== undefined) return "out of scope";
  return isTested ? (entry.later === undefined ? "tested" : "in part") : "later";
}

function row(entry: Case): string {
  const attacks = attacksOf(entry).map((name) => `attack: ${name}`);
  const tests = (entry.tests ?? []).map((title) => `${title} (\`${titles.get(title) ?? "nowhere"}\`)`);
  const rest = entry.outside ?? (entry.later === undefined ? [] : `later: ${entry.later}`);
  const where = [...attacks, ...tests, rest].flat().join("; ");
  return `| ${entry.id} | ${entry.about} | ${standing(entry)} | ${where} |\n`;
}

function table(): string {
  const head = "| case | what is tried | stands | by |\n| --- | --- | --- | --- |\n";
  return `\n${head}${CASES.map(row).join("")}\n`;
}

test("every case of the catalogue stands in the table once, and none besides", () => {
  const expected = [
    ...numbered("H", 60, 2),
    ...numbered("A", 36, 2),
    ...numbered("B", 7, 1),
    ...numbered("K", 8, 1),
  ];
  assert.deepEqual(
    CASES.map(({ id }) => id),
    expected,
  );
});

test("every attack is of a case that stands there", () => {
  for (const { name, case: id } of ATTACKS) {
    assert.ok(
      CASES.some((entry) => entry.id === id),
      `${id}: ${name}`,
    );
  }
});

test("every test that a case names is there", () => {
  for (const { id, tests = [] } of CASES) {
    for (const title of tests) assert.ok(titles.has(title), `${id}: ${title}`);
  }
});

test("a case that nothing tests says why", () => {
  for (const entry of CASES) {
    const isTested = attacksOf(entry).length > 0 || (entry.tests ?? []).length > 0;
    assert.ok(isTested || entry.later !== undefined || entry.outside !== undefined, entry.id);
  }
});

test("at least forty attacks are a host's, and twenty an analyst's", () => {
  const ofAnalysts = ATTACKS.filter((attack) => attack.case.startsWith("A")).length;
  assert.ok(ofAnalysts >= 20, String(ofAnalysts));
  assert.ok(ATTACKS.length - ofAnalysts >= 40, String(ATTACKS.length - ofAnalysts));
});

test("docs/threat-model.md has the table as it is", () => {
  const text = readFileSync(FILE, "utf8");
  const [before = "", rest = ""] = text.split(BEGIN);
  const [, after = ""] = rest.split(END);
  const written = `${before}${BEGIN}${table()}${END}${after}`;
  if (process.env["SEALROOM_WRITE_DOCS"] === "1") writeFileSync(FILE, written);
  else assert.equal(text, written, "run with SEALROOM_WRITE_DOCS=1");
});
