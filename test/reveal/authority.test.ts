// Who may have tokens revealed: whom the owner's signed grant of that very plan and epoch names, and nobody on any other
// ground. Grants are signed and verified as the enclave does.
import assert from "node:assert/strict";
import { test } from "node:test";
import type { ErrorCode } from "../../core/errors.ts";
import { encodeCanonical } from "../../core/json.ts";
import { authorize } from "../../core/manifest/authority.ts";
import type { Authority } from "../../core/manifest/authority.ts";
import type { Grant, Rules } from "../../core/manifest/manifest.ts";
import { signGrant } from "../../core/manifest/sign.ts";
import { verifyGrant } from "../../core/manifest/verify.ts";
import { planDigest } from "../../core/plan/parse.ts";
import { composeStatement } from "../../core/receipt/compose.ts";
import { encodeStatement, parseStatement } from "../../core/receipt/statement.ts";
import { makeParty, NOT_AFTER, NOW } from "../manifest/example.ts";
import { assertRefused } from "../manifest/refusal.ts";
import { makePeople, RULES } from "./people.ts";
import { ANALYST, copyOf, OWNER, resigned, revealPlan, sealedWorld } from "./world.ts";

const copy = copyOf(sealedWorld(makePeople(30), [[30]]), RULES);
const plan = revealPlan(copy, ["patient", "born", "city"]);
const PLAN = await planDigest(encodeCanonical(plan));
const MANIFEST = "22".repeat(48);
const stranger = await makeParty();

const GRANT: Grant = {
  version: 1,
  plan: PLAN,
  manifests: [MANIFEST],
  recipient: ANALYST.thumbprint,
  notAfter: NOT_AFTER,
  maxRows: 40,
};

interface Asked {
  readonly grant?: Partial<Grant> | null;
  readonly by?: typeof OWNER;
  readonly rules?: Partial<Rules>;
  readonly nowMs?: number;
  readonly to?: typeof OWNER;
}

async function decide({ grant = {}, by = OWNER, rules = {}, nowMs = NOW, to }: Asked): Promise<Authority> {
  const { manifest } = resigned(copy, { rules: { ...copy.manifest.rules, ...rules } });
  const asked = to === undefined ? plan : { ...plan, recipient: to.publicKey };
  const digest = await planDigest(encodeCanonical(asked));
  const grants = [];
  if (grant !== null) {
    const signed = await signGrant({ ...GRANT, ...grant }, by.signingKey);
    grants.push(await verifyGrant(signed, { nowMs: NOW }));
  }
  const verified = { manifest, digest: MANIFEST, owner: OWNER.thumbprint };
  return authorize(asked, digest, verified, grants, nowMs);
}

test("the recipient of a grant of this plan and epoch may have the rows that it says", async () => {
  const authority = await decide({});
  assert.ok(authority.basis === "grant");
  assert.equal(authority.maxRows, 40);
});

test("a plan that the rules list has its rows by the grant all the same", async () => {
  assert.equal((await decide({ rules: { plans: [PLAN] } })).basis, "grant");
});

const ADHOC = { adhoc: true, recipients: [ANALYST.publicKey] };

const REFUSED: readonly (readonly [string, ErrorCode, Asked])[] = [
  ["a plan that the rules list", "RULES_REVEAL", { grant: null, rules: { plans: [PLAN] } }],
  ["an ad-hoc plan of a recipient of the rules", "RULES_REVEAL", { grant: null, rules: ADHOC }],
  ["a listed ad-hoc plan", "RULES_REVEAL", { grant: null, rules: { ...ADHOC, plans: [PLAN] } }],
  ["a grant of another plan", "GRANT_PLAN", { grant: { plan: "11".repeat(48) } }],
  ["the plan with another recipient than the granted one", "GRANT_PLAN", { to: stranger }],
  ["a grant for another recipient", "GRANT_RECIPIENT", { grant: { recipient: stranger.thumbprint } }],
  ["a grant of another epoch", "GRANT_MANIFEST", { grant: { manifests: ["33".repeat(48)] } }],
  ["a grant that has ended", "GRANT_EXPIRED", { nowMs: NOT_AFTER + 1 }],
  ["a grant that somebody else signed", "GRANT_OWNER", { by: stranger }],
  [
    "a grant for somebody else of a listed plan",
    "GRANT_RECIPIENT",
    { grant: { recipient: stranger.thumbprint }, rules: { plans: [PLAN], ...ADHOC } },
  ],
];

for (const [what, code, asked] of REFUSED) {
  test(`${what} reveals nothing`, async () => {
    await assertRefused(decide(asked), code);
  });
}

test("the receipt names the columns that were revealed, by what, for whom, and the grant's cap", async () => {
  const verified = { manifest: copy.manifest, digest: MANIFEST, owner: OWNER.thumbprint };
  const job = {
    plan,
    planDigest: PLAN,
    inputs: [{ verified, authority: await decide({}) }],
    result: { name: "result.jwe", sha384: "44".repeat(48) },
    outputs: [],
    software: { name: "sealroom", version: "0.1.0" },
  };
  const { release } = parseStatement(encodeStatement(await composeStatement(job)));
  assert.ok(release.mode === "reveal");
  assert.deepEqual(Object.keys(release.tokens).sort(), ["born", "patient"]);
  assert.deepEqual([release.maxRows, release.tokens["born"]?.unit], [40, "patient"]);
  assert.deepEqual(release.delivery, { sealedTo: ANALYST.thumbprint });
});
