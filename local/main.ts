// The embedded default: what AWS and the hypervisor are on a real parent, in one process of its own. Starts S3, KMS,
// the software NSM and, with --enclave, the local enclave; says on stdout where they are; ends when stdin closes.
import { rmSync } from "node:fs";
import { mkdtemp, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { SealroomError } from "../core/errors.ts";
import { lockState } from "./lock.ts";
import { startServices } from "./services.ts";
import { startLocalEnclave } from "./start-enclave.ts";

const { values } = parseArgs({
  options: { state: { type: "string", default: ".sealroom" }, enclave: { type: "boolean", default: false } },
});

try {
  await serve(values.state, values.enclave);
} catch (error) {
  const known = error instanceof SealroomError ? error : new SealroomError("INTERNAL", {}, { cause: error });
  process.stdout.write(`${JSON.stringify({ error: { code: known.code, details: known.details } })}\n`);
  if (!(error instanceof SealroomError)) console.error(error);
  process.exit(4);
}

async function serve(state: string, withEnclave: boolean): Promise<void> {
  const lock = await lockState(state);
  // Unix socket paths hold about 100 bytes, so the sockets do not lie below the state, which may be anywhere.
  const sockets = await mkdtemp(join(tmpdir(), "sealroom-"));
  process.once("exit", () => {
    rmSync(sockets, { recursive: true, force: true });
  });
  const closing: (() => Promise<void>)[] = [() => lock.release()];
  const end = async (code: number): Promise<void> => {
    const steps = closing.splice(0).reverse();
    if (steps.length === 0) return;
    for (const close of steps) await close();
    process.exit(code);
  };
  // Whoever started us is gone, or wants us gone; that may be so before all is up.
  process.stdin.resume();
  process.stdin.once("end", () => void end(0));
  process.stdin.once("close", () => void end(0));
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.once(signal, () => void end(0));

  const services = await startServices(state);
  closing.push(() => services.close());
  if (withEnclave) {
    const enclave = await startLocalEnclave({ state, sockets, services });
    closing.push(() => enclave.stop());
    enclave.onExit(() => {
      process.stderr.write("the local enclave ended\n");
      void end(4);
    });
  }
  process.stdout.write(
    `${JSON.stringify({ ...services.endpoints, sockets: withEnclave ? sockets : null })}\n`,
  );
  await writeFile(join(state, "endpoints.json"), `${JSON.stringify(services.endpoints, null, 2)}\n`, {
    mode: 0o600,
  });
}
