// Tokens that do not open, rows that are too many, and copies of which nothing can be revealed.
import assert from "node:assert/strict";
import { test } from "node:test";
import { unrevealedRows } from "../../core/receipt/unrevealed.ts";
import { SealroomError } from "../../core/errors.ts";
import type { ErrorCode } from "../../core/errors.ts";
import type { Vector } from "../../core/column/vector.ts";
import { vectorOf } from "../aggregate/table.ts";
import { ObjectReveal } from "../../jobs/reveal/object-reveal.ts";
import type { RevealPartial } from "../../jobs/reveal/object-reveal.ts";
import { makeCuts, makePeople, PERSON, RULES } from "./people.ts";
import {
  cellsOf,
  compileJob,
  copyOf,
  KEYS,
  mastersOf,
  neededOf,
  MASTERS,
  resigned,
  reveal,
  sealedWorld,
  tokenKey,
} from "./world.ts";
import type { Job, World } from "./world.ts";

const ROWS = 120;
const source = sealedWorld(makePeople(ROWS), makeCuts(ROWS));
const copy = copyOf(source, RULES);

function assertRefused(code: ErrorCode, run: () => unknown, column?: string): SealroomError {
  let found: unknown;
  try {
    run();
  } catch (error) {
    found = error;
  }
  assert.ok(found instanceof SealroomError, `not refused, expected ${code}`);
  assert.equal(found.code, code);
  if (column !== undefined) assert.equal(found.details["column"], column);
  return found;
}

/** The copy with another text in some rows of a column. */
function tampered(
  { manifest, objects }: World,
  name: string,
  change: (token: string, row: number) => string,
): World {
  let row = 0;
  return {
    manifest,
    objects: objects.map((batches) =>
      batches.map((batch) => {
        const cells = cellsOf({ manifest, objects: [[batch]] }, [name]).map(([cell]) => {
          row += 1;
          return cell === null || cell === undefined ? null : change(cell, row - 1);
        });
        const vector: Vector = vectorOf({ kind: "utf8" }, cells);
        return { ...batch, columns: new Map([...batch.columns, [name, vector]]) };
      }),
    ),
  };
}

test("a token that is forged, of another form or of another version gives null, and the row says which", () => {
  const flip = (token: string): string =>
    token.slice(0, -8) + (token.at(-8) === "A" ? "B" : "A") + token.slice(-7);
  const newer = copyOf(source, { name: { ...RULES["name"], operator: "siv", version: 2 } });
  const others = cellsOf(newer, ["name"]).map(([cell]) => cell ?? "");
  const bad = tampered(copy, "name", (token, row) =>
    row % 4 === 0 ? flip(token) : row % 4 === 1 ? "no token" : row % 4 === 2 ? (others[row] ?? "") : token,
  );
  const { rows, table } = reveal(bad, { columns: ["ssn", "name"] });
  const reasons = ["name: forged", "name: form", "name: version", null];
  const expected = cellsOf(source, ["ssn", "name"]).map(([ssn, name], row) => {
    const reason = name === null ? null : (reasons[row % 4] ?? null);
    return [ssn, reason === null ? name : null, reason];
  });
  assert.deepEqual(rows, expected);
  assert.equal(unrevealedRows(table), expected.filter(([, , reason]) => reason !== null).length);
});

test("a row says of each column why it is null, and dates whose unit does not open are of none", () => {
  const bad = tampered(copy, "patient", (token, row) => (row === 5 ? "nobody" : token));
  const { rows } = reveal(bad, { columns: ["patient", "born", "seen"] });
  const [before] = cellsOf(source, ["patient", "born", "seen"]).slice(5, 6);
  const said = [
    "patient: form",
    ...["born", "seen"].filter((_, at) => before?.[at + 1] !== null).map((name) => `${name}: unit`),
  ];
  assert.deepEqual(rows[5], [null, null, null, said.join("; ")]);
  assert.deepEqual(rows.filter((row) => row[3] !== null).length, 1);
});

test("what the tokenization redacted is no token", () => {
  const column = { name: "t", type: "utf8", role: "hidden", cells: ["a", "", null] } as const;
  const odd = sealedWorld({ rows: 3, columns: [column], units: null }, [[3]]);
  const redacted = copyOf(odd, { t: { operator: "siv", ...PERSON, invalid: "redact" } });
  assert.deepEqual(reveal(redacted, { columns: ["t"] }).rows, [
    ["a", null],
    [null, "t: form"],
    [null, null],
  ]);
});

