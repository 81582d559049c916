// With whom an owner lets a data set be joined: both say so, each naming the other's key, data set and columns.
import assert from "node:assert/strict";
import { test } from "node:test";
import { authorize, checkGrantedInputs } from "../../core/manifest/authority.ts";
import { parseJoinRules } from "../../core/manifest/joins.ts";
import type { JoinRule } from "../../core/manifest/joins.ts";
import type { VerifiedManifest } from "../../core/manifest/manifest.ts";
import type { AggregatePlan } from "../../core/plan/plan.ts";
import { Field } from "../../core/text/field.ts";
import { exampleGrant, exampleManifest, makeParty, NOW } from "./example.ts";

const [clinic, registry, analyst] = await Promise.all([makeParty(), makeParty(), makeParty()]);

const PLAN: AggregatePlan = {
  version: 1,
  kind: "aggregate",
  inputs: [
    { dataset: "visits", owner: clinic.thumbprint },
    { dataset: "people", owner: registry.thumbprint },
  ],
  join: {
    kind: "inner",
    on: [
      { left: "person", right: "id" },
      { left: "site", right: "place" },
    ],
  },
  where: null,
  groupBy: [],
  totals: [],
  select: [{ as: "count", op: "count" }],
  orderBy: [],
  limit: null,
  recipient: analyst.publicKey,
  release: "sealed",
};

const VISITS_RULE: JoinRule = {
  owner: registry.thumbprint,
  dataset: "people",
  keys: [
    { own: "site", theirs: "place" },
    { own: "person", theirs: "id" },
  ],
};
const PEOPLE_RULE: JoinRule = {
  owner: clinic.thumbprint,
  dataset: "visits",
  keys: [
    { own: "id", theirs: "person" },
    { own: "place", theirs: "site" },
  ],
};

function signed(dataset: string, owner: string, joins: readonly JoinRule[] | undefined): VerifiedManifest {
  const manifest = exampleManifest(analyst.publicKey);
  const more = joins === undefined ? {} : { joins };
  return {
    manifest: {
      ...manifest,
      dataset,
      rules: { ...manifest.rules, adhoc: true, recipients: [analyst.publicKey], ...more },
    },
    digest: "22".repeat(48),
    owner,
  };
}

const judgeVisits = (joins?: readonly JoinRule[]): Promise<unknown> =>
  authorize(PLAN, "11".repeat(48), signed("visits", clinic.thumbprint, joins), [], NOW);
const judgePeople = (joins?: readonly JoinRule[]): Promise<unknown> =>
  authorize(PLAN, "11".repeat(48), signed("people", registry.thumbprint, joins), [], NOW);

test("both owners allow a join that both name, in whatever order the keys stand", async () => {
  assert.deepEqual(await judgeVisits([VISITS_RULE]), { basis: "adhoc" });
  assert.deepEqual(await judgePeople([PEOPLE_RULE]), { basis: "adhoc" });
});

test("an owner who names no join, or another, refuses it, whatever the other owner says", async () => {
  const others: readonly (readonly JoinRule[] | undefined)[] = [
    undefined,
    [{ ...VISITS_RULE, owner: analyst.thumbprint }],
    [{ ...VISITS_RULE, owner: clinic.thumbprint }],
    [{ ...VISITS_RULE, dataset: "visits" }],
    [{ ...VISITS_RULE, keys: VISITS_RULE.keys.slice(0, 1) }],
    [{ ...VISITS_RULE, keys: [...VISITS_RULE.keys, { own: "city", theirs: "city" }] }],
    [
      {
        ...VISITS_RULE,
        keys: [
          { own: "person", theirs: "place" },
          { own: "site", theirs: "id" },
        ],
      },
    ],
  ];
  for (const joins of others) {
    await assert.rejects(judgeVisits(joins), { code: "RULES_JOIN" }, JSON.stringify(joins));
  }
  await assert.rejects(judgePeople(), { code: "RULES_JOIN" });
  await assert.rejects(judgePeople([VISITS_RULE]), { code: "RULES_JOIN" });
});

test("a listed plan, too, is joined only where the rules say so", async () => {
  const listed = signed("visits", clinic.thumbprint, undefined);
  const rules = { ...listed.manifest.rules, plans: ["11".repeat(48)] };
  const manifest = { ...listed.manifest, rules };
  await assert.rejects(authorize(PLAN, "11".repeat(48), { ...listed, manifest }, [], NOW), {
    code: "RULES_JOIN",
  });
});

const SCHEMA = [
  { name: "person", type: "int64", role: "unit" },
  { name: "city", type: "utf8", role: "dimension" },
  { name: "score", type: "float64", role: "dimension" },
  { name: "cost", type: "int32", role: "measure" },
  { name: "note", type: "utf8", role: "hidden" },
] as const;

function parse(keys: readonly object[], more: object = {}): readonly JoinRule[] {
  const rule = { owner: clinic.thumbprint, dataset: "visits", keys, ...more };
  return parseJoinRules(new Field([rule] as never, "joins", "MANIFEST_FIELD"), SCHEMA);
}

test("a rule names columns that may be keys", () => {
  assert.equal(parse([{ own: "person", theirs: "id" }]).length, 1);
  for (const own of ["persona", "cost", "note", "score"]) {
    assert.throws(() => parse([{ own, theirs: "id" }]), { code: "MANIFEST_RULES" }, own);
  }
  assert.throws(() => parse([]), { code: "MANIFEST_FIELD" });
  assert.throws(() => parse([{ own: "person" }]), { code: "MANIFEST_FIELD" });
  assert.throws(() => parse([{ own: "person", theirs: "id" }], { kinds: [] }), { code: "MANIFEST_FIELD" });
  assert.throws(() => parse([{ own: "person", theirs: "id" }], { owner: "me" }), { code: "MANIFEST_FIELD" });
});

test("a rule that stands twice is refused", () => {
  const rule = { owner: clinic.thumbprint, dataset: "visits", keys: [{ own: "person", theirs: "id" }] };
  const field = new Field([rule, rule] as never, "joins", "MANIFEST_FIELD");
  assert.throws(() => parseJoinRules(field, SCHEMA), { code: "MANIFEST_RULES" });
});

test("a grant for a join is for both data sets as they were: who is in the other one may not change under it", () => {
  const [own, theirs, later] = ["11", "22", "33"].map((byte) => ({ digest: byte.repeat(48) }));
  assert.ok(own !== undefined && theirs !== undefined && later !== undefined);
  const grant = { ...exampleGrant(analyst.thumbprint), manifests: [own.digest, theirs.digest] };
  const grants = [{ grant, digest: "44".repeat(48), owner: clinic.thumbprint }];
  checkGrantedInputs(grants, [own, theirs]);
  assert.throws(
    () => {
      checkGrantedInputs(grants, [own, later]);
    },
    { code: "GRANT_MANIFEST" },
  );
});
