// `npm run test:enclave`: sets the emulator up if it is not, makes what the tests share, and runs them one file after
// another, since each boots machines of its own; arguments name some of them. Ends with node:test's summary. Whatever
// cannot be had is a failure; one variable leaves it all out, and says so.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ROOT } from "../host/tree.ts";
import { STAGE_VARIABLE } from "./stage.ts";
import { prepareStage } from "./prepare.ts";

const SKIP = "SEALROOM_SKIP_ENCLAVE";
const SUFFIX = ".enclave.ts";

async function run(program: string, args: readonly string[], env: NodeJS.ProcessEnv = {}): Promise<number> {
  const child = spawn(program, args, { cwd: ROOT, stdio: "inherit", env: { ...process.env, ...env } });
  const [code] = (await once(child, "exit")) as [number | null];
  return code ?? 1;
}

/** All, or those that are named: `boots`, `demo`, ... */
async function findFiles(wanted: readonly string[]): Promise<readonly string[]> {
  const folder = import.meta.dirname;
  const found = (await readdir(folder)).filter((name) => name.endsWith(SUFFIX)).sort();
  const names = wanted.length === 0 ? found : wanted.map((name) => `${name}${SUFFIX}`);
  const unknown = names.find((name) => !found.includes(name));
  if (unknown !== undefined) throw new Error(`there is no ${unknown}, but: ${found.join(", ")}`);
  return names.map((name) => join(folder, name));
}

async function main(): Promise<number> {
  if (process.env[SKIP] === "1") {
    console.log(`\n*** ${SKIP}=1: NO ENCLAVE WAS BOOTED. Nothing that needs one has been tested. ***\n`);
    return 0;
  }
  const files = await findFiles(process.argv.slice(2));
  if ((await run("bash", ["test/emulator/set-up.sh"])) !== 0) return 1;
  const stage = await mkdtemp(join(tmpdir(), "sealroom-enclave-"));
  try {
    await prepareStage(stage);
    return await run(process.execPath, ["--test", "--test-concurrency=1", ...files], {
      [STAGE_VARIABLE]: stage,
    });
  } finally {
    await rm(stage, { recursive: true, force: true });
  }
}

process.exitCode = await main();
