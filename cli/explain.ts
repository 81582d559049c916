// `sealroom explain`: what a job would do, before it runs: whether the owners' rules allow it, and what it reads.
import type { Command } from "commander";
import { SealroomError } from "../core/errors.ts";
import type { JsonObject } from "../core/json.ts";
import { thumbprint } from "../core/manifest/jwk.ts";
import type { UnitKind } from "../core/manifest/manifest.ts";
import type { Role } from "../core/manifest/manifest.ts";
import type { AudienceRule } from "../core/manifest/tokenization.ts";
import type { ColumnUse } from "../host-driver/column-uses.ts";
import type { Explanation, InputExplanation, Refusal, Verdict } from "../host-driver/explain.ts";
import { DROP, KEEP } from "../jobs/tokenize/compile.ts";
import { act, collect, declare } from "./command.ts";
import type { Host, Session } from "./command.ts";
import { claimFields, encodeClaim } from "./claims.ts";
import { addCloudOptions, openCloud } from "./cloud-options.ts";
import type { CloudOptions } from "./cloud-options.ts";
import { locate, readFault, renderFault } from "./fault.ts";
import { readBytes } from "./file.ts";
import { addJob, compileJobFile, readJobFile } from "./job-file.ts";
import type { JobOptions } from "./job-file.ts";
import { paint, renderBytes, renderFields } from "./output.ts";
import type { Report } from "./output.ts";
import { parsePairs } from "./pairs.ts";
import { columnWords, encodeProtections, protectionFields } from "./protections.ts";

interface Options extends CloudOptions, JobOptions {
  readonly from?: readonly string[];
  readonly grant?: readonly string[];
}

const GRANT_BYTES = 16_384;

export function declareExplain(parent: Command, host: Host): void {
  const command = declare(parent, "explain", {
    summary: "say whether the rules allow a job, and what it reads",
    description:
      "Says beforehand whether each owner's rules allow the job, or which rules refuse it and what to ask the owner " +
      "for; what each column of the data set is and whether the job uses it; what will be withheld, clipped and " +
      "rounded; and how much it reads. Of a tokenize job it says which claims under HIPAA and PCI DSS the copy " +
      "supports, and what stands against the others. Exit 1 if a rule refuses it. Reads manifests only.",
    examples: [
      "sealroom explain job.yaml",
      "sealroom explain job.yaml --grant grant.jws --json",
      'sealroom explain job.yaml \\\n      --sql "SELECT ROUTE, count(*) FROM flights GROUP BY ROUTE"',
    ],
  });
  addJob(command)
    .option("--grant <file>", "an owner's grant for this job; may be repeated", collect)
    .option(
      "--from <name=s3://...>",
      "where a data set lies, instead of what the job says; may be repeated",
      collect,
    );
  act(addCloudOptions(command), host, explain);
}

async function explain(session: Session, options: Options, file: string | undefined): Promise<Report> {
  const from = parsePairs("--from", "NAME=s3://bucket/prefix/", options.from ?? []);
  const job = await readJobFile(file, options);
  const { path } = job;
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
  release,
  copy,
  claims,
}: InputExplanation): readonly string[] {
  const { manifest, owner, digest } = dataset.verified;
  return renderFields([
    ...verdictFields(verdict),
    ["owner", owner],
    ["epoch", `${manifest.epoch} (${new Date(manifest.epoch).toISOString()})`],
    ["manifest", digest],
    ["lies at", `s3://${dataset.location.bucket}/${dataset.location.prefix}`],
    ...(copy === null ? useFields(columns) : copyFields(columns, copy)),
    ["of", `${rows} rows in ${manifest.objects.length} objects, ${renderBytes(bytes)} sealed`],
    ["at most", `${renderBytes(readBytes)} read from S3`],
    ["unit", UNIT_WORDS[manifest.unit]],
    ...(release === null ? [] : protectionFields(release)),
    ...claimFields(claims),
  ]);
}

function useFields(columns: readonly ColumnUse[]): Fields {
  return [
    ...columns
      .filter(({ uses }) => uses.length > 0)
      .map(
        ({ name, type, role, uses }) => ["uses", `${name}, ${role} (${type}): ${uses.join(", ")}`] as const,
      ),
    ...ROLES.flatMap((role) => {
      const names = columns.filter((column) => column.role === role && column.uses.length === 0);
      return names.length === 0
        ? []
        : [["not used", `${role}: ${names.map(({ name }) => name).join(", ")}`] as const];
    }),
  ];
}

