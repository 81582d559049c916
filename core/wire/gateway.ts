// Ranged reads: what an enclave thread asks the host's gateway for, and the bulk answer (u64 length, raw bytes).
import { SealroomError } from "../errors.ts";
import { MAX_OBJECTS } from "../manifest/manifest.ts";
import type { ByteStream } from "./byte-stream.ts";
import { checkMembers, integerField, stringField } from "./field.ts";
import { readMessage, writeMessage } from "./message.ts";

/** The most bytes one read may ask for. */
export const MAX_READ_BYTES: number = 64 * 1024 * 1024;

export interface ReadRequest {
  /** The host's own name for the job; says nothing and protects nothing. */
  readonly job: string;
  /** Index of the plan's input, and of the object in that input's manifest. */
  readonly input: number;
  readonly object: number;
  readonly offset: number;
  readonly length: number;
}

const JOB_NAME = /^[0-9a-f]{16}$/;

export async function writeReadRequest(stream: ByteStream, request: ReadRequest): Promise<void> {
  await writeMessage(stream, { type: "read", ...request });
}

/** The host's side. Errors: WIRE_*. */
export async function readReadRequest(stream: ByteStream): Promise<ReadRequest> {
  const { fields } = await readMessage(stream);
  checkMembers(fields, ["type", "job", "input", "object", "offset", "length"]);
  stringField(fields, "type", /^read$/);
  return {
    job: stringField(fields, "job", JOB_NAME),
    input: integerField(fields, "input", 64),
    object: integerField(fields, "object", MAX_OBJECTS - 1),
    offset: integerField(fields, "offset", Number.MAX_SAFE_INTEGER),
    length: integerField(fields, "length", MAX_READ_BYTES),
  };
}

/** The head of a bulk answer, which must have exactly the length asked for. After it come any bytes. */
export async function readBulkPrefix(stream: ByteStream, asked: number): Promise<void> {
  const prefix = await stream.read(8);
  const length = new DataView(prefix.buffer).getBigUint64(0);
  if (length !== BigInt(asked)) throw new SealroomError("WIRE_LENGTH");
}

/** Reads a bulk answer that must have exactly the length asked for. From the host: any bytes. */
export async function readBulk(stream: ByteStream, target: Uint8Array): Promise<void> {
  await readBulkPrefix(stream, target.length);
  await stream.readInto(target);
}

export function encodeBulkPrefix(length: number): Uint8Array {
  const prefix = new Uint8Array(8);
  new DataView(prefix.buffer).setBigUint64(0, BigInt(length));
  return prefix;
}
