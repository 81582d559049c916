// The production entry point: vsock, /dev/nsm and Amazon's roots, hard-coded. It reads no argument and no
// environment. Stand-ins have an entry point of their own (local/enclave-main.ts), and so other measurements.
import { availableParallelism, totalmem } from "node:os";
import { AWS_ROOT } from "../core/attestation/root.ts";
import { authenticateArchived } from "../core/attestation/verify.ts";
import { loadAddon } from "../transport/native/addon.ts";
import { vsockDialer, vsockListener } from "../transport/vsock.ts";
import { serveEnclave } from "./enclave.ts";
import { mixEntropy } from "./entropy.ts";
import { readParentCid, readRandomSource } from "./guest.ts";
import { amazonRoots } from "./kms/amazon-roots.ts";
import { nsmCharacterDevice } from "./nsm-device.ts";

const nsm = nsmCharacterDevice("/dev/nsm");
const parentCid = readParentCid();
await mixEntropy(readRandomSource(), nsm, loadAddon());
await serveEnclave({
  listener: vsockListener("enclave", parentCid),
  dialer: vsockDialer(parentCid),
  nsm,
  authenticateOwn: (document) => authenticateArchived(document, AWS_ROOT),
  kmsRoots: amazonRoots(),
  // The extension of this very file: .ts from source, .js in the package.
  thread: new URL(`./thread${import.meta.filename.slice(-3)}`, import.meta.url),
  threads: availableParallelism(),
  memoryBytes: totalmem(),
});
