// The emulator's entry point: the session of production over vsock and /dev/nsm, but for two things that QEMU cannot
// have: documents that a hypervisor signed, and Amazon's KMS. It takes unsigned documents of its own device for
// authentic, and the root of the local KMS, which lies beside it in the image. So its measurements are others.
import { readFileSync } from "node:fs";
import { availableParallelism, totalmem } from "node:os";
import { serveEnclave } from "../../enclave-worker/enclave.ts";
import { mixEntropy } from "../../enclave-worker/entropy.ts";
import { readParentCid, readRandomSource } from "../../enclave-worker/guest.ts";
import { nsmCharacterDevice } from "../../enclave-worker/nsm-device.ts";
import { loadAddon } from "../../transport/native/addon.ts";
import { vsockDialer, vsockListener } from "../../transport/vsock.ts";
import { readEmulatedDocument } from "./emulated-document.ts";

const nsm = nsmCharacterDevice("/dev/nsm");
const parentCid = readParentCid();
await mixEntropy(readRandomSource(), nsm, loadAddon());
await serveEnclave({
  listener: vsockListener("enclave", parentCid),
  dialer: vsockDialer(parentCid),
  nsm,
  authenticateOwn: (document) => Promise.resolve(readEmulatedDocument(document)),
  kmsRoots: [readFileSync(new URL("./kms-authority.pem", import.meta.url), "utf8")],
  thread: new URL(`./enclave-thread${import.meta.filename.slice(-3)}`, import.meta.url),
  threads: availableParallelism(),
  memoryBytes: totalmem(),
});
