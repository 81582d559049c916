// The plan's bytes as the enclave takes them from the host, and the digest as the job's identity.
import assert from "node:assert/strict";
import { test } from "node:test";
import { Document } from "yaml";
import fc from "fast-check";
import type { ErrorCode } from "../../core/errors.ts";
import { encodeCanonical } from "../../core/json.ts";
import { parsePlan } from "../../core/plan/parse.ts";
import type { AggregatePlan } from "../../core/plan/plan.ts";
import { groupingOf, keptBy } from "../../core/plan/totals.ts";
import { SealroomError } from "../../core/errors.ts";
import { altered, makeSigner } from "../manifest/example.ts";
import { assertThrows } from "../manifest/refusal.ts";
import { analyst, compile, JOB, owner } from "./example.ts";

const edwards = await makeSigner("Ed25519");
const { plan, bytes } = await compile(JOB);

test("parses the bytes it was compiled to", () => {
  assert.deepEqual(encodeCanonical(parsePlan(bytes)), bytes);
});

const BIN = (as: string): object => ({ as, bin: "cost" });
const IS_NULL = { column: "ward", isNull: true };

const REFUSED: readonly (readonly [string, ErrorCode, readonly (string | number)[], unknown])[] = [
  ["another version", "PLAN_FIELD", ["version"], 2],
  ["another kind", "PLAN_FIELD", ["kind"], "tokenize"],
  ["no input", "PLAN_FIELD", ["inputs"], []],
  ["two inputs", "PLAN_FIELD", ["inputs"], [...plan.inputs, ...plan.inputs]],
  ["an input with its place", "PLAN_FIELD", ["inputs", 0, "from"], "s3://b/"],
  ["an owner that is no thumbprint", "PLAN_FIELD", ["inputs", 0, "owner"], "x"],
  ["an unknown member", "PLAN_FIELD", ["debug"], true],
  ["no filter at all", "PLAN_FIELD", ["where"], undefined],
  ["a job's spelling of the test for null", "PLAN_FIELD", ["where"], { column: "ward", is_null: true }],
  ["a group column that Object has", "PLAN_FIELD", ["groupBy"], ["constructor"]],
  ["a group column twice", "PLAN_OUTPUT", ["groupBy"], ["city", "city"]],
  ["an aggregate without name", "PLAN_FIELD", ["select", 0, "as"], undefined],
  ["an unknown aggregate", "PLAN_FIELD", ["select", 0, "op"], "median"],
  ["a variance without column", "PLAN_FIELD", ["select", 0, "op"], "var"],
  ["no totals at all", "PLAN_FIELD", ["totals"], undefined],
  ["totals by word", "PLAN_FIELD", ["totals"], "all"],
  ["a total of what is no group column", "PLAN_FIELD", ["totals"], [["ward"]]],
  ["a total that totals nothing", "PLAN_FIELD", ["totals"], [["city"]]],
  ["a total twice", "PLAN_FIELD", ["totals"], [[], []]],
  ["a covariance of nothing", "PLAN_FIELD", ["select", 0], { as: "c", op: "covar", with: "cost" }],
  ["a covariance of one column", "PLAN_FIELD", ["select", 0], { as: "c", op: "covar", column: "cost" }],
  ["a correlation with itself", "PLAN_FIELD", ["select", 0], { as: "c", op: "corr", column: "c", with: "c" }],
  ["a quantile of nothing", "PLAN_FIELD", ["select", 0], { as: "q", op: "approx_quantile", at: 0.5 }],
  ["a quantile at nothing", "PLAN_FIELD", ["select", 0], { as: "q", op: "approx_quantile", column: "cost" }],
  ["a quantile at all", "PLAN_FIELD", ["select", 0], quantileAt(1)],
  ["a quantile at none", "PLAN_FIELD", ["select", 0], quantileAt(0)],
  ["a quantile at a word", "PLAN_FIELD", ["select", 0], quantileAt("0.5")],
  ["a quantile at seven digits", "PLAN_FIELD", ["select", 0], quantileAt(0.1234567)],
  ["a quantile of two columns", "PLAN_FIELD", ["select", 0], { ...quantileAt(0.5), with: "minutes" }],
  ["a sum at a share", "PLAN_FIELD", ["select", 3, "at"], 0.5],
  [
    "a covariance at a share",
    "PLAN_FIELD",
    ["select", 0],
    { as: "c", op: "covar", column: "cost", with: "minutes", at: 0.5 },
  ],
  ["distinct values of nothing", "PLAN_FIELD", ["select", 0], { as: "d", op: "approx_distinct" }],
  ["a sum of two columns", "PLAN_FIELD", ["select", 3, "with"], "minutes"],
  ["a sum without column", "PLAN_FIELD", ["select", 3, "column"], undefined],
  ["units with a column", "PLAN_FIELD", ["select", 1, "column"], "city"],
  [
    "more aggregates than 256",
    "PLAN_FIELD",
    ["select"],
    Array.from({ length: 257 }, (_, i) => ({ as: `n${i}`, op: "count" })),
  ],
  ["an output with a reserved name", "PLAN_OUTPUT", ["select", 1, "as"], "Sealroom:rows"],
  ["computed columns, but none", "PLAN_FIELD", ["computed"], []],
  ["a computed column without name", "PLAN_FIELD", ["computed"], [{ bin: "cost" }]],
  ["computed columns out of order", "PLAN_FIELD", ["computed"], [BIN("z"), BIN("a")]],
  ["a computed column twice", "PLAN_OUTPUT", ["computed"], [BIN("a"), BIN("A")]],
  [
    "a computed column of two kinds",
    "PLAN_FIELD",
    ["computed"],
    [{ as: "a", bin: "cost", part: "year", of: "seen" }],
  ],
  ["arithmetic that is a number", "PLAN_FIELD", ["computed"], [{ as: "a", arithmetic: 3 }]],
  [
    "arithmetic of three",
    "PLAN_FIELD",
    ["computed"],
    [{ as: "a", arithmetic: { op: "+", of: ["b", "c", "d"] } }],
  ],
  ["arithmetic under %", "PLAN_FIELD", ["computed"], [{ as: "a", arithmetic: { op: "%", of: ["b", 2] } }]],
  [
    "a number of too many digits",
    "PLAN_FIELD",
    ["computed"],
    [{ as: "a", arithmetic: { op: "+", of: ["b", 1e-16] } }],
  ],
  ["a part that there is not", "PLAN_FIELD", ["computed"], [{ as: "a", part: "minute", of: "seen" }]],
  ["a unit that there is not", "PLAN_FIELD", ["computed"], [{ as: "a", truncate: "minute", of: "seen" }]],
  ["cases without the last", "PLAN_FIELD", ["computed"], [{ as: "a", cases: [{ when: IS_NULL, then: 1 }] }]],
  ["no cases", "PLAN_FIELD", ["computed"], [{ as: "a", cases: [], otherwise: 1 }]],
  [
    "a case that gives a list",
    "PLAN_FIELD",
    ["computed"],
    [{ as: "a", cases: [{ when: IS_NULL, then: [1] }], otherwise: 1 }],
  ],
  ["a condition that is none", "PLAN_FIELD", ["having"], null],
  ["a condition on what is not in the result", "PLAN_OUTPUT", ["having"], { column: "ward", isNull: true }],
  ["a limit of rows by nothing", "PLAN_FIELD", ["limitBy"], { count: 1, columns: [] }],
  ["a limit of no rows by a column", "PLAN_FIELD", ["limitBy"], { count: 0, columns: ["city"] }],
  ["a limit by what is not in the result", "PLAN_OUTPUT", ["limitBy"], { count: 1, columns: ["ward"] }],
  ["a limit by a column twice", "PLAN_OUTPUT", ["limitBy"], { count: 1, columns: ["city", "city"] }],
  ["a short form of the order", "PLAN_FIELD", ["orderBy"], ["city"]],
  ["an order by what is not there", "PLAN_OUTPUT", ["orderBy", 0, "column"], "cost"],
  ["a limit past a million", "PLAN_FIELD", ["limit"], 1_000_001],
  ["a recipient by file", "KEY_SHAPE", ["recipient"], "analyst.jwk"],
  ["a recipient for signing", "KEY_USE", ["recipient"], edwards.publicKey],
  ["a release by flag", "PLAN_FIELD", ["release"], true],
];