test("as many rows as the grant says are revealed, and one more is none at all, over objects and within one", () => {
  const cities = cellsOf(copy, ["city"]).map(([cell]) => cell);
  const matching = cities.filter((city) => city === "C1").length;
  const match = { column: "city", tokens: ["C1"] };
  const job: Job = { columns: ["ssn"], match };
  assert.equal(reveal(copy, { ...job, maxRows: matching }).rows.length, matching);
  const refused = assertRefused("REVEAL_ROWS", () => reveal(copy, { ...job, maxRows: matching - 1 }));
  assert.deepEqual({ ...refused.details }, { limit: matching - 1 });
  const single = sealedWorld(makePeople(40), [[40]]);
  const one = copyOf(single, RULES);
  const rest = cellsOf(one, ["city"]).filter(([city]) => city === "C1").length;
  assert.equal(reveal(one, { ...job, maxRows: rest }).rows.length, rest);
  assertRefused("REVEAL_ROWS", () => reveal(one, { ...job, maxRows: rest - 1 }));
});

test("without a match the manifest tells that the rows are too many, before a key is asked for", () => {
  assert.equal(reveal(copy, { columns: ["ssn"], maxRows: ROWS }).rows.length, ROWS);
  assertRefused("REVEAL_ROWS", () => compileJob(copy, { columns: ["ssn"], maxRows: ROWS - 1 }));
});

test("without a grant there is no program", () => {
  assertRefused("RULES_REVEAL", () => compileJob(copy, { columns: ["ssn"], maxRows: null }));
});

test("what could not leave is refused before it is read", () => {
  const [object] = copy.objects;
  assert.ok(object !== undefined);
  const huge = { rows: 5_000_000, unitStart: null, columns: new Map<string, Vector>() };
  const { manifest } = resigned({ ...copy, objects: [[huge]] }, {});
  const match = { column: "city", tokens: ["C1"] };
  const world = { manifest, objects: [] };
  const refused = assertRefused("REVEAL_SIZE", () =>
    compileJob(world, { columns: ["ssn"], match, maxRows: 5_000_000 }),
  );
  assert.deepEqual({ ...refused.details }, { limit: 268_435_456 });
  compileJob(world, { columns: ["ssn"], match, maxRows: 1_000_000 });
});

test("a token key that the rules do not name is refused, by column, domain and version", () => {
  const tokenKeys = KEYS.filter(({ domain, version }) => domain !== "person" || version !== 1);
  const without = resigned(copy, { rules: { ...copy.manifest.rules, tokenKeys } });
  const refused = assertRefused("TOKEN_NO_KEY", () => reveal(without, { columns: ["ssn"] }));
  assert.deepEqual({ ...refused.details }, { column: "ssn", domain: "person", version: 1 });
  assert.ok(reveal(without, { columns: ["card"] }).rows.length > 0);
  assertRefused("TOKEN_NO_KEY", () =>
    reveal(resigned(copy, { rules: { ...copy.manifest.rules, tokenKeys: [tokenKey("person", 3)] } }), {
      columns: ["ssn"],
    }),
  );
});

test("under the key of another domain, or for another audience, nothing authenticated opens", () => {
  const facts = copy.manifest.tokens?.["patient"];
  assert.ok(facts !== undefined && MASTERS.size > 2);
  for (const changed of [
    { ...facts, audience: "other" },
    { ...facts, domain: "card" },
    { ...facts, parameters: { canonical: "exact" } },
  ]) {
    const other = resigned(copy, { tokens: { ...copy.manifest.tokens, patient: changed } });
    const { rows } = reveal(other, { columns: ["patient"] });
    assert.ok(rows.every(([cell, reason]) => cell === null && reason === "patient: forged"));
  }
});

const IRREVERSIBLE = {
  cmac: { operator: "cmac", ...PERSON },
  hmac: { operator: "hmac", ...PERSON },
  mask: { operator: "mask" },
  zip3: { operator: "zip3", parameters: { census: "2000" } },
  truncate: { operator: "truncate" },
  email: { operator: "email", ...PERSON, parameters: { local: "cmac", domain: "keep" } },
} as const;

for (const [name, rule] of Object.entries(IRREVERSIBLE)) {
  test(`what ${name} made is refused by its column`, () => {
    const world = copyOf(source, { ...RULES, mail: rule });
    assertRefused("TOKEN_RULE", () => compileJob(world, { columns: ["ssn", "mail"] }), "mail");
  });
}

