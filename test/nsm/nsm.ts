// A software NSM for tests, at a clock that they set.
import { TrustRoot } from "../../core/attestation/root.ts";
import { SoftwareNsm } from "../../local/nsm/device.ts";
import { createDevRoot, type DevRoot } from "../../local/nsm/pki.ts";

export const START: number = Date.UTC(2026, 0, 15, 12, 0, 0, 345);
export const MODULE_ID = "i-0123456789abcdef0-enc0123456789abcdef";

export interface TestNsm {
  readonly device: SoftwareNsm;
  readonly root: DevRoot;
  readonly trust: TrustRoot;
  readonly clock: { now: number };
  readonly pcrs: ReadonlyMap<number, Uint8Array>;
}

export function startNsm(pcrs: ReadonlyMap<number, Uint8Array> = productionPcrs()): TestNsm {
  const clock = { now: START };
  const root = createDevRoot(START);
  const device = new SoftwareNsm(root, { moduleId: MODULE_ID, pcrs, now: () => clock.now });
  return { device, root, trust: new TrustRoot(root.certificate), clock, pcrs };
}

function productionPcrs(): ReadonlyMap<number, Uint8Array> {
  return new Map([0, 1, 2, 3, 4].map((index) => [index, new Uint8Array(48).fill(0xa0 + index)]));
}
