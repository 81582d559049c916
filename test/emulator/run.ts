// `npm run test:enclave`: sets the emulator up if it is not, makes what the tests share, and runs them one file after
// another, since each boots machines of its own. Ends with node:test's summary. Whatever cannot be had is a failure; one
// variable leaves it all out, and says so.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ROOT } from "../host/tree.ts";
import { STAGE_VARIABLE } from "./stage.ts";
import { prepareStage } from "./prepare.ts";

const SKIP = "SEALROOM_SKIP_ENCLAVE";

async function run(program: string, args: readonly string[], env: NodeJS.ProcessEnv = {}): Promise<number> {
  const child = spawn(program, args, { cwd: ROOT, stdio: "inherit", env: { ...process.env, ...env } });
  const [code] = (await once(child, "exit")) as [number | null];
  return code ?? 1;
}

async function main(): Promise<number> {
  if (process.env[SKIP] === "1") {
    console.log(`\n*** ${SKIP}=1: NO ENCLAVE WAS BOOTED. Nothing that needs one has been tested. ***\n`);
    return 0;
  }
  if ((await run("bash", ["test/emulator/set-up.sh"])) !== 0) return 1;
  if ((await run(process.execPath, ["node_modules/typescript/bin/tsc", "-b"])) !== 0) return 1;
  const stage = await mkdtemp(join(tmpdir(), "sealroom-enclave-"));
  try {
    await prepareStage(stage);
    const folder = import.meta.dirname;
    const files = (await readdir(folder)).filter((name) => name.endsWith(".enclave.ts")).sort();
    const paths = files.map((name) => join(folder, name));
    // Each file's own time limits are those of the emulator and the protocol; this one ends what is stuck all the same.
    const flags = ["--test", "--test-concurrency=1", "--test-timeout=900000"];
    return await run(process.execPath, [...flags, ...paths], { [STAGE_VARIABLE]: stage });
  } finally {
    await rm(stage, { recursive: true, force: true });
  }
}

process.exitCode = await main();