function quantileAt(at: unknown): Record<string, unknown> {
  return { as: "q", op: "approx_quantile", column: "cost", at };
}

test("takes quantiles at any share of up to six digits", () => {
  for (const at of [0.5, 0.000001, 0.999999, 0.333333]) {
    const { select } = parsePlan(
      encodeCanonical(altered(plan, ["select", 0], quantileAt(at))),
    ) as AggregatePlan;
    assert.deepEqual({ ...select[0] }, quantileAt(at));
  }
});

for (const [what, code, path, part] of REFUSED) {
  test(`refuses a plan with ${what}`, () => {
    assertThrows(() => parsePlan(encodeCanonical(altered(plan, path, part))), code);
  });
}

test("takes totals in one order and one spelling only", () => {
  const three = { ...plan, groupBy: ["city", "ward", "urgent"] };
  const read = (totals: unknown): unknown =>
    (parsePlan(encodeCanonical({ ...three, totals })) as AggregatePlan).totals;
  const good = [["city", "ward"], ["city"], []];
  assert.deepEqual(
    good.map((kept) => groupingOf(kept, three.groupBy)),
    [1, 3, 7],
  );
  assert.deepEqual(read(good), good);
  for (const bad of [
    [["city"], ["city", "ward"], []],
    [["ward", "city"]],
    [["city", "city"]],
    [["city", "ward", "urgent"]],
    [["city"], ["city"]],
    [["cost"]],
    ["city"],
    [null],
  ]) {
    assertThrows(() => read(bad), "PLAN_FIELD", JSON.stringify(bad));
  }
  for (let set = 0; set < 8; set += 1) {
    assert.equal(groupingOf(keptBy(set, three.groupBy), three.groupBy), set);
  }
});

