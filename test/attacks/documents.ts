// Attacks with the manifests that a job comes with: changed, old, or somebody else's.
import { encodeCanonical } from "../../core/json.ts";
import { signJws } from "../../core/manifest/jws.ts";
import type { Manifest } from "../../core/manifest/manifest.ts";
import { importSigningKey } from "../../core/manifest/signing-key.ts";
import { MANIFEST_FORM } from "../../core/manifest/verify.ts";
import { naiveByCity } from "../host/answer.ts";
import { makeKey, makeRows, signAs } from "../host/dataset.ts";
import { BY_CITY, compilePlanFor, drawNonce, runHost } from "../host/host.ts";
import { resign, sealDataset } from "../host/world.ts";
import type { WorldDataset } from "../host/world.ts";
import { judge } from "./attack.ts";
import type { Attack } from "./attack.ts";

const DAY = 86_400_000;
const ANYBODY = { lower: 0, upper: 1000, minUnits: 2 };

/** The JWS with another payload between the same header and signature. */
function withPayload(jws: Uint8Array, manifest: Manifest): Uint8Array {
  const [header, , signature] = Buffer.from(jws).toString().split(".");
  const payload = Buffer.from(encodeCanonical(manifest)).toString("base64url");
  return Buffer.from([header, payload, signature].join("."));
}

function allRows({ objects }: WorldDataset): readonly WorldDataset["objects"][number]["rows"][number][] {
  return objects.flatMap(({ rows }) => rows);
}

const dropObject: Attack = {
  name: "the host drops an object from the manifest, to leave its people out",
  case: "H30",
  scene: "enclave",
  expects: "JWS_SIGNATURE",
  guard: [{ file: "core/manifest/jws.ts", find: "  await checkSignature(jws, alg, key);\n", replace: "" }],
  async run(world) {
    const dataset = await sealDataset(world);
    const kept = dataset.manifest.objects.slice(0, -1);
    const jws = withPayload(dataset.jws, { ...dataset.manifest, objects: kept });
    const plan = await compilePlanFor(world, BY_CITY);
    const run = await runHost(world, { plan, nonce: drawNonce(), dataset: { ...dataset, jws } });
    return judge(run, world.analyst, naiveByCity(dataset.objects.slice(0, -1).flatMap(({ rows }) => rows)));
  },
};

const nameTwice: Attack = {
  name: "an owner's manifest names one object under two keys, so that its people count twice",
  case: "H31",
  scene: "enclave",
  expects: "MANIFEST_OBJECT",
  guard: [
    {
      file: "core/manifest/objects.ts",
      find: "if (digests.has(facts.digest)) throw",
      replace: "if (keys.size < 0) throw",
    },
  ],
  async run(world) {
    const dataset = await sealDataset(world);
    const [first] = dataset.manifest.objects;
    if (first === undefined) throw new Error("no objects");
    const objects = [...dataset.manifest.objects, { ...first, key: "part-9.sealed" }];
    // Signed by other software than ours, which would not sign it.
    const payload = encodeCanonical({ ...dataset.manifest, objects });
    const jws = await signJws(payload, MANIFEST_FORM, await importSigningKey(world.owner.privateKey));
    const [again] = dataset.objects;
    if (again === undefined) throw new Error("no objects");
    const twice = { ...dataset, jws, objects: [...dataset.objects, again] };
    const plan = await compilePlanFor(world, BY_CITY);
    const run = await runHost(world, { plan, nonce: drawNonce(), dataset: twice });
    const second = again.rows.map((row) => ({ ...row, person: `${row.person}-again` }));
    return judge(run, world.analyst, naiveByCity([...allRows(dataset), ...second]));
  },
};

const rollBack: Attack = {
  name: "the host serves an older epoch of the data set, still signed, whose rules were laxer",
  case: "H37",
  scene: "enclave",
  expects: "KMS_DENIED",
  guard: [
    {
      file: "owner/key-policy/enclave.ts",
      find: "const pairs = keys.map((key) => {",
      replace: 'const pairs = keys.filter((key) => key !== "sealroom:epoch").map((key) => {',
    },
  ],
  async run(world) {
    const [old, current] = [Date.now() - DAY, Date.now()];
    const rows = [[...makeRows(1, 100, "rolled").flat(), ...hamlet(3)]];
    const lax = await sealDataset(world, { epoch: old, liveEpochs: [current], rules: { minUnits: 2 }, rows });
    const strict = await resign(world, lax, { epoch: current, rules: { minUnits: 5 } });
    const plan = await compilePlanFor(world, BY_CITY);
    const honest = await judge(
      await runHost(world, { plan, nonce: drawNonce(), dataset: strict }),
      world.analyst,
      naiveByCity(rows.flat()),
    );
    if (honest.outcome !== "succeeded") throw new Error("the current epoch was refused");
    const run = await runHost(world, { plan, nonce: drawNonce(), dataset: lax });
    return judge(run, world.analyst, naiveByCity(rows.flat(), ANYBODY));
  },
};

