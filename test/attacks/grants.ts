// Attacks with what an owner has allowed: plans that nobody listed, and grants for another plan, time, person or
// epoch than the one at hand.
import { signGrant } from "../../core/manifest/sign.ts";
import type { Grant } from "../../core/manifest/manifest.ts";
import { importSigningKey } from "../../core/manifest/signing-key.ts";
import type { CompiledPlan } from "../../core/plan/compile.ts";
import { sha384Hex } from "../../core/text/digest.ts";
import { naiveByCity } from "../host/answer.ts";
import { makeKey } from "../host/dataset.ts";
import type { KeyPair, Row } from "../host/dataset.ts";
import { BY_CITY, compilePlanFor, drawNonce, runHost } from "../host/host.ts";
import { resign, sealDataset } from "../host/world.ts";
import type { World, WorldDataset } from "../host/world.ts";
import { judge } from "./attack.ts";
import type { Attack, Verdict } from "./attack.ts";

const DAY = 86_400_000;
const AUTHORITY = "core/manifest/authority.ts";
/** Nothing runs but what is granted. */
const ON_GRANT = { adhoc: false, recipients: [] } as const;

function allRows({ objects }: WorldDataset): readonly Row[] {
  return objects.flatMap(({ rows }) => rows);
}

async function grantFor(plan: CompiledPlan, dataset: WorldDataset, recipient: KeyPair): Promise<Grant> {
  const payload = Buffer.from(Buffer.from(dataset.jws).toString().split(".")[1] ?? "", "base64url");
  return {
    version: 1,
    plan: plan.digest,
    manifests: [await sha384Hex(payload)],
    recipient: recipient.thumbprint,
    notAfter: Date.now() + DAY,
    maxRows: 100,
  };
}

const otherGrant: Attack = {
  name: "the analyst uses a grant for another plan",
  case: "A35",
  scene: "enclave",
  expects: "GRANT_PLAN",
  guard: [
    {
      file: "core/manifest/authority.ts",
      find: 'if (grant.plan !== job.planDigest) throw new PolicyError("GRANT_PLAN", { plan: grant.plan });',
      replace: "",
    },
  ],
  async run(world) {
    const dataset = await sealDataset(world, { rules: { adhoc: false, recipients: [] } });
    const granted = await compilePlanFor(world, (owner) => `${BY_CITY(owner)}limit: 1\n`);
    const grant = await signGrant(
      await grantFor(granted, dataset, world.analyst),
      await importSigningKey(world.owner.privateKey),
    );
    const plan = await compilePlanFor(world, BY_CITY);
    const run = await runHost(world, { plan, nonce: drawNonce(), dataset, grants: [grant] });
    return judge(run, world.analyst, naiveByCity(allRows(dataset)));
  },
};

const ownGrant: Attack = {
  name: "the analyst signs a grant for himself",
  case: "A35",
  scene: "enclave",
  expects: "GRANT_OWNER",
  guard: [
    {
      file: "core/manifest/authority.ts",
      find: "if (!plan.inputs.some(({ owner }) => owner === grant.owner)) throw",
      replace: "if (plan.inputs.length === 0) throw",
    },
    {
      file: "core/manifest/authority.ts",
      find: "grants.filter(({ owner }) => owner === verified.owner)",
      replace: "grants",
    },
  ],
  async run(world) {
    const dataset = await sealDataset(world, { rules: { adhoc: false, recipients: [] } });
    const plan = await compilePlanFor(world, BY_CITY);
    const grant = await signGrant(
      await grantFor(plan, dataset, world.analyst),
      await importSigningKey(world.analyst.privateKey),
    );
    const run = await runHost(world, { plan, nonce: drawNonce(), dataset, grants: [grant] });
    return judge(run, world.analyst, naiveByCity(allRows(dataset)));
  },
};

const otherRecipient: Attack = {
  name: "the analyst has the result sealed to somebody whom no rule names",
  case: "A35",
  scene: "enclave",
  expects: "RULES_RECIPIENT",
  guard: [
    {
      file: "core/manifest/authority.ts",
      find: "if (!rules.recipients.some((key) => isSameKey(key, plan.recipient))) {",
      replace: "if (rules.recipients.length < 0) {",
    },
  ],
  async run(world: World) {
    const dataset = await sealDataset(world);
    const friend = await makeKey();
    const plan = await compilePlanFor(world, BY_CITY, { recipient: friend });
    const run = await runHost(world, { plan, nonce: drawNonce(), dataset });
    return judge(run, friend, naiveByCity(allRows(dataset)));
  },
};

