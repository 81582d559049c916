// Random bytes come from the hypervisor: the kernel must draw its own from the NSM, and the NSM's are mixed in once more
// before anything listens. Every key, nonce and signature of the enclave rests on it, so there is no way on without.
import { SealroomError } from "../core/errors.ts";
import { errnoName } from "../transport/errno.ts";
import type { Addon } from "../transport/native/addon.ts";
import { getRandom } from "./nsm.ts";
import type { NsmDevice } from "./nsm.ts";

/** The kernel driver's name for the NSM as a source. */
const NSM_SOURCE = /^nsm-hwrng\n?$/;
/** Fills the kernel's pool, whose generator has a key of 32 bytes, twice over. */
const MIN_BYTES = 64;

/** `source`: the kernel's, as sysfs names it. Errors: ENTROPY_SOURCE, ENTROPY_NSM, ENTROPY_POOL, NSM_*. */
export async function mixEntropy(
  source: string | null,
  nsm: NsmDevice,
  kernel: Pick<Addon, "addEntropy">,
): Promise<void> {
  if (source === null || !NSM_SOURCE.test(source)) throw new SealroomError("ENTROPY_SOURCE");
  // Two draws, so that one that gives the same twice is found out.
  const draws = [await getRandom(nsm), await getRandom(nsm)];
  const [first, second] = draws.map((bytes) => Buffer.from(bytes).toString("hex"));
  if (first === second || draws.some((bytes) => bytes.length < MIN_BYTES)) {
    throw new SealroomError("ENTROPY_NSM");
  }
  for (const bytes of draws) {
    const result = kernel.addEntropy(bytes);
    if (result < 0) throw new SealroomError("ENTROPY_POOL", { errno: errnoName(result) });
    bytes.fill(0);
  }
}
