// The payload of a Nitro attestation document: fields and limits of AWS's nsm-api, docs/attestation_process.md, as
// real documents keep them. Decoding proves nothing; verify.ts does. Where the sources differ, the rule is:
// - user_data, nonce and public_key hold 0..1024 bytes (a real document has 746 bytes of user_data, past the 512 of
//   the check list); null and absent are the same, empty is not;
// - the digest is SHA384, so every register has 48 bytes; keys that are not listed are refused.
import { SealroomError } from "../errors.ts";
import { decodeStrictCbor } from "./strict-cbor.ts";

export const PCR_SIZE = 48;
export const MAX_PCR_INDEX = 31;
export const MAX_OPTIONAL_FIELD = 1024;
const MAX_CERTIFICATE = 1024;
// Real bundles hold four. Each costs a signature check, so the host may not choose how many.
const MAX_BUNDLE = 8;
/** 9999-12-31T23:59:59.999Z: what lies beyond is no date that X.509 or ISO 8601 can name. */
const MAX_TIMESTAMP = 253_402_300_799_999;

const NAMES: readonly unknown[] = [
  "module_id",
  "digest",
  "timestamp",
  "pcrs",
  "certificate",
  "cabundle",
  "public_key",
  "user_data",
  "nonce",
];

export interface AttestationDocument {
  /** Instance and enclave, `i-...-enc...`; printable ASCII. */
  readonly moduleId: string;
  /** When the NSM wrote it, Unix milliseconds by the hypervisor's clock. */
  readonly timestampMs: number;
  /** The locked platform configuration registers: index 0..31 to 48 bytes. Any of them may be missing. */
  readonly pcrs: ReadonlyMap<number, Uint8Array>;
  /** The leaf, DER. */
  readonly certificate: Uint8Array;
  /** Root first, then each certificate's issuer before it, DER. */
  readonly cabundle: readonly Uint8Array[];
  /** What the enclave put in; AWS does not look at these three. Null where it put in nothing. */
  readonly publicKey: Uint8Array | null;
  readonly userData: Uint8Array | null;
  readonly nonce: Uint8Array | null;
}

/** @throws SealroomError DOCUMENT_CBOR, DOCUMENT_FIELD */
export function decodeDocument(payload: Uint8Array): AttestationDocument {
  const fields = decodeStrictCbor(payload, "DOCUMENT_CBOR");
  if (!(fields instanceof Map)) throw new SealroomError("DOCUMENT_CBOR");
  for (const name of fields.keys()) if (!NAMES.includes(name)) throw fault("unknown");
  if (fields.get("digest") !== "SHA384") throw fault("digest");
  return {
    moduleId: readModuleId(fields.get("module_id")),
    timestampMs: readTimestamp(fields.get("timestamp")),
    pcrs: readPcrs(fields.get("pcrs")),
    certificate: readBytes(fields.get("certificate"), 1, MAX_CERTIFICATE, "certificate"),
    cabundle: readBundle(fields.get("cabundle")),
    publicKey: readOptional(fields.get("public_key"), "public_key"),
    userData: readOptional(fields.get("user_data"), "user_data"),
    nonce: readOptional(fields.get("nonce"), "nonce"),
  };
}

/**
 * Whether the enclave may have run in debug mode, where its registers are zero and the host reads its memory:
 * PCR0, PCR1 or PCR2 is all zero, or missing, which proves no more than zero.
 */
export function isDebug(document: AttestationDocument): boolean {
  return [0, 1, 2].some((index) => document.pcrs.get(index)?.every((byte) => byte === 0) ?? true);
}

function readModuleId(value: unknown): string {
  if (typeof value !== "string" || !/^[\x21-\x7e]{1,255}$/.test(value)) throw fault("module_id");
  return value;
}

function readTimestamp(value: unknown): number {
  if (typeof value !== "number" || value <= 0 || value > MAX_TIMESTAMP) throw fault("timestamp");
  return value;
}

function readPcrs(value: unknown): ReadonlyMap<number, Uint8Array> {
  if (!(value instanceof Map) || value.size === 0) throw fault("pcrs");
  const pcrs = new Map<number, Uint8Array>();
  for (const [index, register] of value as Map<unknown, unknown>) {
    if (typeof index !== "number" || index > MAX_PCR_INDEX) throw fault("pcrs");
    pcrs.set(index, readBytes(register, PCR_SIZE, PCR_SIZE, "pcrs"));
  }
  return pcrs;
}

function readBundle(value: unknown): readonly Uint8Array[] {
  if (!Array.isArray(value) || value.length === 0 || value.length > MAX_BUNDLE) throw fault("cabundle");
  return value.map((certificate) => readBytes(certificate, 1, MAX_CERTIFICATE, "cabundle"));
}

function readOptional(value: unknown, field: string): Uint8Array | null {
  return value === null || value === undefined ? null : readBytes(value, 0, MAX_OPTIONAL_FIELD, field);
}

function readBytes(value: unknown, min: number, max: number, field: string): Uint8Array {
  if (!(value instanceof Uint8Array) || value.length < min || value.length > max) throw fault(field);
  return value;
}

function fault(field: string): SealroomError {
  return new SealroomError("DOCUMENT_FIELD", { field });
}
