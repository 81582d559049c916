// The client of the Nitro Secure Module: requests and responses in the CBOR of AWS's nsm-api (serde, externally
// tagged). The NSM belongs to the hypervisor and is trusted, but what carries its bytes may be broken, so answers are
// bounded and decoded strictly. Fields that a later NSM adds to a known answer are passed over, as AWS's client does.
import { encode } from "cborg";
import { decodeStrictCbor } from "../core/attestation/strict-cbor.ts";
import { SealroomError } from "../core/errors.ts";

/** The buffers of the kernel driver. */
export const MAX_NSM_REQUEST = 4096;
export const MAX_NSM_RESPONSE = 12288;
/** AWS's check list has 512 for these two, its CDDL 1024: write the less, read the more. */
const MAX_USER_DATA = 512;
const MAX_NONCE = 512;
const MAX_PUBLIC_KEY = 1024;
const MAX_RANDOM = 256;
const PCR_SIZE = 48;
const MAX_U16 = 0xffff;

/** nsm-api's ErrorCode. Anything else that an NSM may say one day shows as "unknown". */
const ERROR_NAMES = [
  "Success",
  "InvalidArgument",
  "InvalidIndex",
  "InvalidResponse",
  "ReadOnlyIndex",
  "InvalidOperation",
  "BufferTooSmall",
  "InputTooLarge",
  "InternalError",
];

/** One request, one response: an ioctl on /dev/nsm, or a stand-in's socket. Fails with NSM_IO or NSM_UNAVAILABLE. */
export interface NsmDevice {
  exchange(request: Uint8Array): Promise<Uint8Array>;
}

export interface NsmDescription {
  /** major, minor, patch */
  readonly version: readonly [number, number, number];
  readonly moduleId: string;
  readonly maxPcrs: number;
  readonly lockedPcrs: readonly number[];
}

export interface PcrState {
  readonly locked: boolean;
  /** 48 bytes */
  readonly value: Uint8Array;
}

/** What a document is to carry for the enclave; null for nothing. Bytes: at most 512, 512 and 1024. */
export interface AttestationRequest {
  readonly userData: Uint8Array | null;
  readonly nonce: Uint8Array | null;
  readonly publicKey: Uint8Array | null;
}

type Fields = ReadonlyMap<unknown, unknown>;

/** @throws SealroomError NSM_ERROR, NSM_RESPONSE, NSM_IO, as do all functions here */
export async function describeNsm(device: NsmDevice): Promise<NsmDescription> {
  const fields = await request(device, "DescribeNSM", null);
  if (fields.get("digest") !== "SHA384") throw unexpected();
  const locked = fields.get("locked_pcrs");
  if (!Array.isArray(locked)) throw unexpected();
  return {
    version: [
      readU16(fields, "version_major"),
      readU16(fields, "version_minor"),
      readU16(fields, "version_patch"),
    ],
    moduleId: readText(fields, "module_id"),
    maxPcrs: readU16(fields, "max_pcrs"),
    lockedPcrs: locked.map(checkU16),
  };
}

/** 1 to 256 fresh random bytes, as many as the NSM likes to give. */
export async function getRandom(device: NsmDevice): Promise<Uint8Array> {
  return readBytes(await request(device, "GetRandom", null), "random", 1, MAX_RANDOM);
}

export async function describePcr(device: NsmDevice, index: number): Promise<PcrState> {
  const fields = await request(device, "DescribePCR", { index });
  const locked = fields.get("lock");
  if (typeof locked !== "boolean") throw unexpected();
  return { locked, value: readBytes(fields, "data", PCR_SIZE, PCR_SIZE) };
}

/** Register = SHA-384(register || data). Gives its new value. A locked register is NSM_ERROR ReadOnlyIndex. */
export async function extendPcr(device: NsmDevice, index: number, data: Uint8Array): Promise<Uint8Array> {
  return readBytes(await request(device, "ExtendPCR", { index, data }), "data", PCR_SIZE, PCR_SIZE);
}

/** Locks one register. Only locked registers stand in documents. */
export async function lockPcr(device: NsmDevice, index: number): Promise<void> {
  await request(device, "LockPCR", { index });
}

/** Locks registers 0 to range - 1. */
export async function lockPcrs(device: NsmDevice, range: number): Promise<void> {
  await request(device, "LockPCRs", { range });
}

/** A fresh attestation document with these three fields. Also throws NSM_REQUEST. */
export async function requestAttestation(
  device: NsmDevice,
  binding: AttestationRequest,
): Promise<Uint8Array> {
  checkSize(binding.userData, MAX_USER_DATA, "userData");
  checkSize(binding.nonce, MAX_NONCE, "nonce");
  checkSize(binding.publicKey, MAX_PUBLIC_KEY, "publicKey");
  const fields = await request(device, "Attestation", {
    user_data: binding.userData,
    nonce: binding.nonce,
    public_key: binding.publicKey,
  });
  return readBytes(fields, "document", 1, MAX_NSM_RESPONSE);
}

/** One exchange: a variant without fields is its name, one with fields a map of one entry. */
async function request(
  device: NsmDevice,
  variant: string,
  fields: Record<string, unknown> | null,
): Promise<Fields> {
  const encoded = encode(fields === null ? variant : { [variant]: fields });
  if (encoded.length > MAX_NSM_REQUEST) throw new SealroomError("NSM_REQUEST", { size: encoded.length });
  return decodeResponse(await device.exchange(encoded), variant);
}

/** The fields of the answer; none where the answer is only a name. */
function decodeResponse(bytes: Uint8Array, variant: string): Fields {
  if (bytes.length > MAX_NSM_RESPONSE) throw unexpected();
  const response = decodeStrictCbor(bytes, "NSM_RESPONSE");
  if (response === variant) return new Map();
  if (!(response instanceof Map) || response.size !== 1) throw unexpected();
  const error: unknown = response.get("Error");
  if (typeof error === "string") {
    throw new SealroomError("NSM_ERROR", { nsm: ERROR_NAMES.includes(error) ? error : "unknown" });
  }
  const fields: unknown = response.get(variant);
  if (!(fields instanceof Map)) throw unexpected();
  return fields;
}

function checkSize(value: Uint8Array | null, max: number, field: string): void {
  if (value !== null && value.length > max) throw new SealroomError("NSM_REQUEST", { field, max });
}

function readBytes(fields: Fields, name: string, min: number, max: number): Uint8Array {
  const value = fields.get(name);
  if (!(value instanceof Uint8Array) || value.length < min || value.length > max) throw unexpected();
  return value;
}

function readText(fields: Fields, name: string): string {
  const value = fields.get(name);
  if (typeof value !== "string" || value === "") throw unexpected();
  return value;
}

function readU16(fields: Fields, name: string): number {
  return checkU16(fields.get(name));
}

function checkU16(value: unknown): number {
  if (typeof value !== "number" || value < 0 || value > MAX_U16) throw unexpected();
  return value;
}

function unexpected(): SealroomError {
  return new SealroomError("NSM_RESPONSE");
}
