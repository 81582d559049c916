// What the enclave states about a job: an in-toto Statement v1 whose subject is the digest of what left. Its bytes are
// canonical; their SHA-384 is the user_data of the attestation document that stands beside it in the receipt.
import { encodeCanonical, parseCanonical } from "../json.ts";
import type { TextLimits } from "../json.ts";
import type { UnitKind } from "../manifest/manifest.ts";
import { DATASET_NAME } from "../manifest/manifest.ts";
import { THUMBPRINT } from "../manifest/jwk.ts";
import { parsePlanValue, PLAN_LIMITS } from "../plan/parse.ts";
import type { Plan } from "../plan/plan.ts";
import { SHA384_HEX } from "../text/digest.ts";
import { Field } from "../text/field.ts";
import { parseRelease } from "./release.ts";
import type { ReceiptRelease } from "./release.ts";

export const STATEMENT_TYPE = "https://in-toto.io/Statement/v1";
export const PREDICATE_TYPE = "urn:sealroom:receipt:v1";
/** The subject that is the unsigned manifest of what a job made. */
export const OUTPUT_FILE = "output.json";
/** The subject that is what a job sealed to the owner alone: values without tokens. */
export const REPORT_FILE = "quarantine.jwe";
export const MAX_STATEMENT_BYTES: number = 512 * 1024;

/** One input: which data of whom, and on what ground its owner's rules let the plan run. */
export interface ReceiptInput {
  readonly dataset: string;
  readonly owner: string;
  readonly keyArn: string;
  readonly epoch: number;
  /** SHA-384 (hex) of the manifest's payload. */
  readonly manifest: string;
  readonly unit: UnitKind;
  readonly objects: number;
  readonly rows: number;
  readonly basis: "adhoc" | "listed" | "grant";
  /** SHA-384 (hex) of the grant's payload; there exactly if the basis is a grant. */
  readonly grant?: string;
}

export interface Software {
  readonly name: string;
  readonly version: string;
}

/** Something that left: its file's name, and SHA-384 (hex) of its bytes. */
export interface Subject {
  readonly name: string;
  readonly sha384: string;
}

export interface Statement {
  /** The result. */
  readonly subject: Subject;
  /** What else left, of jobs that make objects: the manifest of these, maps, what is for the owner alone. */
  readonly outputs: readonly Subject[];
  readonly plan: Plan;
  /** SHA-384 (hex) of the plan's canonical bytes. */
  readonly planDigest: string;
  readonly inputs: readonly ReceiptInput[];
  readonly release: ReceiptRelease;
  readonly software: Software;
}

const LIMITS: TextLimits = {
  bytes: MAX_STATEMENT_BYTES,
  depth: PLAN_LIMITS.depth + 2,
  values: PLAN_LIMITS.values + 8192,
};
const SUBJECT_NAME = /^[A-Za-z0-9][A-Za-z0-9._-]{0,255}$/;
const MAX_SUBJECTS = 1_024;
const SOFTWARE = /^[\x21-\x7e]{1,64}$/;
const MAX = Number.MAX_SAFE_INTEGER;

export function encodeStatement(statement: Statement): Uint8Array {
  const { subject, outputs, plan, planDigest, inputs, release, software } = statement;
  const bytes = encodeCanonical({
    _type: STATEMENT_TYPE,
    subject: [subject, ...outputs].map(({ name, sha384 }) => ({ name, digest: { sha384 } })),
    predicateType: PREDICATE_TYPE,
    predicate: { plan, planDigest, inputs, release, software },
  });
  // Read back as a stranger will read it.
  parseStatement(bytes);
  return bytes;
}

/** Errors: JSON_*, RECEIPT_STATEMENT, and of the plan in it PLAN_FIELD, PLAN_OUTPUT, KEY_*. */
export function parseStatement(bytes: Uint8Array): Statement {
  const fields = new Field(parseCanonical(bytes, LIMITS), "", "RECEIPT_STATEMENT").record([
    "_type",
    "subject",
    "predicateType",
    "predicate",
  ]);
  fields._type.oneOf([STATEMENT_TYPE]);
  fields.predicateType.oneOf([PREDICATE_TYPE]);
  const [subject, ...outputs] = fields.subject.list(1, MAX_SUBJECTS).map(parseSubject);
  if (subject === undefined) throw fields.subject.fault("missing");
  if (new Set([subject, ...outputs].map(({ name }) => name)).size <= outputs.length) {
    throw fields.subject.fault("named twice");
  }
  const predicate = fields.predicate.record(["plan", "planDigest", "inputs", "release", "software"]);
  const { name, version } = predicate.software.record(["name", "version"]);
  const plan = parsePlanValue(predicate.plan.value, predicate.plan.path);
  return {
    subject,
    outputs,
    plan,
    planDigest: predicate.planDigest.matching(SHA384_HEX),
    inputs: predicate.inputs.list(1, 16).map(parseInput),
    release: parseRelease(predicate.release, plan),
    software: { name: name.matching(SOFTWARE), version: version.matching(SOFTWARE) },
  };
}

function parseSubject(field: Field): Subject {
  const { name, digest } = field.record(["name", "digest"]);
  const { sha384 } = digest.record(["sha384"]);
  return { name: name.matching(SUBJECT_NAME), sha384: sha384.matching(SHA384_HEX) };
}

function parseInput(field: Field): ReceiptInput {
  const fields = field.record(
    ["dataset", "owner", "keyArn", "epoch", "manifest", "unit", "objects", "rows", "basis"],
    ["grant"],
  );
  const basis = fields.basis.oneOf(["adhoc", "listed", "grant"]);
  if ((basis === "grant") !== (fields.grant !== undefined)) {
    throw fields.basis.fault("does not fit the grant");
  }
  const input: ReceiptInput = {
    dataset: fields.dataset.matching(DATASET_NAME),
    owner: fields.owner.matching(THUMBPRINT),
    keyArn: fields.keyArn.matching(/^arn:[\x21-\x7e]{1,256}$/),
    epoch: fields.epoch.integer(1, MAX),
    manifest: fields.manifest.matching(SHA384_HEX),
    unit: fields.unit.oneOf(["column", "row", "scattered"]),
    objects: fields.objects.integer(1, MAX),
    rows: fields.rows.integer(0, MAX),
    basis,
  };
  return fields.grant === undefined ? input : { ...input, grant: fields.grant.matching(SHA384_HEX) };
}
