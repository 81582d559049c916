// `sealroom explain`: what a job would do, before it runs: whether the owners' rules allow it, and what it reads.
import type { Command } from "commander";
import { SealroomError } from "../core/errors.ts";
import type { JsonObject } from "../core/json.ts";
import { thumbprint } from "../core/manifest/jwk.ts";
import type { Explanation, InputExplanation, Verdict } from "../host-driver/explain.ts";
import { act, collect, declare } from "./command.ts";
import type { Host, Session } from "./command.ts";
import { addCloudOptions, openCloud } from "./cloud-options.ts";
import type { CloudOptions } from "./cloud-options.ts";
import { locate, readFault, renderFault } from "./fault.ts";
import { readBytes } from "./file.ts";
import { compileJobFile, readJobFile } from "./job-file.ts";
import { paint, renderBytes, renderFields } from "./output.ts";
import type { Report } from "./output.ts";
import { parsePairs } from "./pairs.ts";

interface Options extends CloudOptions {
  readonly from?: readonly string[];
  readonly grant?: readonly string[];
}

const GRANT_BYTES = 16_384;

export function declareExplain(parent: Command, host: Host): void {
  const command = declare(parent, "explain", {
    summary: "say whether the rules allow a job, and what it reads",
    description:
      "Says beforehand whether each owner's rules allow the job and by which rule, which columns it uses and as what, " +
      "and how much it reads. Exit 1 if a rule refuses it. Reads manifests only.",
    examples: ["sealroom explain job.yaml", "sealroom explain job.yaml --grant grant.jws --json"],
  })
    .argument("<job>", "the job, YAML or JSON")
    .option("--grant <file>", "an owner's grant for this job; may be repeated", collect)
    .option(
      "--from <name=s3://...>",
      "where a data set lies, instead of what the job says; may be repeated",
      collect,
    );
  act(addCloudOptions(command), host, explain);
}

async function explain(session: Session, options: Options, path: string): Promise<Report> {
  const from = parsePairs("--from", "NAME=s3://bucket/prefix/", options.from ?? []);
  const job = await readJobFile(path);
  // What is wrong with the text shows before anything is started.
  await compileJobFile(job);
  const grants = await Promise.all((options.grant ?? []).map((grant) => readBytes(grant, GRANT_BYTES)));
  const cloud = await openCloud(session, options);
  try {
    const { prepareJob } = await import("../host-driver/client.ts");
    const { explainJob } = await import("../host-driver/explain.ts");
    const nowMs = Date.now();
    const s3 = cloud.s3("enclave");
    const prepared = await locate(path, () =>
      prepareJob({ job: job.text, resolveRecipient: job.resolveRecipient, from, s3, nowMs }),
    );
    const { plan } = prepared.plan;
    const explanation = await explainJob(prepared, grants, nowMs);
    return describe(path, prepared.plan.digest, await thumbprint(plan.recipient), plan.release, explanation);
  } finally {
    await cloud.close();
  }
}

function describe(
  path: string,
  digest: string,
  recipient: string,
  release: "sealed" | "clear",
  { inputs, allowed }: Explanation,
): Report {
  const title = allowed ? paint("green", "ALLOWED") : paint("red", "REFUSED");
  return {
    exit: allowed ? 0 : 1,
    json: { allowed, planDigest: digest, recipient, release, inputs: inputs.map(encodeInput) },
    text: [
      `${title}  ${path}`,
      ...renderFields([
        ["plan", digest],
        ["recipient", recipient],
        ["result", release === "sealed" ? "leaves sealed to the recipient" : "leaves in the clear"],
      ]),
      ...inputs.flatMap((input) => [
        "",
        `Data set ${input.dataset.verified.manifest.dataset}`,
        ...renderInput(input),
      ]),
    ],
  };
}

function renderInput({
  dataset,
  verdict,
  columns,
  rows,
  bytes,
  readBytes,
}: InputExplanation): readonly string[] {
  const { manifest, owner, digest } = dataset.verified;
  const { rules, objects } = manifest;
  return renderFields([
    [verdict.allowed ? "allowed" : "REFUSED", verdictWords(verdict)],
    ["owner", owner],
    ["epoch", `${manifest.epoch} (${new Date(manifest.epoch).toISOString()})`],
    ["manifest", digest],
    ["lies at", `s3://${dataset.location.bucket}/${dataset.location.prefix}`],
    ...columns.map(({ name, type, role, uses, bounds }) => {
      const clipped =
        bounds === null ? "" : `, each unit's total clipped to ${bounds.lower} .. ${bounds.upper}`;
      return ["reads", `${name}, ${role} (${type}): ${uses.join(", ")}${clipped}`] as const;
    }),
    ["of", `${rows} rows in ${objects.length} objects, ${renderBytes(bytes)} sealed`],
    ["at most", `${renderBytes(readBytes)} read from S3`],
    ["unit", manifest.unit === "row" ? "each row by itself" : "the column of role unit"],
    ["released", `groups of ${rules.minUnits} units or more, at most ${rules.maxGroups} groups`],
  ]);
}

/** Which rule decided, by the name that it has in the rules. */
function verdictWords(verdict: Verdict): string {
  if (verdict.allowed) {
    const { authority } = verdict;
    if (authority.basis === "listed") return "the rules list this plan's digest";
    if (authority.basis === "grant") return `the owner granted it, up to ${authority.maxRows} rows`;
    return "the rules allow ad-hoc jobs, and name this recipient";
  }
  const fault = readFault(new SealroomError(verdict.code, verdict.details));
  return renderFault(REFUSAL_WORDS[verdict.code] ?? "the job does not fit the data set", fault);
}

const REFUSAL_WORDS: Readonly<Partial<Record<string, string>>> = {
  RULES_ADHOC: "rule `adhoc` is false, rule `plans` does not list this plan, and no grant was given",
  RULES_RECIPIENT: "rule `recipients` does not name this recipient",
  RULES_RELEASE: "rule `release` is sealed",
  PLAN_ROLE: "the schema's role for the column",
  PLAN_BOUNDS: "rule `bounds` has nothing for the column",
};

function encodeInput({ dataset, verdict, columns, rows, bytes, readBytes }: InputExplanation): JsonObject {
  const { manifest, owner, digest } = dataset.verified;
  return {
    dataset: manifest.dataset,
    owner,
    epoch: manifest.epoch,
    manifest: digest,
    location: `s3://${dataset.location.bucket}/${dataset.location.prefix}`,
    allowed: verdict.allowed,
    basis: verdict.allowed ? verdict.authority.basis : null,
    code: verdict.allowed ? null : verdict.code,
    details: verdict.allowed ? {} : { ...verdict.details },
    columns: columns.map(({ name, type, role, uses, bounds }) => ({
      name,
      type,
      role,
      uses: [...uses],
      bounds: bounds === null ? null : { ...bounds },
    })),
    objects: manifest.objects.length,
    rows,
    bytes,
    bytesReadAtMost: readBytes,
    minUnits: manifest.rules.minUnits,
    maxGroups: manifest.rules.maxGroups,
  };
}
