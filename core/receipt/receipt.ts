// The receipt's file: canonical JSON of a statement and the attestation document over it. Of one form only, so that
// no bit of it can change unnoticed: what is not covered by the document's signature is not free to vary.
import { MAX_DOCUMENT_SIZE } from "../attestation/cose.ts";
import { SealroomError } from "../errors.ts";
import { encodeCanonical, parseCanonical } from "../json.ts";
import type { JsonValue, TextLimits } from "../json.ts";
import { decodeBase64url, encodeBase64url } from "../text/base64url.ts";
import { Field } from "../text/field.ts";
import { MAX_STATEMENT_BYTES } from "./statement.ts";

export interface Receipt {
  /** A Nitro attestation document, as the NSM gave it. */
  readonly attestation: Uint8Array;
  /** Canonical bytes of a Statement. */
  readonly statement: Uint8Array;
}

const LIMITS: TextLimits = {
  bytes: Math.ceil(((MAX_DOCUMENT_SIZE + MAX_STATEMENT_BYTES) * 4) / 3) + 64,
  depth: 1,
  values: 4,
};

export function encodeReceipt({ attestation, statement }: Receipt): Uint8Array {
  const receipt = { v: 1, attestation: encodeBase64url(attestation), statement: encodeBase64url(statement) };
  return encodeCanonical(receipt);
}

/** Nothing in it is verified yet. Errors: RECEIPT_FORM. */
export function parseReceipt(bytes: Uint8Array): Receipt {
  let value: JsonValue;
  try {
    value = parseCanonical(bytes, LIMITS);
  } catch (cause) {
    throw new SealroomError("RECEIPT_FORM", {}, { cause });
  }
  const fields = new Field(value, "", "RECEIPT_FORM").record(["attestation", "statement", "v"]);
  fields.v.oneOf([1]);
  return {
    attestation: decodeMember(fields.attestation, MAX_DOCUMENT_SIZE),
    statement: decodeMember(fields.statement, MAX_STATEMENT_BYTES),
  };
}

function decodeMember(field: Field, limit: number): Uint8Array {
  const bytes = decodeBase64url(field.text());
  if (bytes === undefined || bytes.length === 0 || bytes.length > limit) throw field.fault("malformed");
  return bytes;
}
