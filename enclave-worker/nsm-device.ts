// /dev/nsm. This version refuses: the ioctl needs the native addon, which is not built yet, and no software may
// stand in for the hypervisor in the production image.
import { SealroomError } from "../core/errors.ts";
import type { NsmDevice } from "./nsm.ts";

/** Errors: NSM_UNAVAILABLE, at every exchange. */
export function nsmCharacterDevice(path: string): NsmDevice {
  return { exchange: () => Promise.reject(new SealroomError("NSM_UNAVAILABLE", { path })) };
}
