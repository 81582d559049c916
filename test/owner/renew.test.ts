// Signing again and granting: what changes, what must not, and whose signature counts.
import assert from "node:assert/strict";
import test, { after, before } from "node:test";
import { verifyGrant } from "../../core/manifest/verify.ts";
import { thumbprint } from "../../core/manifest/jwk.ts";
import { parseJson } from "../../core/json.ts";
import { DEFAULT_GRANT_MS, grantPlan } from "../../owner/grant.ts";
import { encodeKeys, generateOwnerKeys, parseOwnerKey } from "../../owner/keys.ts";
import { parseRulesFile, type RulesFile } from "../../owner/rules-file.ts";
import { findObject, putObject, type Target } from "../../owner/store.ts";
import { signDataset, type Signed, type SignRequest } from "../../owner/sign.ts";
import { Cleanups } from "../local/kms/rig.ts";
import { BUCKET } from "../local/s3/rig.ts";
import { refused } from "./refused.ts";
import { EPOCH, startOwnerRig, type OwnerRig } from "./rig.ts";

const cleanups = new Cleanups();
let rig: OwnerRig;
const SCHEMA =
  "unit: who\ncolumns:\n  who: { type: utf8, role: unit }\n  n: { type: int32, role: measure }\n";
before(async () => {
  rig = await startOwnerRig(cleanups);
  const file = await rig.file("people.csv", "who,n\na,1\nb,2\na,3\n");
  await rig.seal({ inputs: [file], schema: SCHEMA, prefix: "kept/" });
  await rig.seal({ inputs: [file], schema: SCHEMA, prefix: "renewed/" });
});
after(() => cleanups.run());

const rules = (text: string): Promise<RulesFile> =>
  parseRulesFile(text, () => Promise.reject(new Error("no recipients")));

async function sign(prefix: string, change: Partial<SignRequest>): Promise<Signed> {
  const stored = prefix === "nowhere/" ? "" : (await rig.open(prefix)).manifest.digest;
  return signDataset({
    manifest: stored,
    dataset: "people",
    at: { bucket: BUCKET, prefix },
    rules: null,
    ownerKey: rig.ownerKey,
    s3: rig.s3,
    kms: rig.kms,
    nowMs: EPOCH + 1_000,
    ...change,
  });
}

test("a data set signed again has the new rules and epoch, the same objects, and opens under the new context", async () => {
  const before_ = await rig.open("renewed/");
  const signed = await sign("renewed/", {
    rules: await rules("min_units: 7\nmax_groups: 3\nbounds: { n: { lower: 0, upper: 9 } }\n"),
  });
  const opened = await rig.open("renewed/");
  assert.deepEqual([signed.epoch, signed.previousEpoch], [EPOCH + 1_000, EPOCH]);
  assert.equal(opened.manifest.digest, signed.manifestDigest);
  assert.equal(opened.manifest.manifest.rules.minUnits, 7);
  assert.deepEqual(opened.manifest.manifest.objects, before_.manifest.manifest.objects);
  assert.notEqual(opened.manifest.manifest.wrappedKey, before_.manifest.manifest.wrappedKey);
  assert.deepEqual(opened.columns, before_.columns);
  const kept = (await rig.keys("renewed/")).filter((key) => key.endsWith(".jws"));
  assert.deepEqual(kept, [`manifest-${EPOCH}.jws`, `manifest-${EPOCH + 1_000}.jws`, "manifest.jws"]);
  await refused("OWNER_EPOCH", () => sign("renewed/", {}));
});

test("what is signed again must be the owner's own data set, later, and with rules that fit", async () => {
  const stranger = await parseOwnerKey(parseJson(await encodeKeys(await generateOwnerKeys(), "private")));
  await refused("OWNER_DATASET", () => sign("kept/", { ownerKey: stranger }));
  await refused("OWNER_DATASET", () => sign("kept/", { dataset: "others" }));
  await refused("OWNER_EPOCH", () => sign("kept/", { nowMs: EPOCH }));
  await refused("STORE_MISSING", () => sign("nowhere/", {}));
  const misfit = await rules("min_units: 7\nmax_groups: 3\nbounds: { who: { lower: 0, upper: 9 } }\n");
  await refused("MANIFEST_RULES", () => sign("kept/", { rules: misfit }), { field: "bounds.who" });
  assert.equal((await rig.open("kept/")).manifest.manifest.epoch, EPOCH);
});

test("an older manifest that the host put back is not signed again", async () => {
  const file = await rig.file("more.csv", "who,n\na,1\nb,2\n");
  await rig.seal({ inputs: [file], schema: SCHEMA, prefix: "rolled/" });
  const older = (await rig.open("rolled/")).manifest;
  const target: Target = { s3: rig.s3, place: { bucket: BUCKET, prefix: "rolled/" } };
  const kept = await findObject(target, `manifest-${EPOCH}.jws`, 1_000_000);
  const strict = await rules("min_units: 70\nmax_groups: 3\nbounds: { n: { lower: 0, upper: 9 } }\n");
  const newer = await sign("rolled/", { rules: strict });
  await putObject(target, "manifest.jws", kept ?? new Uint8Array(0), "replace");
  assert.equal((await rig.open("rolled/")).manifest.digest, older.digest);
  await refused("OWNER_MANIFEST", () =>
    sign("rolled/", { manifest: newer.manifestDigest, nowMs: EPOCH + 2_000 }),
  );
});

test("a grant names the plan, the owner's manifests, the recipient, an end and a most of rows", async () => {
  const { manifest } = await rig.open("kept/");
  const recipient = rig.ownerKey.sealing;
  const granted = await grantPlan({
    plan: "ab".repeat(48),
    manifests: [manifest],
    recipient,
    ownerKey: rig.ownerKey,
    nowMs: EPOCH,
    maxRows: 12,
  });
  const { grant, owner, digest } = await verifyGrant(granted.jws, { nowMs: EPOCH });
  assert.deepEqual(grant, {
    version: 1,
    plan: "ab".repeat(48),
    manifests: [manifest.digest],
    recipient: await thumbprint(recipient),
    notAfter: EPOCH + DEFAULT_GRANT_MS,
    maxRows: 12,
  });
  assert.deepEqual([owner, digest], [rig.ownerKey.thumbprint, granted.digest]);
});

test("no grant is made over another owner's manifest, for no plan, or for no manifest", async () => {
  const { manifest } = await rig.open("kept/");
  const ownerKey = await parseOwnerKey(parseJson(await encodeKeys(await generateOwnerKeys(), "private")));
  const request = {
    plan: "ab".repeat(48),
    manifests: [manifest],
    recipient: ownerKey.sealing,
    ownerKey: rig.ownerKey,
    nowMs: EPOCH,
  };
  await refused("OWNER_DATASET", () => grantPlan({ ...request, ownerKey }));
  await refused("GRANT_FIELD", () => grantPlan({ ...request, plan: "ab" }));
  await refused("GRANT_FIELD", () => grantPlan({ ...request, manifests: [] }));
});
