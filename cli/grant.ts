// `sealroom grant`: the owner's signature on one job of one recipient, over the current manifests of the owner's data
// sets that it reads.
import type { Command } from "commander";
import { authorize, checkGrantedInputs } from "../core/manifest/authority.ts";
import { thumbprint } from "../core/manifest/jwk.ts";
import { verifyGrant } from "../core/manifest/verify.ts";
import { compileProgram } from "../jobs/registry.ts";
import { addCloudOptions, openCloud } from "./cloud-options.ts";
import type { CloudOptions } from "./cloud-options.ts";
import { act, addNeeded, collect, declare } from "./command.ts";
import type { Host, Session } from "./command.ts";
import { locate } from "./fault.ts";
import { writeNewFile } from "./file.ts";
import { addJob, compileJobFile, readJobFile } from "./job-file.ts";
import type { JobOptions } from "./job-file.ts";
import { parseCount, parseEnd } from "./number.ts";
import { renderFields } from "./output.ts";
import type { Report } from "./output.ts";
import { readOwner } from "./owner-files.ts";
import { parsePairs } from "./pairs.ts";

interface Options extends CloudOptions, JobOptions {
  readonly owner: string;
  readonly out: string;
  readonly from?: readonly string[];
  readonly notAfter?: string;
  readonly maxRows?: string;
}

export function declareGrant(parent: Command, host: Host): void {
  const command = declare(parent, "grant", {
    summary: "sign one job of one recipient",
    description:
      "Signs one job: its plan, its recipient, and the current manifests of the owner's data sets that it reads. " +
      "A job that their roles and rules can never let run is refused. " +
      "Whoever has the file may run that very job until it ends, also where the rules allow no ad-hoc jobs.",
    examples: ["sealroom grant job.yaml --owner owner.key --out job.grant.jws --max-rows 50"],
  });
  addJob(command);
  addNeeded(command, "--owner <key>", "the owner's private key file");
  addNeeded(command, "--out <file>", "the grant to write");
  command
    .option(
      "--max-rows <n>",
      "the most rows that the result may have (default: 100000; of a reveal job 1000)",
    )
    .option("--not-after <time>", "when the grant ends, as 2027-01-31 (default: 30 days from now)")
    .option(
      "--from <name=s3://...>",
      "where a data set lies, instead of what the job says; may be repeated",
      collect,
    );
  act(addCloudOptions(command), host, grant);
}

async function grant(session: Session, options: Options, file: string | undefined): Promise<Report> {
  const { maxRows, notAfter, out } = options;
  const from = parsePairs("--from", "NAME=s3://bucket/prefix/", options.from ?? []);
  const asked = maxRows === undefined ? null : parseCount("--max-rows", maxRows);
  const end = notAfter === undefined ? {} : { notAfter: parseEnd("--not-after", notAfter) };
  const ownerKey = await readOwner(options.owner);
  const job = await readJobFile(file, options);
  const { path } = job;
  await compileJobFile(job);
  const { prepareJob } = await import("../host-driver/client.ts");
  const { DEFAULT_GRANT_ROWS, DEFAULT_REVEAL_ROWS, grantPlan } = await import("../owner/grant.ts");
  const cloud = await openCloud(session, options);
  try {
    const nowMs = Date.now();
    const s3 = cloud.s3("owner");
    const { plan, datasets } = await locate(path, () =>
      prepareJob({ job: job.text, resolveRecipient: job.resolveRecipient, from, s3, nowMs }),
    );
    const inputs = datasets.map(({ verified }) => verified);
    // Of a join's two owners each grants what is his.
    const own = inputs.filter(({ owner }) => owner === ownerKey.thumbprint);
    const { recipient, kind } = plan.plan;
    const rows = asked ?? (kind === "reveal" ? DEFAULT_REVEAL_ROWS : DEFAULT_GRANT_ROWS);
    const granted = await locate(path, async () => {
      compileProgram(
        plan.plan,
        inputs.map(({ manifest }) => manifest),
        { maxRows: rows },
      );
      const signed = await grantPlan({
        plan: plan.digest,
        manifests: inputs,
        recipient,
        ownerKey,
        nowMs,
        maxRows: rows,
        ...end,
      });
      // What the enclave will ask of it: some rules hold for granted jobs too.
      const grant = await verifyGrant(signed.jws, { nowMs });
      checkGrantedInputs([grant], inputs);
      for (const verified of own) await authorize(plan.plan, plan.digest, verified, [grant], nowMs);
      return signed;
    });
    const to = await thumbprint(recipient);
    await writeNewFile({ path: out, bytes: granted.jws, access: "public" });
    const until = new Date(granted.notAfter).toISOString();
    return {
      exit: 0,
      json: {
        out,
        planDigest: plan.digest,
        grant: granted.digest,
        owner: ownerKey.thumbprint,
        recipient: to,
        maxRows: rows,
        notAfter: until,
        manifests: inputs.map(({ digest }) => digest),
      },
      text: [
        `Granted ${path}`,
        ...renderFields([
          ["written to", out],
          ["plan", plan.digest],
          ["recipient", to],
          ["at most", `${rows} rows in the result`],
          ...inputs.map(({ manifest, digest }) => {
            const epoch = `${manifest.epoch} (${new Date(manifest.epoch).toISOString()})`;
            return ["data", `${manifest.dataset}, epoch ${epoch}, manifest ${digest}`] as const;
          }),
          ["until", until],
        ]),
      ],
    };
  } finally {
    await cloud.close();
  }
}
