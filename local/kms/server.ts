// The local KMS: an HTTPS server that speaks the JSON protocol of AWS KMS, so that the AWS SDK and the enclave's own
// client talk to it unmodified. Signatures, key policies and attestation documents are verified; only the roots differ.
import { randomUUID } from "node:crypto";
import type { IncomingMessage, ServerResponse } from "node:http";
import { createServer } from "node:https";
import type { AddressInfo } from "node:net";

import { SealroomError } from "../../core/errors.ts";
import type { JsonObject } from "../../core/json.ts";
import { sha256Hex } from "../../core/sigv4.ts";
import type { Authority } from "../authority.ts";
import { AwsError } from "../aws-error.ts";
import type { Principal } from "../../owner/policy/principal.ts";
import type { CredentialTable } from "../credentials.ts";
import { collectHeaders, SignatureFault, verifySignature, type SignatureReason } from "../signature.ts";
import { ADMINISTRATIVE_OPERATIONS, DEFAULT_POLICY } from "./administrative.ts";
import type { KmsState, Operation } from "./call.ts";
import type { CmsForm } from "./cms.ts";
import { CRYPTOGRAPHIC_OPERATIONS } from "./cryptographic.ts";
import { KeyStore } from "./key-store.ts";
import { MAX_REQUEST_BYTES, Parameters, parseParameters } from "./parameters.ts";
import type { AuthenticateRecipient } from "./recipient.ts";

const CONTENT_TYPE = "application/x-amz-json-1.1";
const MAX_SKEW_MS = 5 * 60_000;
const OPERATIONS: ReadonlyMap<string, Operation> = new Map([
  ...CRYPTOGRAPHIC_OPERATIONS,
  ...ADMINISTRATIVE_OPERATIONS,
]);

export interface LocalKmsOptions {
  /** Where the keys are kept. The caller holds the lock of the state. */
  readonly directory: string;
  readonly credentials: CredentialTable;
  /** What makes an attestation document authentic: for the local enclave, a chain to the software NSM's root. */
  readonly authenticateRecipient: AuthenticateRecipient;
  readonly authority: Authority;
  readonly region: string;
  /** 0, the default, takes a free one. Only this machine can connect. */
  readonly port?: number;
  /** The form of CiphertextForRecipient; `constructed` by default. */
  readonly cmsForm?: CmsForm;
  readonly clock?: () => number;
}

export interface LocalKms {
  /** `https://localhost:port`. */
  readonly endpoint: string;
  readonly port: number;
  /** What the server's certificate names, and AWS's name for the endpoint. */
  readonly host: string;
  /** Makes a key without a request; its full ARN. Without a policy it has KMS's default one. */
  createKey(policyText?: string): Promise<string>;
  close(): Promise<void>;
}

/** @throws SealroomError LOCAL_STATE if a stored key is damaged */
export async function startLocalKms(options: LocalKmsOptions): Promise<LocalKms> {
  const { directory, credentials, authenticateRecipient, authority, region } = options;
  const clock = options.clock ?? Date.now;
  const keys = await KeyStore.open(directory, region);
  const kms: KmsState = { keys, authenticateRecipient, cmsForm: options.cmsForm ?? "constructed" };
  const host = `kms.${region}.amazonaws.com`;
  const identity = authority.issueServer([host, "localhost", "127.0.0.1"], clock());
  const tls = { cert: identity.certificate, key: identity.privateKey, minVersion: "TLSv1.2" } as const;

  const server = createServer(tls, (request, response) => {
    answer(request, { kms, credentials, nowMs: clock() }).then(
      (fields) => {
        respond(response, 200, fields);
      },
      (error: unknown) => {
        refuse(response, error);
      },
    );
  });
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(options.port ?? 0, "127.0.0.1", resolve);
  });
  const { port } = server.address() as AddressInfo;
  return {
    endpoint: `https://localhost:${port}`,
    port,
    host,
    createKey: async (policyText = DEFAULT_POLICY) =>
      (await keys.create({ policyText, description: "", createdMs: clock() })).arn,
    close: () =>
      new Promise((resolve) => {
        server.close(() => {
          resolve();
        });
        server.closeAllConnections();
      }),
  };
}

