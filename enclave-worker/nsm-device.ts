// The NSM's character device, by the native addon. The kernel's driver serves one request at a time and would hold a
// thread of the process for each that waits, so they wait here, and only one at a time goes down.
import { SealroomError } from "../core/errors.ts";
import type { Details } from "../core/errors.ts";
import { loadAddon } from "../transport/native/addon.ts";
import { errnoName } from "../transport/errno.ts";
import type { NsmDevice } from "./nsm.ts";

/** There is no device, or the process may not open it. */
const UNAVAILABLE: ReadonlySet<string> = new Set(["ENOENT", "ENODEV", "ENXIO", "EACCES", "EPERM"]);

/** Errors of an exchange: NSM_UNAVAILABLE, NSM_IO (both with `errno`); TRANSPORT_UNAVAILABLE where there is no addon. */
export function nsmCharacterDevice(path: string): NsmDevice {
  const addon = loadAddon();
  let last: Promise<unknown> = Promise.resolve();
  return {
    exchange: (request): Promise<Uint8Array> => {
      const next = last.then(async () => {
        const answer = await addon.exchangeNsm(path, request);
        if (typeof answer !== "number") return answer;
        const details: Details = { path, errno: errnoName(answer) };
        throw new SealroomError(UNAVAILABLE.has(errnoName(answer)) ? "NSM_UNAVAILABLE" : "NSM_IO", details);
      });
      last = next.catch(() => undefined);
      return next;
    },
  };
}
