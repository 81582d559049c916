// What a verifier demands of a document, held by him from before. It cannot be made without measurements and nonce,
// and nothing in it turns a check off: a register, or a field, that is missing in a document never counts as equal.
import { PolicyError, SealroomError } from "../errors.ts";
import { isDebug, MAX_OPTIONAL_FIELD, MAX_PCR_INDEX, type AttestationDocument } from "./document.ts";
import { equalBytes } from "./equal.ts";
import { encodeRegister, parseRegister, type Measurements } from "./measurements.ts";

const MIN_NONCE = 16;
const NAMES = ["measurements", "nonce", "pcrs", "userData", "publicKey"];

export interface Demands {
  /** One or more images to accept: old and new during a roll-over. All three registers must be of the same one. */
  readonly measurements: readonly Measurements[];
  /** The verifier's own, 16..1024 bytes, used once. */
  readonly nonce: Uint8Array;
  /** Further registers (3: IAM role, 4: instance, 8: image signer, 16..31: the application's), in hex. */
  readonly pcrs?: ReadonlyMap<number, string>;
  readonly userData?: Uint8Array;
  readonly publicKey?: Uint8Array;
}

/** Demands that were checked and copied: later changes to the caller's buffers change nothing. */
export class Expectations {
  readonly #images: readonly ReadonlyMap<number, string>[];
  readonly #pcrs: ReadonlyMap<number, string>;
  readonly #nonce: Uint8Array;
  readonly #userData: Uint8Array | undefined;
  readonly #publicKey: Uint8Array | undefined;

  /** @throws SealroomError EXPECTATION_EMPTY */
  constructor(demands: Demands) {
    checkDemands(demands);
    this.#images = readImages(demands.measurements);
    this.#nonce = readBytes(demands.nonce, MIN_NONCE, "nonce");
    if (this.#nonce.every((byte) => byte === 0)) throw empty("nonce");
    this.#pcrs = "pcrs" in demands ? readPcrs(demands.pcrs) : new Map();
    this.#userData = "userData" in demands ? readBytes(demands.userData, 1, "userData") : undefined;
    this.#publicKey = "publicKey" in demands ? readBytes(demands.publicKey, 1, "publicKey") : undefined;
  }

  /**
   * Checks a document whose authenticity is proved. Registers first: what an unknown image says is worth nothing.
   * @throws PolicyError POLICY_PCR, POLICY_DEBUG, POLICY_NONCE, POLICY_USER_DATA, POLICY_PUBLIC_KEY
   */
  check(document: AttestationDocument): void {
    checkImage(document, this.#images);
    for (const [index, expected] of this.#pcrs) {
      if (!hasRegister(document, index, expected)) throw new PolicyError("POLICY_PCR", { pcr: index });
    }
    checkBytes(document.nonce, this.#nonce, "POLICY_NONCE");
    if (this.#userData !== undefined) checkBytes(document.userData, this.#userData, "POLICY_USER_DATA");
    if (this.#publicKey !== undefined) checkBytes(document.publicKey, this.#publicKey, "POLICY_PUBLIC_KEY");
  }
}

function checkImage(document: AttestationDocument, images: readonly ReadonlyMap<number, string>[]): void {
  for (const pcr of [0, 1, 2]) if (!document.pcrs.has(pcr)) throw new PolicyError("POLICY_PCR", { pcr });
  if (isDebug(document)) throw new PolicyError("POLICY_DEBUG");
  let candidates = images;
  for (const pcr of [0, 1, 2]) {
    candidates = candidates.filter((image) => hasRegister(document, pcr, image.get(pcr)));
    if (candidates.length === 0) throw new PolicyError("POLICY_PCR", { pcr });
  }
}

function hasRegister(document: AttestationDocument, index: number, expected: string | undefined): boolean {
  const register = document.pcrs.get(index);
  return register !== undefined && expected !== undefined && encodeRegister(register) === expected;
}

function checkBytes(
  found: Uint8Array | null,
  expected: Uint8Array,
  code: "POLICY_NONCE" | "POLICY_USER_DATA" | "POLICY_PUBLIC_KEY",
): void {
  if (found === null || !equalBytes(found, expected)) throw new PolicyError(code);
}

/** A name that is misspelt, or there with no value, would be a check that its author believes in and nobody makes. */
function checkDemands(demands: unknown): void {
  if (typeof demands !== "object" || demands === null) throw empty("demands");
  for (const name of Object.keys(demands)) if (!NAMES.includes(name)) throw empty(name);
}

function readImages(measurements: unknown): readonly ReadonlyMap<number, string>[] {
  if (!Array.isArray(measurements) || measurements.length === 0) throw empty("measurements");
  // Array.from, since map would pass over holes.
  return Array.from(measurements, (image: unknown) => {
    if (typeof image !== "object" || image === null) throw empty("measurements");
    const values = image as Record<number, unknown>;
    return new Map([0, 1, 2].map((index) => [index, readMeasurement(values[index], index)]));
  });
}

function readMeasurement(value: unknown, index: number): string {
  const register = parseRegister(value);
  if (register === null || /^0+$/.test(register)) throw empty(`pcr${index}`);
  return register;
}

/** Zeros are a fact about these: a register that nobody has extended. */
function readPcrs(pcrs: unknown): ReadonlyMap<number, string> {
  if (!(pcrs instanceof Map)) throw empty("pcrs");
  const registers = new Map<number, string>();
  for (const [index, value] of pcrs as Map<unknown, unknown>) {
    const register = parseRegister(value);
    if (typeof index !== "number" || !Number.isInteger(index) || index < 3 || index > MAX_PCR_INDEX) {
      throw empty("pcrs");
    }
    if (register === null) throw empty(`pcr${index}`);
    registers.set(index, register);
  }
  return registers;
}

function readBytes(value: unknown, min: number, field: string): Uint8Array {
  if (!(value instanceof Uint8Array) || value.length < min || value.length > MAX_OPTIONAL_FIELD) {
    throw empty(field);
  }
  return new Uint8Array(value);
}

function empty(field: string): SealroomError {
  return new SealroomError("EXPECTATION_EMPTY", { field });
}