interface Service {
  readonly kms: KmsState;
  readonly credentials: CredentialTable;
  readonly nowMs: number;
}

/** The order of checks: size, signature, operation, parameters; the rest is the operation's. */
async function answer(request: IncomingMessage, { kms, credentials, nowMs }: Service): Promise<JsonObject> {
  const body = await readBody(request);
  const principal = verifyCaller(request, body, { kms, credentials, nowMs });
  const operation = getOperation(request.headers["x-amz-target"], request.headers["content-type"]);
  const parameters = new Parameters(parseParameters(body), operation.parameters);
  return operation.run({ kms, principal, parameters, nowMs });
}

async function readBody(request: IncomingMessage): Promise<Uint8Array> {
  checkLength(Number(request.headers["content-length"] ?? 0));
  const chunks: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of request as AsyncIterable<Uint8Array>) {
    length += chunk.length;
    checkLength(length);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

function checkLength(length: number): void {
  if (length > MAX_REQUEST_BYTES) {
    throw new AwsError("RequestEntityTooLargeException", 413, "the request is too long");
  }
}

// KMS's words for what is wrong with a signature.
const SIGNATURE_ERRORS: Readonly<Record<SignatureReason, string>> = {
  missing: "MissingAuthenticationTokenException",
  malformed: "IncompleteSignatureException",
  unknown: "UnrecognizedClientException",
  token: "UnrecognizedClientException",
  skewed: "InvalidSignatureException",
  scope: "InvalidSignatureException",
  mismatch: "InvalidSignatureException",
};

function verifyCaller(
  request: IncomingMessage,
  body: Uint8Array,
  { kms, credentials, nowMs }: Service,
): Principal {
  if (request.method !== "POST" || request.url !== "/") {
    throw new AwsError("UnknownOperationException", 404, "requests are POST /");
  }
  const signed = {
    method: request.method,
    path: "/",
    query: [],
    headers: collectHeaders(request.rawHeaders),
    payloadHash: sha256Hex(body),
  };
  const rules = { credentials, service: "kms", region: kms.keys.region, nowMs, maxSkewMs: MAX_SKEW_MS };
  try {
    return verifySignature(signed, rules).principal;
  } catch (error) {
    if (error instanceof SignatureFault) {
      throw new AwsError(SIGNATURE_ERRORS[error.reason], 400, error.message);
    }
    throw error;
  }
}

function getOperation(target: unknown, contentType: string | undefined): Operation {
  const name = typeof target === "string" ? /^TrentService\.([A-Za-z]+)$/.exec(target)?.[1] : undefined;
  const operation = OPERATIONS.get(name ?? "");
  if (operation === undefined || contentType !== CONTENT_TYPE) {
    throw new AwsError("UnknownOperationException", 400, "the local KMS has no such operation");
  }
  return operation;
}

function refuse(response: ServerResponse, error: unknown): void {
  if (response.headersSent || response.destroyed) {
    response.destroy();
  } else if (error instanceof AwsError) {
    respond(response, error.status, { __type: error.code, message: error.message });
  } else {
    // What is wrong on this side is none of the caller's business, but must not pass unseen.
    const code = error instanceof SealroomError ? error.code : "INTERNAL";
    console.error(`local KMS: ${code}`, error);
    respond(response, 500, { __type: "KMSInternalException", message: "internal failure" });
  }
}

function respond(response: ServerResponse, status: number, fields: JsonObject): void {
  const body = Buffer.from(JSON.stringify(fields));
  response.writeHead(status, {
    "content-type": CONTENT_TYPE,
    "content-length": body.length,
    "x-amzn-requestid": randomUUID(),
  });
  response.end(body);
}
