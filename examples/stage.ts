// What every act plays on: a folder, the owner's and the analyst's keys, and `sealroom local` as in another terminal.
import type { ChildProcess } from "node:child_process";
import { mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { join, relative } from "node:path";
import { createInterface } from "node:readline";
import { thumbprint } from "../core/manifest/jwk.ts";
import { readOwnerPublic } from "../owner/key-file.ts";
import { ROOT, say, sealroom, showCommand, start } from "./terminal.ts";

/** Everything the demo makes; fresh each time. */
export const DEMO = ".sealroom/demo";
export const STATE = `${DEMO}/local`;

export interface Stage {
  readonly local: ChildProcess;
  readonly measurements: string;
  readonly simulatedRoot: string;
  readonly roles: { readonly owner: string; readonly enclave: string; readonly breakGlass: string };
  /** The owner's thumbprint. */
  readonly owner: string;
}

export async function setStage(): Promise<Stage> {
  await rm(join(ROOT, DEMO), { recursive: true, force: true });
  await mkdir(join(ROOT, DEMO), { recursive: true });
  await sealroom(`keygen ${DEMO}/owner.key`);
  await sealroom(`keygen ${DEMO}/analyst.key --recipient`);
  const owner = await thumbprint(await readOwnerPublic(join(ROOT, DEMO, "owner.key.pub")));
  return { ...(await startLocal()), owner };
}

async function startLocal(): Promise<Omit<Stage, "owner">> {
  const command = `local --state ${STATE}`;
  showCommand(`${command} &`);
  const local = start(`${command} --json`);
  const line = await new Promise<string>((resolve, reject) => {
    createInterface({ input: local.stdout }).once("line", resolve);
    local.once("exit", () => {
      reject(new Error("the embedded stand-ins did not start"));
    });
  });
  const facts = JSON.parse(line) as Omit<Stage, "local" | "owner"> & {
    readonly s3: string;
    readonly kms: string;
  };
  say(`S3 at ${facts.s3}, KMS at ${facts.kms},\nand an enclave in a process of its own, SIMULATED.`);
  return {
    local,
    measurements: relative(ROOT, facts.measurements),
    simulatedRoot: relative(ROOT, facts.simulatedRoot),
    roles: facts.roles,
  };
}

/**
 * An example's files, beside the keys that they name, with what only this run knows filled in. Its `schema.yaml` and
 * `rules.yaml` get the folder's name before theirs.
 */
export async function placeExamples(
  folder: string,
  files: readonly string[],
  facts: Readonly<Record<string, string>>,
): Promise<void> {
  for (const file of files) {
    let text = await readFile(join(ROOT, "examples", folder, file), "utf8");
    for (const [name, fact] of Object.entries(facts)) text = text.replaceAll(name, fact);
    const name = /^(schema|rules)\.yaml$/.test(file) ? `${folder}.${file}` : file;
    await writeFile(join(ROOT, DEMO, name), text);
  }
}