test("keeps the name of the totals' column for it, and orders by it", () => {
  const totalled = { ...plan, totals: [[]] };
  const named = (as: string): unknown => ({
    ...totalled,
    select: [...plan.select.slice(1), { as, op: "count" }],
    orderBy: [],
  });
  assertThrows(() => parsePlan(encodeCanonical(named("Grouping"))), "PLAN_OUTPUT");
  assert.ok(parsePlan(encodeCanonical({ ...(named("Grouping") as object), totals: [] })));
  const ordered = { ...totalled, orderBy: [{ column: "grouping", direction: "desc" }] };
  assert.ok(parsePlan(encodeCanonical(ordered)));
  assertThrows(() => parsePlan(encodeCanonical({ ...ordered, totals: [] })), "PLAN_OUTPUT");
});

test("refuses a plan that misses a member", () => {
  for (const name of Object.keys(plan)) {
    assertThrows(() => parsePlan(encodeCanonical(altered(plan, [name], undefined))), "PLAN_FIELD", name);
  }
});

test("refuses any other spelling, and 50 MB", () => {
  const text = new TextDecoder().decode(bytes);
  for (const other of [
    ` ${text}`,
    `${text}\n`,
    JSON.stringify(plan),
    text.replace('"limit":10', '"limit":1e1'),
  ]) {
    assertThrows(() => parsePlan(new TextEncoder().encode(other)), "JSON_CANONICAL");
  }
  assertThrows(() => parsePlan(new TextEncoder().encode(`${text}x`)), "JSON_SYNTAX");
  assertThrows(() => parsePlan(new Uint8Array(50_000_000)), "JSON_SIZE");
  assertThrows(() => parsePlan(new TextEncoder().encode("[".repeat(10_000))), "JSON_DEPTH");
});

test("refuses, or reads as another plan, bytes with any bit flipped", () => {
  for (let at = 0; at < bytes.length; at++) {
    const flipped = Uint8Array.from(bytes);
    flipped[at] = (flipped[at] ?? 0) ^ (1 << (at % 8));
    let other;
    try {
      other = parsePlan(flipped);
    } catch (error) {
      if (!(error instanceof SealroomError)) throw error;
      continue;
    }
    assert.deepEqual(encodeCanonical(other), flipped);
    assert.notDeepEqual(other, plan);
  }
});

// Near-duplicates (A25): jobs out of a small space in which most differ in one thing, each written in one of many ways.
interface Meaning {
  readonly where: unknown;
  readonly group: readonly string[];
  /** Bits of the group columns that are totalled. */
  readonly totals: readonly number[];
  readonly select: readonly (readonly [string, string | null, string])[];
  readonly order: readonly (readonly [string, "asc" | "desc"])[];
  readonly limit: number | null;
  readonly release: "sealed" | "clear";
}

const literal = fc.constantFrom<string | number | boolean>(
  "1",
  1,
  1.5,
  "1.5",
  "a",
  "A",
  "",
  true,
  "true",
  "2026-01-01",
);
const leaf = fc.oneof(
  fc.record({ column: fc.constantFrom("x", "X"), op: fc.constantFrom("=", "!=", "<"), value: literal }),
  fc.record({ column: fc.constant("x"), in: fc.array(literal, { minLength: 1, maxLength: 2 }) }),
  fc.record({ column: fc.constant("x"), between: fc.tuple(literal, literal) }),
  fc.record({ column: fc.constant("x"), is_null: fc.boolean() }),
);
const where = fc.oneof(
  fc.constant(null),
  leaf,
  fc.record({ not: leaf }),
  fc.record({ and: fc.array(leaf, { minLength: 1, maxLength: 2 }) }),
  fc.record({ or: fc.array(leaf, { minLength: 1, maxLength: 2 }) }),
);
const aggregate = fc.constantFrom<readonly [string, string | null, string]>(
  ["count", null, "count"],
  ["count", null, "n"],
  ["count_units", null, "count_units"],
  ["count", "x", "count_x"],
  ["sum", "x", "sum_x"],
  ["sum", "x", "s"],
  ["avg", "x", "s"],
);
const meaning: fc.Arbitrary<Meaning> = fc.record({
  where: fc.oneof({ weight: 2, arbitrary: fc.constant(null) }, { weight: 1, arbitrary: where }),
  group: fc.constantFrom([], ["g"], ["g", "h"], ["h", "g"]),
  totals: fc.oneof(
    { weight: 2, arbitrary: fc.constant([]) },
    { weight: 1, arbitrary: fc.subarray([1, 2, 3]) },
  ),
  select: fc.uniqueArray(aggregate, { minLength: 1, maxLength: 2, selector: ([, , as]) => as }),
  order: fc.constantFrom<Meaning["order"]>([], []),
  limit: fc.constantFrom(null, 1, 10),
  release: fc.constantFrom("sealed", "clear"),
});