test("a job that reveals nothing is refused: a copy's plain columns are no reason for a grant", () => {
  assertRefused("TOKEN_RULE", () => compileJob(copy, { columns: ["city", "cost"] }));
  assertRefused("TOKEN_RULE", () => compileJob(source, { columns: ["ssn"] }));
});

test("a column that is not there, another data set, and a match of what is no text are refused", () => {
  const refused = assertRefused("PLAN_COLUMN", () => compileJob(copy, { columns: ["ssm"] }), "ssm");
  assert.equal(refused.details["nearest"], "ssn");
  assertRefused("PLAN_COLUMN", () =>
    compileJob(copy, { columns: ["ssn"], match: { column: "Ssn", tokens: ["a"] } }),
  );
  assertRefused(
    "TOKEN_RULE",
    () => compileJob(copy, { columns: ["ssn"], match: { column: "cost", tokens: ["1"] } }),
    "cost",
  );
});

test("tokens of a type that their operator does not give are refused", () => {
  const facts = copy.manifest.tokens?.["ssn"];
  assert.ok(facts !== undefined);
  const tokens = {
    ...copy.manifest.tokens,
    cost: facts,
    city: { ...facts, operator: "date_shift", parameters: {} },
  };
  const world = resigned(copy, { tokens });
  for (const column of ["cost", "city"]) {
    assertRefused("TOKEN_RULE", () => compileJob(world, { columns: [column] }), column);
  }
});

const UNITS_GONE: Readonly<Record<string, Readonly<Record<string, (typeof RULES)[string]>>>> = {
  dropped: { patient: { operator: "drop" } },
  masked: { patient: { operator: "mask" } },
  hashed: { patient: { operator: "cmac", ...PERSON } },
  "in another spelling": { patient: { operator: "siv", ...PERSON, parameters: { canonical: "fold" } } },
};

for (const [what, changes] of Object.entries(UNITS_GONE)) {
  test(`dates whose unit is ${what} are refused: others would come back, and nothing would show it`, () => {
    const world = copyOf(source, { ...RULES, ...changes });
    const named = what === "masked" || what === "hashed" ? "patient" : "born";
    assertRefused("TOKEN_RULE", () => compileJob(world, { columns: ["born"] }), named);
    assert.equal(reveal(world, { columns: ["ssn"] }).rows.length, ROWS);
  });
}

test("dates that were moved by a token, or whose unit is behind two, are refused", () => {
  const { patient, born } = RULES;
  assert.ok(patient !== undefined && born !== undefined);
  const tokensFirst = copyOf(copyOf(source, { patient }), { born }, "partner");
  const both = copyOf(copyOf(source, { patient, born }), { patient: { ...patient, version: 2 } }, "partner");
  for (const world of [tokensFirst, both]) {
    assert.equal(world.manifest.tokens?.["born"]?.unit, null);
    assertRefused("TOKEN_RULE", () => compileJob(world, { columns: ["born"] }), "born");
  }
  const dropped = copyOf(copyOf(source, { patient, born }), { patient: { operator: "drop" } }, "partner");
  assertRefused("TOKEN_RULE", () => compileJob(dropped, { columns: ["born"] }), "born");
});

test("an object with more rows than the grant lets out keeps none of them, however many batches follow", () => {
  const single = copyOf(sealedWorld(makePeople(90), [[10, 20, 60, 90]]), RULES);
  const program = compileJob(single, { columns: ["ssn"], maxRows: 90 });
  assert.ok(program.kind === "reveal");
  const partialOf = (maxRows: number): RevealPartial => {
    const kernel = new ObjectReveal({ ...program, maxRows }, { masters: mastersOf(program), maps: [] });
    for (const batch of single.objects.flat()) kernel.add(neededOf(program, batch));
    return kernel.finish();
  };
  assert.deepEqual([partialOf(59).pieces.length, partialOf(59).rows], [0, 90]);
  const kept = partialOf(90).pieces.map(({ rows }) => rows);
  assert.equal(
    kept.reduce((sum, rows) => sum + rows, 0),
    90,
  );
});

test("no token that opens makes a result longer than it may be, nor all that do not", () => {
  const columns = Object.keys(RULES).filter((name) => name !== "hash" && name !== "seen" && name !== "born");
  const bad = columns.reduce((world, name) => tampered(world, name, () => "[INVALID]"), copy);
  for (const world of [copy, bad]) {
    const { bytes, mostBytes, rows } = reveal(world, { columns, maxRows: ROWS });
    assert.ok(bytes <= mostBytes, `${String(bytes)} of ${String(mostBytes)} bytes`);
    assert.equal(rows.length, ROWS);
  }
});
