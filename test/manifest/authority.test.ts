// Whether an owner's rules let a plan run, for whom, and on what ground.
import assert from "node:assert/strict";
import { test } from "node:test";
import type { ErrorCode } from "../../core/errors.ts";
import { authorize } from "../../core/manifest/authority.ts";
import type { Authority } from "../../core/manifest/authority.ts";
import type { Grant, Rules, VerifiedGrant, VerifiedManifest } from "../../core/manifest/manifest.ts";
import type { AggregatePlan, RevealPlan } from "../../core/plan/plan.ts";
import { exampleGrant, exampleManifest, makeParty, NOT_AFTER, NOW } from "./example.ts";
import { assertRefused } from "./refusal.ts";

const [owner, stranger, analyst, other] = await Promise.all([
  makeParty(),
  makeParty(),
  makeParty(),
  makeParty(),
]);
const PLAN = "11".repeat(48);
const MANIFEST = "22".repeat(48);

const plan: AggregatePlan = {
  version: 1,
  kind: "aggregate",
  inputs: [{ dataset: "encounters", owner: owner.thumbprint }],
  where: null,
  groupBy: ["city"],
  totals: [],
  select: [{ as: "count", op: "count" }],
  orderBy: [],
  limit: null,
  recipient: analyst.publicKey,
  release: "sealed",
};

function signedManifest(rules: Partial<Rules> = {}): VerifiedManifest {
  const manifest = exampleManifest(analyst.publicKey);
  return {
    manifest: { ...manifest, rules: { ...manifest.rules, recipients: [], ...rules } },
    digest: MANIFEST,
    owner: owner.thumbprint,
  };
}

function signedGrant(changes: Partial<Grant> = {}, by = owner): VerifiedGrant {
  const grant = { ...exampleGrant(analyst.thumbprint), plan: PLAN, manifests: [MANIFEST], ...changes };
  return { grant, digest: "33".repeat(48), owner: by.thumbprint };
}

interface Case {
  readonly rules?: Partial<Rules>;
  readonly grants?: readonly VerifiedGrant[];
  readonly plan?: Partial<AggregatePlan>;
  readonly nowMs?: number;
  readonly manifest?: Partial<VerifiedManifest>;
}

const decide = ({ rules, grants = [], plan: changes, nowMs = NOW, manifest }: Case): Promise<Authority> =>
  authorize({ ...plan, ...changes }, PLAN, { ...signedManifest(rules), ...manifest }, grants, nowMs);

const named = { recipients: [analyst.publicKey] };

const ALLOWED: readonly (readonly [string, Authority, Case])[] = [
  ["a listed plan, whoever its recipient is", { basis: "listed" }, { rules: { plans: [PLAN] } }],
  [
    "a granted plan for the recipient of the grant",
    { basis: "grant", grantDigest: "33".repeat(48), maxRows: 500 },
    { grants: [signedGrant()] },
  ],
  ["an ad-hoc plan for a recipient of the rules", { basis: "adhoc" }, { rules: { adhoc: true, ...named } }],
  [
    "a granted plan on the ground of its grant, where ad hoc would do",
    { basis: "grant", grantDigest: "33".repeat(48), maxRows: 500 },
    { rules: { adhoc: true, ...named }, grants: [signedGrant()] },
  ],
  [
    "a listed plan on the ground of the list, where a grant would do",
    { basis: "listed" },
    { rules: { plans: [PLAN] }, grants: [signedGrant()] },
  ],
  [
    "a grant up to its last millisecond",
    { basis: "grant", grantDigest: "33".repeat(48), maxRows: 500 },
    { grants: [signedGrant()], nowMs: NOT_AFTER },
  ],
  [
    "a grant over several manifests",
    { basis: "grant", grantDigest: "33".repeat(48), maxRows: 500 },
    { grants: [signedGrant({ manifests: ["44".repeat(48), MANIFEST] })] },
  ],
  [
    "a result in the clear where plan and rules say so",
    { basis: "listed" },
    { rules: { plans: [PLAN], release: "clear" }, plan: { release: "clear" } },
  ],
  [
    "a sealed result where the rules would allow clear",
    { basis: "listed" },
    { rules: { plans: [PLAN], release: "clear" } },
  ],
];

for (const [what, authority, job] of ALLOWED) {
  test(`allows ${what}`, async () => {
    assert.deepEqual(await decide(job), authority);
  });
}