/** Runs the plan by city with one grant of the owner's, changed. */
async function runGranted(
  world: World,
  dataset: WorldDataset,
  change: (grant: Grant) => Grant,
): Promise<Verdict> {
  const plan = await compilePlanFor(world, BY_CITY);
  const grant = await signGrant(
    change(await grantFor(plan, dataset, world.analyst)),
    await importSigningKey(world.owner.privateKey),
  );
  const run = await runHost(world, { plan, nonce: drawNonce(), dataset, grants: [grant] });
  return judge(run, world.analyst, naiveByCity(allRows(dataset)));
}

const unlisted: Attack = {
  name: "the analyst runs a plan that the owner has neither listed nor granted",
  case: "A35",
  scene: "enclave",
  expects: "RULES_ADHOC",
  guard: [
    {
      file: AUTHORITY,
      find: 'if (!rules.adhoc) throw new PolicyError("RULES_ADHOC", { dataset });',
      replace: "",
    },
  ],
  async run(world) {
    const dataset = await sealDataset(world, { rules: { adhoc: false } });
    const plan = await compilePlanFor(world, BY_CITY);
    const run = await runHost(world, { plan, nonce: drawNonce(), dataset });
    return judge(run, world.analyst, naiveByCity(allRows(dataset)));
  },
};

const lateGrant: Attack = {
  name: "the analyst uses a grant whose time is over",
  case: "A35",
  scene: "enclave",
  expects: "GRANT_EXPIRED",
  guard: [
    {
      file: "core/manifest/verify.ts",
      find: '  checkTime(nowMs, grant.notAfter, "GRANT_EXPIRED");\n',
      replace: "",
    },
    {
      file: AUTHORITY,
      find: "if (!(job.nowMs <= grant.notAfter)) throw",
      replace: "if (grant.notAfter < 0) throw",
    },
  ],
  async run(world) {
    const dataset = await sealDataset(world, { rules: ON_GRANT });
    return runGranted(world, dataset, (grant) => ({ ...grant, notAfter: Date.now() - 1000 }));
  },
};

const oldGrant: Attack = {
  name: "the analyst uses a grant of an epoch with other rules",
  case: "H38",
  scene: "enclave",
  expects: "GRANT_MANIFEST",
  guard: [
    {
      file: AUTHORITY,
      find: "if (!grant.manifests.includes(job.manifestDigest)) {",
      replace: "if (grant.maxRows < 0) {",
    },
    {
      file: AUTHORITY,
      find: "if (!grant.manifests.includes(digest)) throw",
      replace: "if (grant.maxRows < 0) throw",
    },
  ],
  async run(world) {
    const [earlier, later] = [Date.now() - DAY, Date.now()];
    const old = await sealDataset(world, { epoch: earlier, liveEpochs: [earlier, later], rules: ON_GRANT });
    const current = await resign(world, old, { epoch: later, rules: { minUnits: 6 } });
    const plan = await compilePlanFor(world, BY_CITY);
    const { manifests } = await grantFor(plan, old, world.analyst);
    return runGranted(world, current, (grant) => ({ ...grant, manifests }));
  },
};

const borrowedGrant: Attack = {
  name: "the analyst uses a grant whose result was to go to somebody else",
  case: "A35",
  scene: "enclave",
  expects: "GRANT_RECIPIENT",
  guard: [
    {
      file: AUTHORITY,
      find: "if (grant.recipient !== job.recipient) {",
      replace: "if (grant.maxRows < 0) {",
    },
  ],
  async run(world) {
    const dataset = await sealDataset(world, { rules: ON_GRANT });
    const { thumbprint: recipient } = await makeKey();
    return runGranted(world, dataset, (grant) => ({ ...grant, recipient }));
  },
};

const moreRows: Attack = {
  name: "the analyst's plan gives more rows than the owner granted",
  case: "A35",
  scene: "enclave",
  expects: "GATE_ROWS",
  guard: [
    {
      file: "jobs/aggregate/gate.ts",
      find: "if (maxRows !== null && rows.length > maxRows) throw",
      replace: "if (maxRows === -1) throw",
    },
  ],
  async run(world) {
    const dataset = await sealDataset(world, { rules: ON_GRANT });
    return runGranted(world, dataset, (grant) => ({ ...grant, maxRows: 1 }));
  },
};

export const GRANT_ATTACKS: readonly Attack[] = [
  otherGrant,
  ownGrant,
  otherRecipient,
  unlisted,
  lateGrant,
  oldGrant,
  borrowedGrant,
  moreRows,
];
