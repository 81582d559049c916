// The local enclave: the same session as in production, composed with stand-ins (unix sockets, a software NSM, local
// roots). A process of its own with an empty environment. Its measurements are others than production's.
import { rmSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { totalmem } from "node:os";
import { join } from "node:path";
import { setEnvironmentData } from "node:worker_threads";
import { trustRoot } from "../core/attestation/root.ts";
import { authenticateArchived } from "../core/attestation/verify.ts";
import { serveEnclave } from "../enclave-worker/enclave.ts";
import { unixDialer, unixListener } from "../transport/unix.ts";
import { SOCKETS } from "./enclave-files.ts";
import { connectNsm } from "./nsm/connect.ts";

/** Local only: production never takes arguments. The simulated hypervisor (main.ts) gives these, not the host. */
const [sockets, nsmPath, attestationRoot, kmsRoot, threads] = process.argv.slice(2);
if (
  sockets === undefined ||
  nsmPath === undefined ||
  attestationRoot === undefined ||
  kmsRoot === undefined ||
  threads === undefined
) {
  throw new Error("internal: the local enclave is started by local/main.ts");
}

// An enclave ends with the hypervisor that runs it, also where that was killed and could tidy nothing up.
process.stdin.resume().once("close", () => {
  rmSync(sockets, { recursive: true, force: true });
  process.exit(0);
});

setEnvironmentData(SOCKETS, sockets);
const root = trustRoot(await readFile(attestationRoot, "utf8"));
await serveEnclave({
  listener: unixListener(sockets, "enclave"),
  dialer: unixDialer(sockets),
  nsm: await connectNsm(nsmPath),
  authenticateOwn: (document) => authenticateArchived(document, root),
  kmsRoots: [await readFile(kmsRoot, "utf8")],
  thread: new URL(`./enclave-thread${import.meta.filename.slice(-3)}`, import.meta.url),
  threads: Number(threads),
  memoryBytes: totalmem(),
});
process.stdout.write(`listening on ${join(sockets, "enclave.sock")}\n`);
