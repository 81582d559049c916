// The control connection: the host submits one job; the enclave reports progress in objects and bytes, and ends
// with a result and its receipt, or with one refusal.
import { ERROR_CODES, SealroomError } from "../errors.ts";
import type { Details, ErrorCode } from "../errors.ts";
import type { JsonObject } from "../json.ts";
import { MAX_MANIFEST_BYTES } from "../manifest/manifest.ts";
import { MAX_PLAN_BYTES } from "../plan/plan.ts";
import type { AwsCredentials } from "../sigv4.ts";
import type { ByteStream } from "./byte-stream.ts";
import { checkMembers, integerField, stringField } from "./field.ts";
import { readMessage, writeMessage } from "./message.ts";

export interface JobRequest {
  readonly job: string;
  /** The analyst's nonce, 16 to 64 bytes, hex. It comes back in the attestation document of the receipt. */
  readonly nonce: string;
  /** Short-lived, of the enclave role. They come through the host, so they are no secret from it. */
  readonly credentials: AwsCredentials;
  readonly plan: Uint8Array;
  /** One compact JWS for each input of the plan, in its order. */
  readonly manifests: readonly Uint8Array[];
  readonly grants: readonly Uint8Array[];
}

export type JobEvent =
  | {
      readonly type: "progress";
      readonly objects: number;
      readonly ofObjects: number;
      readonly bytes: number;
    }
  | { readonly type: "refused"; readonly code: ErrorCode; readonly details: Details }
  | {
      readonly type: "done";
      readonly receipt: Uint8Array;
      readonly result: Uint8Array;
      /** The unsigned manifest of what the job made, of jobs that make objects. */
      readonly output: Uint8Array | null;
    };

/** A manifest is signed as base64url in a JWS: 4 bytes for 3, and its header. */
const MAX_JWS_BYTES = Math.ceil(MAX_MANIFEST_BYTES / 3) * 4 + 4096;
export const MAX_GRANTS = 8;
export const MAX_INPUTS = 2;
const JOB_LIMITS = { attachmentBytes: MAX_PLAN_BYTES + MAX_INPUTS * MAX_JWS_BYTES + MAX_GRANTS * 16_384 };
const DONE_LIMITS = { attachmentBytes: 1024 * 1024 * 1024 };

const TOKEN = /^[\x21-\x7e]{1,16384}$/;

export async function writeJobRequest(stream: ByteStream, request: JobRequest): Promise<void> {
  const { accessKeyId, secretAccessKey, sessionToken } = request.credentials;
  const fields: JsonObject = {
    type: "job",
    job: request.job,
    nonce: request.nonce,
    accessKeyId,
    secretAccessKey,
    ...(sessionToken === undefined ? {} : { sessionToken }),
    manifests: request.manifests.length,
    grants: request.grants.length,
  };
  await writeMessage(stream, fields, [request.plan, ...request.manifests, ...request.grants]);
}

/** The enclave's side; everything here is the host's word. Errors: WIRE_*. */
export async function readJobRequest(stream: ByteStream): Promise<JobRequest> {
  const { fields, attachments } = await readMessage(stream, JOB_LIMITS);
  const names = [
    "type",
    "job",
    "nonce",
    "accessKeyId",
    "secretAccessKey",
    "manifests",
    "grants",
    "attachments",
  ];
  checkMembers(fields, names, ["sessionToken"]);
  stringField(fields, "type", /^job$/);
  const manifests = integerField(fields, "manifests", MAX_INPUTS);
  const grants = integerField(fields, "grants", MAX_GRANTS);
  const [plan, ...rest] = attachments;
  if (plan === undefined || rest.length !== manifests + grants) throw new SealroomError("WIRE_LENGTH");
  if (plan.length > MAX_PLAN_BYTES) throw new SealroomError("WIRE_LENGTH");
  return {
    job: stringField(fields, "job", /^[0-9a-f]{16}$/),
    nonce: stringField(fields, "nonce", /^([0-9a-f]{2}){16,64}$/),
    credentials: {
      accessKeyId: stringField(fields, "accessKeyId", TOKEN),
      secretAccessKey: stringField(fields, "secretAccessKey", TOKEN),
      ...(Object.hasOwn(fields, "sessionToken")
        ? { sessionToken: stringField(fields, "sessionToken", TOKEN) }
        : {}),
    },
    plan,
    manifests: rest.slice(0, manifests),
    grants: rest.slice(manifests),
  };
}

export async function writeJobEvent(stream: ByteStream, event: JobEvent): Promise<void> {
  if (event.type === "done") {
    const { receipt, result, output } = event;
    await writeMessage(stream, { type: "done" }, [receipt, result, ...(output === null ? [] : [output])]);
  } else if (event.type === "refused") {
    await writeMessage(stream, { type: "refused", code: event.code, details: wellFormed(event.details) });
  } else {
    await writeMessage(stream, { ...event });
  }
}

/** The host's side. The enclave behind a transport is not yet verified, so this is checked as strictly. */
export async function readJobEvent(stream: ByteStream): Promise<JobEvent> {
  const { fields, attachments } = await readMessage(stream, DONE_LIMITS);
  const type = stringField(fields, "type", /^(progress|refused|done)$/);
  checkMembers(fields, ["type", ...EVENT_MEMBERS[type as JobEvent["type"]]]);
  if (type === "done") {
    const [receipt, result, output = null, ...more] = attachments;
    if (receipt === undefined || result === undefined || more.length > 0) {
      throw new SealroomError("WIRE_LENGTH");
    }
    return { type, receipt, result, output };
  }
  if (type === "refused") {
    const code = stringField(fields, "code", /^[A-Z][A-Z0-9_]{0,39}$/);
    if (!Object.hasOwn(ERROR_CODES, code)) throw new SealroomError("WIRE_FIELD", { name: "code" });
    return { type, code: code as ErrorCode, details: publicDetails(fields["details"]) };
  }
  const integer = (name: string): number => integerField(fields, name, Number.MAX_SAFE_INTEGER);
  return {
    type: "progress",
    objects: integer("objects"),
    ofObjects: integer("ofObjects"),
    bytes: integer("bytes"),
  };
}

const EVENT_MEMBERS: Readonly<Record<JobEvent["type"], readonly string[]>> = {
  progress: ["objects", "ofObjects", "bytes"],
  refused: ["code", "details"],
  done: ["attachments"],
};

/** A name that was cut short may end in half a character, which JSON cannot say; the refusal must arrive all the same. */
function wellFormed(details: Details): JsonObject {
  return Object.fromEntries(
    Object.entries(details).map(([name, detail]) => [
      name,
      typeof detail === "string" ? detail.replaceAll(/\p{Surrogate}/gu, "\ufffd") : detail,
    ]),
  );
}

function publicDetails(value: unknown): Details {
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    throw new SealroomError("WIRE_FIELD", { name: "details" });
  }
  return Object.fromEntries(
    Object.entries(value).map(([name, detail]) => {
      if (typeof detail !== "string" && typeof detail !== "number" && typeof detail !== "boolean") {
        throw new SealroomError("WIRE_FIELD", { name: "details" });
      }
      return [name, detail];
    }),
  );
}
