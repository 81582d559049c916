// The measurements of an enclave image, in the file form that nitro-cli prints after a build. The verifier keeps such
// a file from before a job; key policies are made of it too.
import { SealroomError } from "../errors.ts";
import { PCR_SIZE } from "./document.ts";

/**
 * PCR0 (the image), PCR1 (kernel and boot) and PCR2 (application) in lower-case hex. They go together: image
 * sections are hashed without separators, so bytes can move between PCR1 and PCR2 and leave PCR0 as it was.
 */
export interface Measurements {
  readonly 0: string;
  readonly 1: string;
  readonly 2: string;
}

const ALGORITHM = "Sha384 { ... }";
const NAMES = ["HashAlgorithm", "PCR0", "PCR1", "PCR2"];
/** The signing certificate's register; nitro-cli prints it for signed images. Expectations take it apart from these. */
const SIGNER = "PCR8";
const MAX_LENGTH = 4096;
/** All that the form can hold. A string has no escapes, so a name has one spelling. */
const TOKEN = /"[^"\\]*"|[{}:,]|[ \t\r\n]+/g;

/**
 * Parses the text of a measurements file.
 * @throws SealroomError MEASUREMENTS_FORMAT; EXPECTATION_EMPTY for a register of zeros, which a debug enclave has
 */
export function parseMeasurements(text: string): Measurements {
  const file = parseObject(text);
  const members = isObject(file) && hasNames(file, ["Measurements"]) ? file["Measurements"] : undefined;
  if (!isObject(members) || members["HashAlgorithm"] !== ALGORITHM) {
    throw new SealroomError("MEASUREMENTS_FORMAT");
  }
  const isSigned = SIGNER in members;
  if (!hasNames(members, isSigned ? [...NAMES, SIGNER] : NAMES)) {
    throw new SealroomError("MEASUREMENTS_FORMAT");
  }
  if (isSigned) readRegister(members, SIGNER);
  return {
    0: readRegister(members, "PCR0"),
    1: readRegister(members, "PCR1"),
    2: readRegister(members, "PCR2"),
  };
}

/** The file's text, as nitro-cli prints it. */
export function encodeMeasurements(measurements: Measurements): string {
  const { 0: PCR0, 1: PCR1, 2: PCR2 } = measurements;
  return `${JSON.stringify({ Measurements: { HashAlgorithm: ALGORITHM, PCR0, PCR1, PCR2 } }, null, 2)}\n`;
}

/** The lower-case form of a register's value; null if it is not 48 bytes in hex. */
export function parseRegister(value: unknown): string | null {
  return typeof value === "string" && value.length === 2 * PCR_SIZE && /^[0-9a-f]+$/i.test(value)
    ? value.toLowerCase()
    : null;
}

export function encodeRegister(register: Uint8Array): string {
  return Array.from(register, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

function readRegister(members: Record<string, unknown>, name: string): string {
  const value = parseRegister(members[name]);
  if (value === null) throw new SealroomError("MEASUREMENTS_FORMAT", { register: name });
  if (/^0+$/.test(value)) throw new SealroomError("EXPECTATION_EMPTY", { register: name });
  return value;
}

/** JSON.parse keeps the last of two equal names: a text that does not print back as it was has such names. */
function parseObject(text: string): unknown {
  if (text.length > MAX_LENGTH) throw new SealroomError("MEASUREMENTS_FORMAT");
  try {
    const value: unknown = JSON.parse(text);
    const tokens = text.match(TOKEN)?.filter((token) => token.trim() !== "") ?? [];
    return tokens.join("") === JSON.stringify(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null;
}

function hasNames(value: Record<string, unknown>, names: readonly string[]): boolean {
  const found = Object.keys(value);
  return found.length === names.length && names.every((name) => found.includes(name));
}
