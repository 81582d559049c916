// A message: u32 length, that many bytes of canonical JSON, then the attachments whose lengths the JSON gives.
// Every length is checked before anything is allocated (docs/protocol.md section 2).
import { SealroomError } from "../errors.ts";
import { encodeCanonical, parseCanonical } from "../json.ts";
import type { JsonObject, JsonValue } from "../json.ts";
import type { ByteStream } from "./byte-stream.ts";

export const MAX_MESSAGE_JSON_BYTES: number = 64 * 1024;
export const MAX_ATTACHMENTS = 64;

export interface Message {
  readonly fields: JsonObject;
  readonly attachments: readonly Uint8Array[];
}

/** What a receiver accepts in one message. */
export interface MessageLimits {
  readonly attachmentBytes: number;
}

const FIRST_PIECE_BYTES: number = 1024 * 1024;
const NO_ATTACHMENTS: MessageLimits = { attachmentBytes: 0 };

/** Errors: WIRE_LENGTH (a length is out of bounds), WIRE_JSON (not canonical JSON of this shape), TRANSPORT_*. */
export async function readMessage(
  stream: ByteStream,
  limits: MessageLimits = NO_ATTACHMENTS,
): Promise<Message> {
  const prefix = await stream.read(4);
  const length = new DataView(prefix.buffer).getUint32(0);
  if (length < 2 || length > MAX_MESSAGE_JSON_BYTES) throw new SealroomError("WIRE_LENGTH", { length });
  const fields = parseFields(await stream.read(length));
  const lengths = attachmentLengths(fields["attachments"], limits);
  const attachments: Uint8Array[] = [];
  for (const bytes of lengths) attachments.push(await readAttachment(stream, bytes));
  return { fields, attachments };
}

export async function writeMessage(
  stream: ByteStream,
  fields: JsonObject,
  attachments: readonly Uint8Array[] = [],
): Promise<void> {
  const whole =
    attachments.length === 0 ? fields : { ...fields, attachments: attachments.map((a) => a.length) };
  const json = encodeCanonical(whole);
  if (json.length > MAX_MESSAGE_JSON_BYTES) throw new Error("internal: message too long");
  const framed = new Uint8Array(4 + json.length);
  new DataView(framed.buffer).setUint32(0, json.length);
  framed.set(json, 4);
  await stream.write(framed);
  for (const attachment of attachments) await stream.write(attachment);
}

/** A peer that claims much and sends little is given memory as it sends: at most twice that, or the first piece. */
async function readAttachment(stream: ByteStream, length: number): Promise<Uint8Array> {
  let bytes = await stream.read(Math.min(length, FIRST_PIECE_BYTES));
  while (bytes.length < length) {
    const longer = new Uint8Array(Math.min(length, 2 * bytes.length));
    longer.set(bytes);
    await stream.readInto(longer.subarray(bytes.length));
    bytes = longer;
  }
  return bytes;
}

function parseFields(bytes: Uint8Array): JsonObject {
  let value: JsonValue;
  try {
    value = parseCanonical(bytes);
  } catch (cause) {
    throw new SealroomError("WIRE_JSON", {}, { cause });
  }
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    throw new SealroomError("WIRE_JSON");
  }
  return value as JsonObject;
}

function attachmentLengths(value: JsonValue | undefined, limits: MessageLimits): number[] {
  if (value === undefined) return [];
  if (!Array.isArray(value) || value.length === 0 || value.length > MAX_ATTACHMENTS) {
    throw new SealroomError("WIRE_LENGTH");
  }
  let left = limits.attachmentBytes;
  return value.map((entry: JsonValue) => {
    if (typeof entry !== "number" || !Number.isSafeInteger(entry) || entry < 0 || entry > left) {
      throw new SealroomError("WIRE_LENGTH");
    }
    left -= entry;
    return entry;
  });
}
