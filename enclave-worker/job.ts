// One job from the host's bytes to what leaves. `runJob` is the order of checks: documents before keys, keys before
// data, all the data before the gate, the gate before anything is sealed.
import { isDebug } from "../core/attestation/document.ts";
import { PolicyError } from "../core/errors.ts";
import { datasetContext } from "../core/manifest/encryption-context.ts";
import { checkPlan } from "../core/plan/check.ts";
import { parsePlan, planDigest as digestPlan } from "../core/plan/parse.ts";
import { releaseParameters } from "../core/receipt/compose.ts";
import type { JobInput } from "../core/receipt/compose.ts";
import type { JobRequest } from "../core/wire/job.ts";
import { compileProgram, mostResultBytes, releaseResult } from "../jobs/registry.ts";
import { attest } from "./attest.ts";
import { enclaveTime } from "./clock.ts";
import { computeObjects } from "./compute.ts";
import type { Progress } from "./compute.ts";
import type { Enclave } from "./enclave.ts";
import { verifyInputs } from "./inputs.ts";
import type { Input } from "./inputs.ts";
import { decryptDataKey } from "./kms/decrypt.ts";
import type { KmsConnection } from "./kms/decrypt.ts";
import { releaseTable } from "./release.ts";
import type { Released } from "./release.ts";

/** Errors: every code that this enclave can refuse with. `abandoned` ends the work when nobody waits for it. */
export async function runJob(
  request: JobRequest,
  enclave: Enclave,
  abandoned: AbortSignal,
  onProgress: (progress: Progress) => void,
): Promise<Released> {
  const nowMs = await readTime(enclave);
  const plan = parsePlan(request.plan);
  const planDigest = await digestPlan(request.plan);
  const inputs = (await verifyInputs(request, plan, planDigest, nowMs)).map((input): JobInput => ({
    ...input,
    checked: checkPlan(plan, input.verified.manifest),
  }));
  const input = onlyInput(inputs);
  const program = compileProgram(plan, input.verified.manifest);
  const datasetKey = await releaseKey(enclave, request, input, { nowMs, abandoned });
  try {
    const { manifest } = input.verified;
    const computation = { job: request.job, manifest, datasetKey, program };
    const merge = await computeObjects(enclave.pool, computation, abandoned, onProgress);
    const table = releaseResult(program, merge, releaseParameters(inputs));
    const mostBytes = mostResultBytes(program);
    return await releaseTable(enclave.nsm, {
      plan,
      planDigest,
      inputs,
      table,
      mostBytes,
      nonce: request.nonce,
    });
  } finally {
    datasetKey.fill(0);
  }
}

/** The enclave's time, and that it is no debug enclave, from a fresh document of its own. */
async function readTime({ nsm, authenticateOwn }: Enclave): Promise<number> {
  const document = await authenticateOwn(await attest(nsm, {}));
  if (isDebug(document)) throw new PolicyError("POLICY_DEBUG");
  return enclaveTime(document);
}

function onlyInput(inputs: readonly JobInput[]): JobInput {
  const [input, ...more] = inputs;
  if (input === undefined || more.length > 0) throw new PolicyError("JOB_INPUTS", { inputs: inputs.length });
  return input;
}

/** KMS gives the key only under the context that is built here, from the manifest and who signed it. */
async function releaseKey(
  { dialer, kmsRoots, nsm }: Enclave,
  { credentials }: JobRequest,
  { verified: { manifest, owner } }: Input,
  when: Pick<KmsConnection, "nowMs" | "abandoned">,
): Promise<Uint8Array> {
  const { keyArn, wrappedKey: blob, dataset, epoch } = manifest;
  const context = datasetContext({ owner, dataset, epoch });
  const connection = { dialer, roots: kmsRoots, nsm, credentials, ...when };
  return decryptDataKey(connection, { keyArn, blob, context });
}