const adhoc = { adhoc: true, ...named };
const REFUSED: readonly (readonly [string, ErrorCode, Case])[] = [
  ["a plan that is neither listed nor granted", "RULES_ADHOC", {}],
  ["an unlisted plan for a recipient whom the rules name", "RULES_ADHOC", { rules: named }],
  ["another plan than the listed one", "RULES_ADHOC", { rules: { plans: ["12".repeat(48)], ...named } }],
  ["an ad-hoc plan for a recipient whom nothing names", "RULES_RECIPIENT", { rules: { adhoc: true } }],
  [
    "an ad-hoc plan for another recipient",
    "RULES_RECIPIENT",
    { rules: { adhoc: true, recipients: [other.publicKey] } },
  ],
  [
    "a result in the clear from a listed plan",
    "RULES_RELEASE",
    { rules: { plans: [PLAN] }, plan: { release: "clear" } },
  ],
  [
    "a result in the clear from a granted plan",
    "RULES_RELEASE",
    { grants: [signedGrant()], plan: { release: "clear" } },
  ],
  [
    "a result in the clear from an ad-hoc plan",
    "RULES_RELEASE",
    { rules: adhoc, plan: { release: "clear" } },
  ],
  ["a stranger's grant", "GRANT_OWNER", { grants: [signedGrant({}, stranger)] }],
  [
    "a stranger's grant beside the owner's",
    "GRANT_OWNER",
    { grants: [signedGrant(), signedGrant({}, stranger)] },
  ],
  ["the analyst's own grant", "GRANT_OWNER", { grants: [signedGrant({}, analyst)] }],
  ["a grant for another plan", "GRANT_PLAN", { grants: [signedGrant({ plan: "12".repeat(48) })] }],
  [
    "a grant for an older epoch (H37) or laxer rules (H38)",
    "GRANT_MANIFEST",
    { grants: [signedGrant({ manifests: ["23".repeat(48)] })] },
  ],
  [
    "a grant for another recipient (A35)",
    "GRANT_RECIPIENT",
    { grants: [signedGrant({ recipient: other.thumbprint })] },
  ],
  [
    "a plan for another recipient than the grant's (A35)",
    "GRANT_RECIPIENT",
    { grants: [signedGrant()], plan: { recipient: other.publicKey } },
  ],
  ["a grant that is over", "GRANT_EXPIRED", { grants: [signedGrant()], nowMs: NOT_AFTER + 1 }],
  ["a grant at a time that is none", "GRANT_EXPIRED", { grants: [signedGrant()], nowMs: NaN }],
  [
    "a grant that does not fit, though ad hoc would do",
    "GRANT_PLAN",
    { rules: adhoc, grants: [signedGrant({ plan: "12".repeat(48) })] },
  ],
  [
    "a grant that does not fit beside one that does",
    "GRANT_RECIPIENT",
    { grants: [signedGrant(), signedGrant({ recipient: other.thumbprint })] },
  ],
  [
    "a manifest of the data set's name by someone else (H42)",
    "RULES_INPUT",
    { rules: adhoc, manifest: { owner: stranger.thumbprint } },
  ],
  [
    "a manifest of another data set of the owner's",
    "RULES_INPUT",
    { rules: adhoc, plan: { inputs: [{ dataset: "patients", owner: owner.thumbprint }] } },
  ],
];

for (const [what, code, job] of REFUSED) {
  test(`refuses ${what}`, async () => {
    await assertRefused(decide(job), code);
  });
}

test("what is behind tokens is given by a grant of this very plan, and on no other ground", async () => {
  const { version, inputs, recipient } = plan;
  const base = { version, inputs, recipient, release: "sealed" } as const;
  const reveal: RevealPlan = { ...base, kind: "reveal", columns: ["ssn"], match: null };
  const ask = (rules: Partial<Rules>, grants: readonly VerifiedGrant[]): Promise<Authority> =>
    authorize(reveal, PLAN, signedManifest(rules), grants, NOW);
  const every = { adhoc: true, plans: [PLAN], ...named };
  for (const rules of [{}, adhoc, { plans: [PLAN] }, every]) {
    await assertRefused(ask(rules, []), "RULES_REVEAL");
    await assertRefused(ask(rules, [signedGrant({}, stranger)]), "GRANT_OWNER");
    await assertRefused(ask(rules, [signedGrant({ plan: "12".repeat(48) })]), "GRANT_PLAN");
    assert.deepEqual(await ask(rules, [signedGrant()]), {
      basis: "grant",
      grantDigest: "33".repeat(48),
      maxRows: 500,
    });
  }
  for (const kind of ["discover", "tokenize"] as const) {
    const other = kind === "discover" ? { ...base, kind } : { ...base, kind, audience: "research" };
    assert.deepEqual(await authorize(other, PLAN, signedManifest({ plans: [PLAN] }), [], NOW), {
      basis: "listed",
    });
  }
});

test("takes of several owners' grants its own owner's, and no other's", async () => {
  const inputs = [...plan.inputs, { dataset: "visits", owner: stranger.thumbprint }];
  const theirs = { ...signedGrant({}, stranger), digest: "55".repeat(48) };
  const own = { basis: "grant", grantDigest: "33".repeat(48), maxRows: 500 };
  for (const grants of [
    [theirs, signedGrant()],
    [signedGrant(), theirs],
  ]) {
    assert.deepEqual(await decide({ plan: { inputs }, grants }), own);
  }
  await assertRefused(decide({ plan: { inputs }, grants: [theirs] }), "RULES_ADHOC");
  // Another owner's grant may be over other manifests: it is not this one's to judge.
  const elsewhere = { ...theirs, grant: { ...theirs.grant, manifests: ["66".repeat(48)] } };
  assert.deepEqual(await decide({ plan: { inputs }, grants: [signedGrant(), elsewhere] }), own);
});

test("says in a refusal what it is about", async () => {
  const recipient = analyst.thumbprint;
  const about: readonly (readonly [ErrorCode, object, Case])[] = [
    ["RULES_INPUT", { dataset: "encounters" }, { plan: { inputs: [] } }],
    ["RULES_RELEASE", { dataset: "encounters" }, { plan: { release: "clear" } }],
    ["RULES_ADHOC", { dataset: "encounters" }, {}],
    ["RULES_RECIPIENT", { dataset: "encounters", recipient }, { rules: { adhoc: true } }],
    ["GRANT_PLAN", { plan: "12".repeat(48) }, { grants: [signedGrant({ plan: "12".repeat(48) })] }],
    ["GRANT_MANIFEST", { manifest: MANIFEST }, { grants: [signedGrant({ manifests: ["44".repeat(48)] })] }],
    [
      "GRANT_RECIPIENT",
      { recipient: other.thumbprint },
      { grants: [signedGrant({ recipient: other.thumbprint })] },
    ],
    ["GRANT_EXPIRED", { notAfter: NOT_AFTER }, { grants: [signedGrant()], nowMs: NOT_AFTER + 1 }],
  ];
  for (const [code, details, job] of about) {
    assert.deepEqual((await assertRefused(decide(job), code)).details, details, code);
  }
});
