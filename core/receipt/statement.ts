// What the enclave states about a job: an in-toto Statement v1 whose subject is the digest of what left. Its bytes are
// canonical; their SHA-384 is the user_data of the attestation document that stands beside it in the receipt.
import { canonicalText, encodeCanonical, parseCanonical } from "../json.ts";
import type { TextLimits } from "../json.ts";
import type { Bounds, Rounding, UnitKind } from "../manifest/manifest.ts";
import { DATASET_NAME } from "../manifest/manifest.ts";
import { THUMBPRINT } from "../manifest/jwk.ts";
import { parsePlanValue, PLAN_LIMITS } from "../plan/parse.ts";
import type { Plan } from "../plan/plan.ts";
import { parseTotals } from "../plan/totals.ts";
import { SHA384_HEX } from "../text/digest.ts";
import { Field } from "../text/field.ts";

export const STATEMENT_TYPE = "https://in-toto.io/Statement/v1";
export const PREDICATE_TYPE = "urn:sealroom:receipt:v1";
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

export interface Clipping extends Bounds {
  readonly column: string;
}

/** The parameters of the gate; those of a column where this job's plan uses it so. */
export interface ReceiptRelease {
  readonly mode: "threshold";
  readonly minUnits: number;
  readonly maxGroups: number;
  /** The cap of a grant, or null. */
  readonly maxRows: number | null;
  readonly clipping: readonly Clipping[];
  readonly maxShare: number | null;
  /** The columns whose extremes the plan asks, all of them listed in the rules. */
  readonly extremes: readonly string[];
  readonly rounding: Rounding;
  readonly interval: number;
  /** The plan's. */
  readonly totals: readonly (readonly string[])[];
  /** How the result left: to a key's thumbprint, or readable by all. */
  readonly delivery: { readonly sealedTo: string } | { readonly clear: true };
  readonly protects: readonly string[];
  readonly doesNotProtect: readonly string[];
}

export interface Software {
  readonly name: string;
  readonly version: string;
}

export interface Statement {
  readonly subject: { readonly name: string; readonly sha384: string };
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
  values: PLAN_LIMITS.values + 4096,
};
const SUBJECT_NAME = /^[a-z0-9][a-z0-9.-]{0,63}$/;
const SOFTWARE = /^[\x21-\x7e]{1,64}$/;
const SENTENCE = /^.{1,400}$/u;
const MAX = Number.MAX_SAFE_INTEGER;
const MAX_COLUMN_RULES = 256;

export function encodeStatement(statement: Statement): Uint8Array {
  const { subject, plan, planDigest, inputs, release, software } = statement;
  const bytes = encodeCanonical({
    _type: STATEMENT_TYPE,
    subject: [{ name: subject.name, digest: { sha384: subject.sha384 } }],
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
  const [subject] = fields.subject.list(1, 1).map(parseSubject);
  if (subject === undefined) throw fields.subject.fault("missing");
  const predicate = fields.predicate.record(["plan", "planDigest", "inputs", "release", "software"]);
  const { name, version } = predicate.software.record(["name", "version"]);
  const plan = parsePlanValue(predicate.plan.value, predicate.plan.path);
  return {
    subject,
    plan,
    planDigest: predicate.planDigest.matching(SHA384_HEX),
    inputs: predicate.inputs.list(1, 16).map(parseInput),
    release: parseRelease(predicate.release, plan),
    software: { name: name.matching(SOFTWARE), version: version.matching(SOFTWARE) },
  };
}

function parseSubject(field: Field): Statement["subject"] {
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

function parseRelease(field: Field, plan: Plan): ReceiptRelease {
  const fields = field.record([
    "mode",
    "minUnits",
    "maxGroups",
    "maxRows",
    "clipping",
    "maxShare",
    "extremes",
    "rounding",
    "interval",
    "totals",
    "delivery",
    "protects",
    "doesNotProtect",
  ]);
  const sentences = (list: Field): readonly string[] =>
    list.list(1, 32).map((entry) => entry.matching(SENTENCE));
  return {
    mode: fields.mode.oneOf(["threshold"]),
    minUnits: fields.minUnits.integer(2, MAX),
    maxGroups: fields.maxGroups.integer(1, MAX),
    maxRows: fields.maxRows.value === null ? null : fields.maxRows.integer(1, MAX),
    clipping: fields.clipping.list(0, MAX_COLUMN_RULES).map(parseClipping),
    maxShare: fields.maxShare.value === null ? null : parseShare(fields.maxShare),
    extremes: fields.extremes.list(0, MAX_COLUMN_RULES).map((column) => column.name()),
    rounding: parseRounding(fields.rounding),
    interval: fields.interval.integer(1, MAX),
    totals: parsePlansTotals(fields.totals, plan),
    delivery: parseDelivery(fields.delivery),
    protects: sentences(fields.protects),
    doesNotProtect: sentences(fields.doesNotProtect),
  };
}

function parseClipping(field: Field): Clipping {
  const { column, lower, upper } = field.record(["column", "lower", "upper"]);
  const clipping = { column: column.name(), lower: lower.number(), upper: upper.number() };
  if (clipping.lower > clipping.upper) throw field.fault("lower above upper");
  return clipping;
}

function parseShare(field: Field): number {
  const share = field.number();
  if (!(share > 0 && share <= 1)) throw field.fault("out of range");
  return share;
}

function parseRounding(field: Field): Rounding {
  const { counts, sums } = field.record(["counts", "sums"]);
  const steps = sums.members().map(([column, member]) => {
    const step = member.number();
    if (!(step > 0)) throw member.fault("out of range");
    return [column, step] as const;
  });
  return { counts: counts.value === null ? null : counts.integer(2, MAX), sums: Object.fromEntries(steps) };
}

function parsePlansTotals(field: Field, { groupBy, totals: planned }: Plan): ReceiptRelease["totals"] {
  const totals = parseTotals(field, groupBy);
  if (canonicalText(totals) !== canonicalText(planned)) throw field.fault("not the plan's");
  return totals;
}

function parseDelivery(field: Field): ReceiptRelease["delivery"] {
  const { sealedTo, clear } = field.record([], ["sealedTo", "clear"]);
  if (sealedTo !== undefined && clear === undefined) return { sealedTo: sealedTo.matching(THUMBPRINT) };
  if (sealedTo === undefined && clear?.flag() === true) return { clear: true };
  throw field.fault("neither sealed nor clear");
}