/** How a meaning is written: each number decides one freedom that the form leaves. */
function write(job: Meaning, choices: readonly number[]): string {
  const isShort = (i: number): boolean => (choices[i] ?? 0) % 2 === 0;
  const select = job.select.map(([op, column, as], i) => {
    if (column === null && as === op && isShort(i)) return op;
    const isDefault = as === (column === null ? op : `${op}_${column}`);
    return { [op]: column ?? "*", ...(isDefault && isShort(i + 1) ? {} : { as }) };
  });
  const order = job.order.map(([column, direction], i) => {
    if (direction === "asc" && isShort(i + 2)) return column;
    return direction === "asc" && isShort(i + 3) ? { column } : { column, direction };
  });
  const members: [string, unknown][] = [
    ["datasets", { d: { owner: owner.thumbprint, ...(isShort(4) ? {} : { from: "s3://b/p/" }) } }],
    ["select", select],
    ["recipient", isShort(5) ? "file" : { ...analyst.publicKey }],
  ];
  if (job.where !== null) members.push(["where", job.where]);
  if (job.group.length > 0 || isShort(6)) members.push(["group_by", job.group]);
  const totals = job.totals.map((set) => keptBy(set, job.group));
  if (totals.length > 0 || isShort(8)) {
    const isRollup = totals.length === job.group.length && totals.at(-1)?.length === 0 && job.totals[0] === 1;
    const isAll = totals.length === 2 ** job.group.length - 1;
    const turned = isShort(9) ? totals.toReversed().map((set) => set.toReversed()) : totals;
    const word = isAll ? "all" : "rollup";
    members.push(["totals", isShort(7) && (isAll || (isRollup && totals.length < 3)) ? word : turned]);
  }
  if (order.length > 0 || isShort(7)) members.push(["order_by", order]);
  if (job.limit !== null) members.push(["limit", job.limit]);
  if (job.release === "clear" || isShort(8)) members.push(["release", job.release]);
  const turn = (choices[9] ?? 0) % members.length;
  const value = Object.fromEntries([...members.slice(turn), ...members.slice(0, turn)]);
  if (isShort(10)) return JSON.stringify(value, null, isShort(11) ? 0 : 3);
  return new Document(value, { version: "1.2", schema: "core", aliasDuplicateObjects: false }).toString({
    collectionStyle: isShort(11) ? "block" : "any",
  });
}

test(
  "gives 10,000 near-duplicates one digest exactly if they mean the same",
  { timeout: 120_000 },
  async () => {
    const digests = new Map<string, string>();
    const meanings = new Map<string, string>();
    const order = fc.nat(3);
    const sample = fc.array(
      fc.tuple(meaning, fc.array(fc.nat(99), { minLength: 12, maxLength: 12 }), order),
      {
        minLength: 100,
        maxLength: 100,
      },
    );
    let written = 0;
    await fc.assert(
      fc.asyncProperty(sample, async (jobs) => {
        for (const [drawn, choices, orderBy] of jobs) {
          const [, , first] = drawn.select[0] ?? ["", null, ""];
          const orders: readonly Meaning["order"][] = [[], [[first, "asc"]], [[first, "desc"]], []];
          const every = 2 ** drawn.group.length;
          const totals = drawn.totals.filter((set) => set < every);
          const job = { ...drawn, totals, order: orders[orderBy] ?? [] };
          const text = write(job, choices);
          const { digest } = await compile(text);
          const key = JSON.stringify([
            job.where,
            job.group,
            job.totals,
            job.select,
            job.order,
            job.limit,
            job.release,
          ]);
          assert.equal(digests.get(key) ?? digest, digest, text);
          assert.equal(meanings.get(digest) ?? key, key, text);
          digests.set(key, digest);
          meanings.set(digest, key);
          written += 1;
        }
      }),
      { numRuns: 100, endOnFailure: true },
    );
    assert.equal(written, 10_000);
    assert.ok(digests.size > 500 && digests.size < 9000, `${digests.size} meanings`);
  },
);
