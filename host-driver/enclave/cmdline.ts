// The kernel's command line in an image. The parent's CID is its first word: init and the worker take the first one of
// that name, and a hypervisor can add words to the end only.
import { SealroomError } from "../../core/errors.ts";

/** COMMAND_LINE_SIZE of x86, less the zero at its end; what is longer a kernel cuts off. */
const MAX_BYTES = 2047;
const PARENT_WORD = "sealroom.parent_cid=";
/** Words that are ours to set. */
const OWN_WORDS = "sealroom.";
/** VMADDR_CID_ANY: no CID of anybody. */
const CID_ANY = 0xffff_ffff;

export function isCid(value: number): boolean {
  return Number.isInteger(value) && value >= 1 && value < CID_ANY;
}

/** `rest` is what the kernel wants. Errors: IMAGE_INPUT. */
export function encodeCmdline(parentCid: number, rest: string): string {
  if (!isCid(parentCid)) throw new TypeError(`not a CID: ${parentCid}`);
  const cmdline = `${PARENT_WORD}${parentCid} ${rest}`.trim();
  if (!/^[\x20-\x7e]*$/.test(cmdline) || cmdline.length > MAX_BYTES || rest.includes(OWN_WORDS)) {
    throw new SealroomError("IMAGE_INPUT", { cmdline: rest.slice(0, 100) });
  }
  return cmdline;
}
