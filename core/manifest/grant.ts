// Grant bytes to a Grant. The signature comes first: see verify.ts.
import { parseCanonical } from "../json.ts";
import type { TextLimits } from "../json.ts";
import { SHA384_HEX } from "../text/digest.ts";
import { Field } from "../text/field.ts";
import { THUMBPRINT } from "./jwk.ts";
import { MAX_GRANT_BYTES } from "./manifest.ts";
import type { Grant } from "./manifest.ts";

const LIMITS: TextLimits = { bytes: MAX_GRANT_BYTES, depth: 2, values: 64 };
const MAX_MANIFESTS = 32;
const MAX_ROWS = 10_000_000;

/** Errors: JSON_*, GRANT_FIELD. */
export function parseGrant(bytes: Uint8Array): Grant {
  const fields = new Field(parseCanonical(bytes, LIMITS), "", "GRANT_FIELD").record([
    "version",
    "plan",
    "manifests",
    "recipient",
    "notAfter",
    "maxRows",
  ]);
  const manifests = fields.manifests.list(1, MAX_MANIFESTS).map((digest) => digest.matching(SHA384_HEX));
  if (new Set(manifests).size < manifests.length) throw fields.manifests.fault("named twice");
  return {
    version: fields.version.oneOf([1]),
    plan: fields.plan.matching(SHA384_HEX),
    manifests,
    recipient: fields.recipient.matching(THUMBPRINT),
    notAfter: fields.notAfter.integer(1, Number.MAX_SAFE_INTEGER),
    maxRows: fields.maxRows.integer(1, MAX_ROWS),
  };
}
