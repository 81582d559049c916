// Plan bytes to a Plan: what the enclave takes from the host, and what a verifier finds on a receipt. What can be
// checked without a manifest is checked here; check.ts does the rest.
import { parseCanonical } from "../json.ts";
import type { JsonValue, TextLimits } from "../json.ts";
import { DATASET_NAME } from "../manifest/manifest.ts";
import { parseSealingJwk, THUMBPRINT } from "../manifest/jwk.ts";
import { sha384Hex } from "../text/digest.ts";
import { Field, nearestDetail } from "../text/field.ts";
import { foldName } from "../text/name.ts";
import { MAX_PLAN_BYTES } from "./plan.ts";
import type { Aggregate, AggregatePlan, ColumnOp, Ordering, Plan, RevealPlan } from "./plan.ts";
import { parsePredicate } from "./predicate.ts";
import { GROUPING, parseTotals } from "./totals.ts";

export const PLAN_LIMITS: TextLimits = { bytes: MAX_PLAN_BYTES, depth: 32, values: 65_536 };
export const MAX_LIMIT = 1_000_000;
const MAX_GROUP_COLUMNS = 16;
const MAX_AGGREGATES = 256;
const MAX_REVEALED_COLUMNS = 256;
const MAX_REVEALED_TOKENS = 10_000;
const COLUMN_OPS: readonly ColumnOp[] = ["sum", "avg", "var", "stddev", "min", "max"];

/** Errors: JSON_*, PLAN_FIELD, PLAN_OUTPUT, KEY_*. */
export function parsePlan(bytes: Uint8Array): Plan {
  return parsePlanValue(parseCanonical(bytes, PLAN_LIMITS), "");
}

/** The job's identity: SHA-384 (hex) of the plan's canonical bytes. */
export async function planDigest(bytes: Uint8Array): Promise<string> {
  return sha384Hex(bytes);
}

/** As parsePlan, of a plan that stands at `path` in another document. */
export function parsePlanValue(value: JsonValue, path: string): Plan {
  const plan = new Field(value, path, "PLAN_FIELD");
  const kind = plan.members().find(([name]) => name === "kind")?.[1];
  if (kind === undefined) throw plan.fault("missing", { member: "kind" });
  switch (kind.oneOf(KINDS)) {
    case "aggregate":
      return parseAggregatePlan(plan);
    case "tokenize": {
      const { audience, ...fields } = plan.record([...BASE, "audience"]);
      return { ...parseBase(fields), kind: "tokenize", audience: audience.matching(DATASET_NAME) };
    }
    case "reveal":
      return parseRevealPlan(plan);
    case "discover":
      return { ...parseBase(plan.record(BASE)), kind: "discover" };
  }
}

const KINDS = ["aggregate", "tokenize", "reveal", "discover"] as const;
const BASE = ["version", "kind", "inputs", "recipient", "release"] as const;

function parseBase(fields: Readonly<Record<(typeof BASE)[number], Field>>): Omit<AggregateBase, "kind"> {
  return {
    version: fields.version.oneOf([1]),
    inputs: fields.inputs.list(1, 1).map(parseInput),
    recipient: parseSealingJwk(fields.recipient.value, fields.recipient.path),
    release: fields.release.oneOf(["sealed", "clear"]),
  };
}

type AggregateBase = Pick<AggregatePlan, (typeof BASE)[number]>;

function parseRevealPlan(plan: Field): RevealPlan {
  const { columns, match, ...fields } = plan.record([...BASE, "columns", "match"]);
  const names = columns.list(1, MAX_REVEALED_COLUMNS).map((column) => column.name());
  checkOutputs(columns, names);
  return {
    ...parseBase(fields),
    kind: "reveal",
    columns: names,
    match: match.value === null ? null : parseMatch(match),
    release: fields.release.oneOf(["sealed"]),
  };
}

function parseMatch(field: Field): RevealPlan["match"] {
  const { column, tokens } = field.record(["column", "tokens"]);
  const texts = tokens.list(1, MAX_REVEALED_TOKENS).map((token) => token.text());
  if (new Set(texts).size < texts.length) throw tokens.fault("named twice");
  return { column: column.name(), tokens: texts };
}

function parseAggregatePlan(plan: Field): AggregatePlan {
  const fields = plan.record([...BASE, "where", "groupBy", "totals", "select", "orderBy", "limit"]);
  const groupBy = fields.groupBy.list(0, MAX_GROUP_COLUMNS).map((column) => column.name());
  const select = fields.select.list(1, MAX_AGGREGATES).map(parseAggregate);
  const totals = parseTotals(fields.totals, groupBy);
  const grouping = totals.length > 0 ? [GROUPING] : [];
  const outputs = [...groupBy, ...grouping, ...select.map((aggregate) => aggregate.as)];
  checkOutputs(fields.select, outputs);
  return {
    ...parseBase(fields),
    kind: "aggregate",
    where: fields.where.value === null ? null : parsePredicate(fields.where, "isNull"),
    groupBy,
    totals,
    select,
    orderBy: parseOrdering(fields.orderBy, outputs),
    limit: fields.limit.value === null ? null : fields.limit.integer(1, MAX_LIMIT),
  };
}

function parseInput(field: Field): AggregatePlan["inputs"][number] {
  const { dataset, owner } = field.record(["dataset", "owner"]);
  return { dataset: dataset.matching(DATASET_NAME), owner: owner.matching(THUMBPRINT) };
}

function parseAggregate(field: Field): Aggregate {
  const fields = field.record(["as", "op"], ["column"]);
  const as = fields.as.name();
  const op = fields.op.oneOf(["count", "count_units", ...COLUMN_OPS]);
  const { column } = fields;
  if (op === "count") return column === undefined ? { as, op } : { as, op, column: column.name() };
  if (op === "count_units") {
    if (column !== undefined) throw column.fault("unknown");
    return { as, op };
  }
  if (column === undefined) throw field.fault("missing", { member: "column" });
  return { as, op, column: column.name() };
}

/** A result's columns are told apart by name, whatever the reader's regard for case. */
function checkOutputs(field: Field, outputs: readonly string[]): void {
  const seen = new Set<string>();
  for (const output of outputs) {
    const folded = foldName(output);
    if (folded.startsWith("sealroom:")) throw field.fault("reserved", { output }, "PLAN_OUTPUT");
    if (seen.has(folded)) throw field.fault("named twice", { output }, "PLAN_OUTPUT");
    seen.add(folded);
  }
}

function parseOrdering(field: Field, outputs: readonly string[]): readonly Ordering[] {
  const seen = new Set<string>();
  return field.list(0, outputs.length).map((entry) => {
    const { column, direction } = entry.record(["column", "direction"]);
    const name = column.name();
    if (!outputs.includes(name)) {
      throw column.fault(
        "not in the result",
        { output: name, ...nearestDetail(name, outputs) },
        "PLAN_OUTPUT",
      );
    }
    if (seen.has(name)) throw column.fault("named twice", { output: name }, "PLAN_OUTPUT");
    seen.add(name);
    return { column: name, direction: direction.oneOf(["asc", "desc"]) };
  });
}
