// One job from the host's bytes to what leaves. `runJob` is the order of checks: documents before keys, keys before
// data, all the data before the gate, the gate before anything is sealed.
import { isDebug } from "../core/attestation/document.ts";
import { PolicyError, SealroomError } from "../core/errors.ts";
import type { VerifiedManifest } from "../core/manifest/manifest.ts";
import { parsePlan, planDigest as digestPlan } from "../core/plan/parse.ts";
import { rowCap } from "../core/receipt/compose.ts";
import { OUTPUT_FILE } from "../core/receipt/statement.ts";
import { sha384Hex } from "../core/text/digest.ts";
import type { JobRequest } from "../core/wire/job.ts";
import {
  boundProgram,
  compileProgram,
  mostResultBytes,
  ownerReport,
  releaseResult,
  surveyOf,
} from "../jobs/registry.ts";
import { attest } from "./attest.ts";
import { enclaveTime } from "./clock.ts";
import { computeObjects } from "./compute.ts";
import type { Progress } from "./compute.ts";
import type { Enclave } from "./enclave.ts";
import { verifyInputs } from "./inputs.ts";
import { clearKeys, releaseKeys } from "./job-keys.ts";
import { objectsRead, runJoin } from "./joining.ts";
import type { RunInput } from "./joining.ts";
import type { KmsConnection } from "./kms/recipient-call.ts";
import { openMaps, openOutputs, sealMaps } from "./making.ts";
import type { Run } from "./making.ts";
import { Passes } from "./passes.ts";
import { releaseTable } from "./release.ts";
import type { Released } from "./release.ts";

export interface Done extends Released {
  /** The unsigned manifest of what the job made; null where it made nothing. */
  readonly output: Uint8Array | null;
}

/** Errors: every code that this enclave can refuse with. `abandoned` ends the work when nobody waits for it. */
export async function runJob(
  request: JobRequest,
  enclave: Enclave,
  abandoned: AbortSignal,
  onProgress: (progress: Progress) => void,
): Promise<Done> {
  const nowMs = await readTime(enclave);
  const plan = parsePlan(request.plan);
  const planDigest = await digestPlan(request.plan);
  const inputs = await verifyInputs(request, plan, planDigest, nowMs);
  const verified = inputs.map((input) => input.verified);
  const manifests = verified.map(({ manifest }) => manifest);
  const release = { maxRows: rowCap(inputs) };
  const program = boundProgram(compileProgram(plan, manifests, release), enclave.groupBytes);
  const connection = kmsConnection(enclave, request, { nowMs, abandoned });
  const keys = await releaseKeys(connection, verified, program, planDigest);
  try {
    const making = {
      dialer: enclave.dialer,
      job: request.job,
      input: firstOf(verified),
      program,
      keys,
      abandoned,
    };
    const outputs = openOutputs(making, planDigest);
    const passes = new Passes(
      onProgress,
      objectsRead(program, surveyOf(program) === null ? 1 : 2, manifests),
    );
    const runInput: RunInput = (computation) => {
      const [manifest, datasetKey] = [manifests[computation.input], keys.datasets[computation.input]];
      if (manifest === undefined || datasetKey === undefined) throw new Error("internal: no such input");
      const base = { job: request.job, manifest, datasetKey };
      return computeObjects(enclave.pool, { ...base, ...computation }, abandoned, passes.next());
    };
    const run: Run = (computation) => runInput({ input: 0, ...computation });
    const vaults = await sealMaps(making, outputs, run);
    const { merge, made } =
      program.kind === "join"
        ? await runJoin(program, runInput)
        : await run({
            program,
            secrets: { masters: keys.masters, maps: [...vaults.maps, ...(await openMaps(making))] },
            target: outputs === null ? null : (object) => outputs.target(object),
          });
    const table = releaseResult(program, merge, release);
    const report = ownerReport(program, merge);
    const output = outputs?.manifest(made, vaults.entries) ?? null;
    const released = await releaseTable(enclave.nsm, {
      plan,
      planDigest,
      inputs,
      table,
      mostBytes: mostResultBytes(program),
      outputs: [
        ...(output === null ? [] : [{ name: OUTPUT_FILE, sha384: await sha384Hex(output) }]),
        ...vaults.subjects,
        ...(report === null || outputs === null ? [] : [await outputs.report(report)]),
      ],
      nonce: request.nonce,
    });
    return { ...released, output };
  } finally {
    clearKeys(keys);
  }
}

/** The enclave's time, and that it is no debug enclave, from a fresh document of its own. */
async function readTime({ nsm, authenticateOwn }: Enclave): Promise<number> {
  const document = await authenticateOwn(await attest(nsm, {}));
  if (isDebug(document)) throw new PolicyError("POLICY_DEBUG");
  return enclaveTime(document);
}

/** Of what jobs over one data set have besides. */
function firstOf([input]: readonly VerifiedManifest[]): VerifiedManifest {
  if (input === undefined) throw new SealroomError("JOB_INPUTS");
  return input;
}

function kmsConnection(
  { dialer, kmsRoots, nsm }: Enclave,
  { credentials }: JobRequest,
  when: Pick<KmsConnection, "nowMs" | "abandoned">,
): KmsConnection {
  return { dialer, roots: kmsRoots, nsm, credentials, ...when };
}