/** So few people of one more city that the rules would hide them. */
function hamlet(people: number): { person: string; city: string; amount: number }[] {
  return Array.from({ length: people }, (_, index) => ({
    person: `hamlet-${index}`,
    city: "hamlet",
    amount: 100 + index,
  }));
}

const expired: Attack = {
  name: "the host uses a manifest past its date",
  case: "H37",
  scene: "enclave",
  expects: "MANIFEST_EXPIRED",
  guard: [
    {
      file: "core/manifest/verify.ts",
      find: '  checkTime(nowMs, manifest.notAfter, "MANIFEST_EXPIRED");\n',
      replace: "",
    },
  ],
  async run(world) {
    const dataset = await sealDataset(world, { epoch: Date.now() - DAY, notAfter: Date.now() - 1000 });
    const plan = await compilePlanFor(world, BY_CITY);
    const run = await runHost(world, { plan, nonce: drawNonce(), dataset });
    return judge(run, world.analyst, naiveByCity(allRows(dataset)));
  },
};

const impostor: Attack = {
  name: "a stranger's made-up data set takes the place of the owner's of the same name",
  case: "H42",
  scene: "enclave",
  expects: "JOB_INPUTS",
  guard: [
    {
      file: "enclave-worker/inputs.ts",
      find: "if (verified.owner !== owner || verified.manifest.dataset !== dataset) {",
      replace: "if (verified.manifest.dataset !== dataset) {",
    },
    {
      file: "core/manifest/authority.ts",
      find: "input.dataset === dataset && input.owner === verified.owner",
      replace: "input.dataset === dataset",
    },
  ],
  async run(world) {
    const stranger = await makeKey();
    const madeUp = await sealDataset(world, { owner: stranger, rows: makeRows(2, 60, "made up") });
    const plan = await compilePlanFor(world, BY_CITY);
    const run = await runHost(world, { plan, nonce: drawNonce(), dataset: madeUp });
    return judge(run, world.analyst, naiveByCity(allRows(madeUp)));
  },
};

const otherDataset: Attack = {
  name: "the host serves another data set of the same owner",
  case: "H42",
  scene: "enclave",
  expects: "JOB_INPUTS",
  guard: [
    {
      file: "enclave-worker/inputs.ts",
      find: "if (verified.owner !== owner || verified.manifest.dataset !== dataset) {",
      replace: "if (verified.owner !== owner) {",
    },
    {
      file: "core/manifest/authority.ts",
      find: "input.dataset === dataset && input.owner === verified.owner",
      replace: "input.owner === verified.owner",
    },
    {
      file: "core/plan/check.ts",
      find: "if (inputs[at]?.dataset !== dataset) throw",
      replace: "if (inputs[at] === undefined) throw",
    },
  ],
  async run(world) {
    const other = await sealDataset(world, { dataset: "complaints", rows: makeRows(2, 60, "complaints") });
    const plan = await compilePlanFor(world, BY_CITY);
    const run = await runHost(world, { plan, nonce: drawNonce(), dataset: other });
    return judge(run, world.analyst, naiveByCity(allRows(other)));
  },
};

const carriedKey: Attack = {
  name: "a stranger carries the owner's wrapped key and objects into a manifest of his own, with his own rules",
  case: "H22",
  scene: "enclave",
  expects: "KMS_DENIED",
  guard: [
    {
      // The context's owner is then what the host says: the nonce, read as text.
      file: "enclave-worker/job.ts",
      find: "releaseKeys(connection, verified, program, planDigest)",
      replace:
        'releaseKeys(connection, verified.map((input) => ({ ...input, owner: Buffer.from(request.nonce, "hex").toString() })), program, planDigest)',
    },
  ],
  async run(world) {
    const dataset = await sealDataset(world, {
      rows: [[...makeRows(1, 100, "carried").flat(), ...hamlet(2)]],
    });
    const stranger = await makeKey();
    const rules = { ...dataset.manifest.rules, minUnits: 2, recipients: [stranger.publicKey] };
    const jws = await signAs(stranger, { ...dataset.manifest, rules, ownerKey: stranger.publicKey });
    const plan = await compilePlanFor(world, BY_CITY, { owner: stranger, recipient: stranger });
    const nonce = Buffer.from(world.owner.thumbprint).toString("hex");
    const run = await runHost(world, { plan, nonce, dataset: { ...dataset, jws } });
    return judge(run, stranger, naiveByCity(allRows(dataset), ANYBODY));
  },
};

export const DOCUMENT_ATTACKS: readonly Attack[] = [
  dropObject,
  nameTwice,
  rollBack,
  expired,
  impostor,
  otherDataset,
  carriedKey,
];
