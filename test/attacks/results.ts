// Attacks on what comes back: the verifier holds nonce, image, owner and plan from before the job, and must not be
// shown another answer for his own.
import { trustRoot } from "../../core/attestation/root.ts";
import { SealroomError } from "../../core/errors.ts";
import { encodeReceipt, parseReceipt } from "../../core/receipt/receipt.ts";
import { sealResult } from "../../core/receipt/sealed-result.ts";
import { encodeStatement, parseStatement } from "../../core/receipt/statement.ts";
import { verifyReceipt } from "../../core/receipt/verify.ts";
import type { CompiledPlan } from "../../core/plan/compile.ts";
import { sha384Hex } from "../../core/text/digest.ts";
import { makeRows } from "../host/dataset.ts";
import { BY_CITY, compilePlanFor, drawNonce, runHost } from "../host/host.ts";
import type { JobEnd } from "../host/host.ts";
import { DATASET, sealDataset } from "../host/world.ts";
import type { World } from "../host/world.ts";
import type { Attack, Verdict } from "./attack.ts";

type Done = Extract<JobEnd, { type: "done" }>;

async function runDone(world: World, plan: CompiledPlan, nonce: string, rows?: string): Promise<Done> {
  const dataset = await sealDataset(world, rows === undefined ? {} : { rows: makeRows(2, 60, rows) });
  const { event } = await runHost(world, { plan, nonce, dataset });
  if (event.type !== "done") throw new Error(`refused: ${event.code}`);
  return event;
}

interface Shown {
  readonly receipt: Uint8Array;
  readonly result: Uint8Array;
  readonly plan: CompiledPlan;
  readonly nonce: string;
  readonly measurements?: World["services"]["measurements"];
}

/** What the analyst's verifier says of it. */
async function verify(world: World, shown: Shown): Promise<Verdict> {
  const { services, owner } = world;
  try {
    await verifyReceipt({
      receipt: shown.receipt,
      result: shown.result,
      root: trustRoot(services.nitroRoot.certificate),
      measurements: [shown.measurements ?? services.measurements],
      nonce: Buffer.from(shown.nonce, "hex"),
      owners: { [DATASET]: owner.thumbprint },
      plan: shown.plan,
    });
    return { outcome: "succeeded" };
  } catch (error) {
    if (error instanceof SealroomError) return { outcome: "refused", code: error.code };
    throw error;
  }
}

/** The honest answer must verify, or the attack's refusal would say nothing. */
async function verifyHonest(world: World, shown: Shown): Promise<void> {
  const verdict = await verify(world, shown);
  if (verdict.outcome !== "succeeded") throw new Error(`the honest answer: ${JSON.stringify(verdict)}`);
}

const olderResult: Attack = {
  name: "the host returns the result of an older job for a new nonce",
  case: "H60",
  scene: "enclave",
  expects: "POLICY_NONCE",
  guard: [
    {
      file: "core/attestation/expectations.ts",
      find: 'checkBytes(document.nonce, this.#nonce, "POLICY_NONCE");',
      replace: "",
    },
  ],
  async run(world) {
    const plan = await compilePlanFor(world, BY_CITY);
    const nonce = drawNonce();
    const older = await runDone(world, plan, nonce);
    await verifyHonest(world, { ...older, plan, nonce });
    return verify(world, { ...older, plan, nonce: drawNonce() });
  },
};

const swapResults: Attack = {
  name: "the host exchanges the results of two jobs",
  case: "H58",
  scene: "enclave",
  expects: "RECEIPT_RESULT",
  guard: [
    {
      file: "core/receipt/verify.ts",
      find: "if (digest !== statement.subject.sha384) {",
      replace: "if (digest.length === 0) {",
    },
  ],
  async run(world) {
    const plan = await compilePlanFor(world, BY_CITY);
    const nonce = drawNonce();
    const own = await runDone(world, plan, nonce);
    const other = await runDone(world, plan, drawNonce(), "another");
    await verifyHonest(world, { ...own, plan, nonce });
    return verify(world, { receipt: own.receipt, result: other.result, plan, nonce });
  },
};

const rewriteStatement: Attack = {
  name: "the host seals a made-up result to the analyst and writes its digest into the receipt's statement",
  case: "H58",
  scene: "enclave",
  expects: "POLICY_USER_DATA",
  guard: [
    {
      file: "core/attestation/expectations.ts",
      find: "if (this.#userData !== undefined) checkBytes",
      replace: "if (this.#images.length === 0) checkBytes",
    },
  ],
  async run(world) {
    const plan = await compilePlanFor(world, BY_CITY);
    const nonce = drawNonce();
    const { receipt, result: honest } = await runDone(world, plan, nonce);
    await verifyHonest(world, { receipt, result: honest, plan, nonce });
    const result = await sealResult(new Uint8Array(64), world.analyst.publicKey, 0);
    const { attestation, statement } = parseReceipt(receipt);
    const stated = parseStatement(statement);
    const subject = { ...stated.subject, sha384: await sha384Hex(result) };
    const forged = encodeReceipt({ attestation, statement: encodeStatement({ ...stated, subject }) });
    return verify(world, { receipt: forged, result, plan, nonce });
  },
};

const otherImage: Attack = {
  name: "the host has the job done by another image than the one that the analyst expects",
  case: "H18",
  scene: "enclave",
  expects: "POLICY_PCR",
  guard: [
    {
      file: "core/attestation/expectations.ts",
      find: "    checkImage(document, this.#images);\n",
      replace: "",
    },
  ],
  async run(world) {
    const plan = await compilePlanFor(world, BY_CITY);
    const nonce = drawNonce();
    const done = await runDone(world, plan, nonce);
    await verifyHonest(world, { ...done, plan, nonce });
    // Image and application differ, kernel and boot files are the same.
    const measurements = { ...world.services.measurements, 0: "a7".repeat(48), 2: "c1".repeat(48) };
    return verify(world, { ...done, plan, nonce, measurements });
  },
};

const otherPlan: Attack = {
  name: "the host runs another plan, under the analyst's nonce, than the analyst asked for",
  case: "A25",
  scene: "enclave",
  expects: "RECEIPT_PLAN",
  guard: [
    {
      file: "core/receipt/verify.ts",
      find: "if (stated !== planText || statement.planDigest !== planDigest) {",
      replace: "if (stated.length === 0) {",
    },
  ],
  async run(world) {
    const asked = await compilePlanFor(
      world,
      (owner) => `${BY_CITY(owner)}where: { column: city, op: "=", value: north }\n`,
    );
    const ran = await compilePlanFor(
      world,
      (owner) => `${BY_CITY(owner)}where: { column: city, op: "=", value: south }\n`,
    );
    const nonce = drawNonce();
    const done = await runDone(world, ran, nonce);
    await verifyHonest(world, { ...done, plan: ran, nonce });
    return verify(world, { ...done, plan: asked, nonce });
  },
};

export const RESULT_ATTACKS: readonly Attack[] = [
  olderResult,
  swapResults,
  rewriteStatement,
  otherImage,
  otherPlan,
];