/** What becomes of each column: those that stay as they are, and those that are left out, together. */
function copyFields(columns: readonly ColumnUse[], copy: AudienceRule): Fields {
  const ruled = columns.flatMap(({ name }) => {
    const rule = copy.columns[name];
    return rule === undefined ? [] : [{ name, rule }];
  });
  const named = (operator: string): string =>
    ruled
      .filter(({ rule }) => rule.operator === operator)
      .map(({ name }) => name)
      .join(", ");
  const fields: Fields = [
    ["copy", `${copy.dataset}, under a key that KMS draws for the job`],
    ...ruled
      .filter(({ rule }) => ![KEEP, DROP].includes(rule.operator))
      .map(({ name, rule }) => ["becomes", columnWords(name, rule)] as const),
    ["stays", named(KEEP)],
    ["left out", named(DROP)],
  ];
  return fields.filter(([, value]) => value !== "");
}

const ROLES: readonly Role[] = ["dimension", "measure", "unit", "identifier", "hidden"];

type Fields = readonly (readonly [label: string, value: string])[];

const UNIT_WORDS: Readonly<Record<UnitKind, string>> = {
  column: "the column of role unit",
  row: "each row by itself",
  scattered: "the column of role unit; its rows may lie anywhere",
};

/** Which rule decided, by the name that it has in the rules; of each refusal, what to ask the owner for. */
function verdictFields(verdict: Verdict): Fields {
  if (!verdict.allowed) return verdict.refusals.flatMap(refusalFields);
  const { authority } = verdict;
  if (authority.basis === "listed") return [["allowed", "the rules list this plan's digest"]];
  if (authority.basis === "grant") {
    return [["allowed", `the owner granted it, up to ${authority.maxRows} rows`]];
  }
  return [["allowed", "the rules allow ad-hoc jobs, and name this recipient"]];
}

function refusalFields({ code, details, remedy }: Refusal): Fields {
  const fault = readFault(new SealroomError(code, details));
  const words = REFUSAL_WORDS[code] ?? "the job does not fit the data set";
  if (remedy === null) return [["REFUSED", renderFault(words, fault)]];
  const { file, rule, now, allows, instead } = remedy;
  return [
    ["REFUSED", `${words} [${code}]`],
    ["rule", file === "grant" ? now : `\`${rule}\` in ${file}.yaml, which says ${now}`],
    ...allows.map((way, at) => [at === 0 ? "ask for" : "or for", way] as const),
    ...(instead === null ? [] : [["instead", instead] as const]),
  ];
}

const REFUSAL_WORDS: Readonly<Partial<Record<string, string>>> = {
  RULES_ADHOC: "the owner lets only listed or granted jobs run, and this is neither",
  RULES_RECIPIENT: "the owner does not name this recipient among those who may have results",
  RULES_RELEASE: "the job asks for its result in the clear, and the owner lets results leave sealed only",
  RULES_REVEAL: "tokens are revealed under the owner's grant of this very job alone, and none is given",
  PLAN_ROLE: "a column's role does not allow what the job does with it",
  PLAN_TYPE: "a column's type does not allow what the job does with it",
  PLAN_BOUNDS:
    "a column is summed, averaged or measured for its spread, and the owner gives no bounds to clip it to",
  PLAN_EXTREMES: "the least or greatest value of a column is asked, and the owner does not allow that for it",
  PLAN_EXPRESSION: "numbers of a row are put together in a way that the owner does not allow",
  PLAN_DISTINCT: "distinct values of a column are counted, and the owner does not allow that for it",
  PLAN_BINS: "a column is told by its bins, and the owner declares none for it",
  PLAN_GROUP_KEYS: "the keys that are always listed combine to more rows than the owner lets a result have",
  GRANT_PLAN: "the grant is for another job",
  GRANT_MANIFEST: "the grant is for another epoch of the data, or another data set",
  GRANT_RECIPIENT: "the grant is for another recipient",
  GRANT_EXPIRED: "the grant is no longer valid",
};

function encodeInput(input: InputExplanation): JsonObject {
  const { dataset, verdict, columns, rows, bytes, readBytes, release, copy, claims } = input;
  const { manifest, owner, digest } = dataset.verified;
  return {
    dataset: manifest.dataset,
    owner,
    epoch: manifest.epoch,
    manifest: digest,
    location: `s3://${dataset.location.bucket}/${dataset.location.prefix}`,
    allowed: verdict.allowed,
    basis: verdict.allowed ? verdict.authority.basis : null,
    code: verdict.allowed ? null : verdict.refusals[0].code,
    details: verdict.allowed ? {} : { ...verdict.refusals[0].details },
    refusals: verdict.allowed ? [] : verdict.refusals.map(encodeRefusal),
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
    release: release && encodeProtections(release),
    copy: copy?.dataset ?? null,
    claims: claims.map(encodeClaim),
  };
}

function encodeRefusal({ code, details, remedy }: Refusal): JsonObject {
  return {
    code,
    details: { ...details },
    remedy: remedy && { ...remedy, allows: [...remedy.allows] },
  };
}
