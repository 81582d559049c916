// What the guest's kernel says of itself: its command line, which the image's measurements cover, and where its random
// bytes come from. The one file of the enclave that reads files.
import { readFileSync } from "node:fs";
import { SealroomError } from "../core/errors.ts";

/** As Amazon's hypervisor has it; an image for another one says so on its command line. */
const DEFAULT_PARENT_CID = 3;
const CID_ANY = 0xffff_ffff;
const CID_WORD = "sealroom.parent_cid=";

/** Errors: GUEST_COMMAND_LINE. */
export function readParentCid(): number {
  return parseParentCid(readKernelFile("/proc/cmdline"));
}

/** The name of the kernel's current hardware source of random bytes, as sysfs has it; null when there is none to read. */
export function readRandomSource(): string | null {
  return readKernelFile("/sys/class/misc/hw_random/rng_current");
}

/**
 * Of several such words the first counts: an emulator that adds to the measured line can only add to its end. No other
 * word means anything. Errors: GUEST_COMMAND_LINE.
 */
export function parseParentCid(commandLine: string | null): number {
  if (commandLine === null) throw new SealroomError("GUEST_COMMAND_LINE");
  const word = commandLine.split(/[ \n]/).find((candidate) => candidate.startsWith(CID_WORD));
  if (word === undefined) return DEFAULT_PARENT_CID;
  const digits = word.slice(CID_WORD.length);
  const cid = /^[1-9]\d{0,9}$/.test(digits) ? Number(digits) : CID_ANY;
  if (cid >= CID_ANY) throw new SealroomError("GUEST_COMMAND_LINE", { word });
  return cid;
}

function readKernelFile(path: string): string | null {
  try {
    return readFileSync(path, "latin1");
  } catch {
    return null;
  }
}
