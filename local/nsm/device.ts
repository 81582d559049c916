// The software NSM: the requests, registers and errors of the real device, behind a root of its own. What it attests
// is only what the process that made it says of the enclave; so every verdict under its root is a simulated one.
import { createHash, randomBytes } from "node:crypto";
import { encode } from "cborg";
import { PCR_SIZE } from "../../core/attestation/document.ts";
import { decodeStrictCbor } from "../../core/attestation/strict-cbor.ts";
import { MAX_NSM_REQUEST, type NsmDevice } from "../../enclave-worker/nsm.ts";
import { encodeDocument } from "./document.ts";
import { ChainIssuer, type DevRoot } from "./pki.ts";

const REGISTERS = 32;
/** 0 to 15 belong to the hypervisor, which locks them at boot; the rest are the application's. */
const LOCKED_AT_BOOT = 16;
const RANDOM_SIZE = 256;

export interface SimulatedEnclave {
  /** `i-...-enc...` */
  readonly moduleId: string;
  /** The registers at boot; those not named are zero. 48 bytes each. */
  readonly pcrs: ReadonlyMap<number, Uint8Array>;
  /** Unix milliseconds; the hypervisor's clock. */
  readonly now: () => number;
}

interface Register {
  value: Uint8Array;
  locked: boolean;
}

type Fields = ReadonlyMap<unknown, unknown>;
type NsmCode = "InvalidIndex" | "ReadOnlyIndex" | "InvalidOperation" | "InputTooLarge";

/** What the device answers `{"Error": code}` to. */
class NsmRefusal extends Error {
  readonly code: NsmCode;
  constructor(code: NsmCode) {
    super(code);
    this.code = code;
  }
}

export class SoftwareNsm implements NsmDevice {
  readonly #enclave: SimulatedEnclave;
  readonly #issuer: ChainIssuer;
  readonly #registers: readonly Register[];

  constructor(root: DevRoot, enclave: SimulatedEnclave) {
    this.#enclave = enclave;
    this.#issuer = new ChainIssuer(root, enclave.moduleId);
    this.#registers = Array.from({ length: REGISTERS }, (_, index) => ({
      value: Uint8Array.from(enclave.pcrs.get(index) ?? new Uint8Array(PCR_SIZE)),
      locked: index < LOCKED_AT_BOOT,
    }));
  }

  /** Never fails: as the device, it answers what it cannot do with an error of its own. */
  exchange(request: Uint8Array): Promise<Uint8Array> {
    return Promise.resolve(this.#answer(request));
  }

  #answer(request: Uint8Array): Uint8Array {
    try {
      if (request.length > MAX_NSM_REQUEST) throw new NsmRefusal("InputTooLarge");
      // A document of 32 registers and 4096 bytes of request stays below the driver's 12288.
      return encode(this.#perform(...decodeRequest(request)));
    } catch (error) {
      return encode({ Error: error instanceof NsmRefusal ? error.code : "InternalError" });
    }
  }

  #perform(variant: string, fields: Fields | null): unknown {
    if (fields === null) {
      if (variant === "DescribeNSM") return { DescribeNSM: this.#describe() };
      if (variant === "GetRandom") return { GetRandom: { random: randomBytes(RANDOM_SIZE) } };
      throw new NsmRefusal("InvalidOperation");
    }
    switch (variant) {
      case "DescribePCR": {
        const { locked, value } = this.#register(fields);
        return { DescribePCR: { lock: locked, data: value } };
      }
      case "ExtendPCR":
        return { ExtendPCR: { data: this.#extend(this.#unlocked(fields), readBytes(fields, "data")) } };
      case "LockPCR":
        this.#unlocked(fields).locked = true;
        return "LockPCR";
      case "LockPCRs":
        this.#lock(readU16(fields, "range"));
        return "LockPCRs";
      case "Attestation":
        return { Attestation: { document: this.#attest(fields) } };
      default:
        throw new NsmRefusal("InvalidOperation");
    }
  }

  #describe(): Record<string, unknown> {
    return {
      version_major: 1,
      version_minor: 0,
      version_patch: 0,
      module_id: this.#enclave.moduleId,
      max_pcrs: REGISTERS,
      locked_pcrs: [...this.#locked().keys()],
      digest: "SHA384",
    };
  }

  #extend(register: Register, data: Uint8Array): Uint8Array {
    register.value = createHash("sha384").update(register.value).update(data).digest();
    return register.value;
  }

  #lock(range: number): void {
    if (range > REGISTERS) throw new NsmRefusal("InvalidIndex");
    for (const register of this.#registers.slice(0, range)) register.locked = true;
  }

  #attest(fields: Fields): Uint8Array {
    const timestampMs = this.#enclave.now();
    const claims = {
      moduleId: this.#enclave.moduleId,
      timestampMs,
      pcrs: this.#locked(),
      publicKey: readOptional(fields, "public_key"),
      userData: readOptional(fields, "user_data"),
      nonce: readOptional(fields, "nonce"),
    };
    return encodeDocument(claims, this.#issuer.identityAt(timestampMs));
  }

  /** A register that can still change stands in no document. */
  #locked(): Map<number, Uint8Array> {
    return new Map(
      [...this.#registers.entries()].flatMap(([i, { value, locked }]) => (locked ? [[i, value]] : [])),
    );
  }

  #register(fields: Fields): Register {
    const register = this.#registers[readU16(fields, "index")];
    if (register === undefined) throw new NsmRefusal("InvalidIndex");
    return register;
  }

  #unlocked(fields: Fields): Register {
    const register = this.#register(fields);
    if (register.locked) throw new NsmRefusal("ReadOnlyIndex");
    return register;
  }
}

/** A name, or a map of one name to its fields. */
function decodeRequest(bytes: Uint8Array): [variant: string, fields: Fields | null] {
  let request: unknown;
  try {
    request = decodeStrictCbor(bytes, "NSM_REQUEST");
  } catch {
    throw new NsmRefusal("InvalidOperation");
  }
  if (typeof request === "string") return [request, null];
  const [entry, ...rest] = request instanceof Map ? [...(request as Fields)] : [];
  if (entry === undefined || rest.length > 0) throw new NsmRefusal("InvalidOperation");
  const [variant, fields] = entry;
  if (typeof variant !== "string" || !(fields instanceof Map)) throw new NsmRefusal("InvalidOperation");
  return [variant, fields];
}

function readU16(fields: Fields, name: string): number {
  const value = fields.get(name);
  if (typeof value !== "number" || value < 0 || value > 0xffff) throw new NsmRefusal("InvalidOperation");
  return value;
}

function readBytes(fields: Fields, name: string): Uint8Array {
  const value = fields.get(name);
  if (!(value instanceof Uint8Array)) throw new NsmRefusal("InvalidOperation");
  return value;
}

function readOptional(fields: Fields, name: string): Uint8Array | null {
  return (fields.get(name) ?? null) === null ? null : readBytes(fields, name);
}
