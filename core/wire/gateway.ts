// Ranged reads: what an enclave thread asks the host's gateway for, and the bulk answer (u64 length, raw bytes). Puts:
// what it has the gateway store, in pieces as they come.
import { SealroomError } from "../errors.ts";
import type { JsonObject } from "../json.ts";
import { MAX_OBJECTS } from "../manifest/manifest.ts";
import { MAX_VAULTS } from "../manifest/tokenization.ts";
import type { ByteStream } from "./byte-stream.ts";
import { checkMembers, integerField, stringField } from "./field.ts";
import { readMessage, writeMessage } from "./message.ts";

/** The most bytes one read may ask for. */
export const MAX_READ_BYTES: number = 64 * 1024 * 1024;

export interface ReadRequest {
  /** The host's own name for the job; says nothing and protects nothing. */
  readonly job: string;
  /** Index of the plan's input, and of the object in that input's manifest; behind its objects come the maps it names. */
  readonly input: number;
  readonly object: number;
  readonly offset: number;
  readonly length: number;
}

/** An object that the job makes. After the request come its pieces, then an empty one; then the host's answer. */
export interface PutRequest {
  readonly job: string;
  /** Below the place of the job's outputs: two segments at most. */
  readonly name: string;
}

export type GatewayRequest =
  ({ readonly type: "read" } & ReadRequest) | ({ readonly type: "put" } & PutRequest);

const JOB_NAME = /^[0-9a-f]{16}$/;
export const OUTPUT_NAME: Readonly<RegExp> =
  /^[A-Za-z0-9][A-Za-z0-9._-]{0,255}(\/[A-Za-z0-9][A-Za-z0-9._-]{0,255})?$/;
/** The most bytes of one piece of a put: more than a frame, and little enough to be claimed by anybody. */
export const MAX_PIECE_BYTES: number = 512 * 1024;

export async function writeReadRequest(stream: ByteStream, request: ReadRequest): Promise<void> {
  await writeMessage(stream, { type: "read", ...request });
}

export async function writePutRequest(stream: ByteStream, request: PutRequest): Promise<void> {
  await writeMessage(stream, { type: "put", ...request });
}

/** Not empty: an empty piece is the end. */
export async function writePiece(stream: ByteStream, piece: Uint8Array): Promise<void> {
  const prefix = new Uint8Array(4);
  new DataView(prefix.buffer).setUint32(0, piece.length);
  await stream.write(prefix);
  await stream.write(piece);
}

/** The end, then the host's word that the object is stored, which proves nothing. Errors: WIRE_*, TRANSPORT_*. */
export async function finishPut(stream: ByteStream): Promise<void> {
  await stream.write(new Uint8Array(4));
  const { fields } = await readMessage(stream);
  checkMembers(fields, ["type"]);
  stringField(fields, "type", /^stored$/);
}

/** The host's side: the pieces of a put until its end. Errors: WIRE_LENGTH, TRANSPORT_*. */
export async function* readPieces(stream: ByteStream): AsyncGenerator<Uint8Array, void> {
  for (;;) {
    const prefix = await stream.read(4);
    const length = new DataView(prefix.buffer).getUint32(0);
    if (length === 0) return;
    if (length > MAX_PIECE_BYTES) throw new SealroomError("WIRE_LENGTH", { length });
    yield await stream.read(length);
  }
}

export async function writeStored(stream: ByteStream): Promise<void> {
  await writeMessage(stream, { type: "stored" });
}

/** The host's side. Errors: WIRE_*. */
export async function readGatewayRequest(stream: ByteStream): Promise<GatewayRequest> {
  const { fields } = await readMessage(stream);
  return stringField(fields, "type", /^(read|put)$/) === "put"
    ? { type: "put", ...parsePut(fields) }
    : { type: "read", ...parseRead(fields) };
}

/** As readGatewayRequest, for a host that stores nothing. Errors: WIRE_*. */
export async function readReadRequest(stream: ByteStream): Promise<ReadRequest> {
  return parseRead((await readMessage(stream)).fields);
}

function parsePut(fields: JsonObject): PutRequest {
  checkMembers(fields, ["type", "job", "name"]);
  return { job: stringField(fields, "job", JOB_NAME), name: stringField(fields, "name", OUTPUT_NAME) };
}

function parseRead(fields: JsonObject): ReadRequest {
  checkMembers(fields, ["type", "job", "input", "object", "offset", "length"]);
  stringField(fields, "type", /^read$/);
  return {
    job: stringField(fields, "job", JOB_NAME),
    input: integerField(fields, "input", 64),
    object: integerField(fields, "object", MAX_OBJECTS + MAX_VAULTS - 1),
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
