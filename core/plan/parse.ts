// Plan bytes to a Plan: what the enclave takes from the host, and what a verifier finds on a receipt. What can be
// checked without a manifest is checked here; check.ts does the rest.
import { parseCanonical } from "../json.ts";
import type { JsonValue, TextLimits } from "../json.ts";
import { DATASET_NAME } from "../manifest/manifest.ts";
import { parseSealingJwk, THUMBPRINT } from "../manifest/jwk.ts";
import { sha384Hex } from "../text/digest.ts";
import { Field, nearestDetail } from "../text/field.ts";
import { foldName } from "../text/name.ts";
import { scaledDecimal } from "./literal.ts";
import { MAX_PLAN_BYTES, QUANTILE_DIGITS } from "./plan.ts";
import { byName, MAX_COMPUTED, parseComputation } from "./computed.ts";
import type { ComputedColumn } from "./computed.ts";
import { parseJoin } from "./join.ts";
import type { Aggregate, AggregatePlan, ColumnOp, JointOp, LimitBy, Ordering, Plan } from "./plan.ts";
import type { Predicate, RevealPlan } from "./plan.ts";
import { columnsOf, parsePredicate } from "./predicate.ts";
import { GROUPING, parseTotals } from "./totals.ts";

export const PLAN_LIMITS: TextLimits = { bytes: MAX_PLAN_BYTES, depth: 32, values: 65_536 };
export const MAX_LIMIT = 1_000_000;
const MAX_GROUP_COLUMNS = 16;
const MAX_AGGREGATES = 256;
const MAX_REVEALED_COLUMNS = 256;
const MAX_REVEALED_TOKENS = 10_000;
const COLUMN_OPS: readonly ColumnOp[] = ["sum", "avg", "var", "stddev", "min", "max", "approx_distinct"];
const QUANTILE = "approx_quantile";
const JOINT_OPS: readonly JointOp[] = ["covar", "corr"];

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

function parseBase(
  fields: Readonly<Record<(typeof BASE)[number], Field>>,
  inputs: 1 | 2 = 1,
): Omit<AggregateBase, "kind"> {
  return {
    version: fields.version.oneOf([1]),
    inputs: parseInputs(fields.inputs, inputs),
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
  const fields = plan.record(
    [...BASE, "where", "groupBy", "totals", "select", "orderBy", "limit"],
    ["join", "computed", "having", "limitBy"],
  );
  const groupBy = fields.groupBy.list(0, MAX_GROUP_COLUMNS).map((column) => column.name());
  const select = fields.select.list(1, MAX_AGGREGATES).map((entry) => {
    const aggregate = parseAggregate(entry);
    if (fields.join !== undefined) checkJoined(entry, aggregate);
    return aggregate;
  });
  const totals = parseTotals(fields.totals, groupBy);
  const grouping = totals.length > 0 ? [GROUPING] : [];
  const outputs = [...groupBy, ...grouping, ...select.map(({ as }) => as)];
  checkOutputs(plan, outputs);
  const { join, computed, having, limitBy } = fields;
  return {
    ...parseBase(fields, join === undefined ? 1 : 2),
    kind: "aggregate",
    ...(join === undefined ? {} : { join: parseJoin(join) }),
    ...(computed === undefined ? {} : { computed: parseComputed(computed) }),
    where: fields.where.value === null ? null : parsePredicate(fields.where, "isNull"),
    groupBy,
    totals,
    select,
    ...(having === undefined ? {} : { having: parseHaving(having, outputs) }),
    orderBy: parseOrdering(fields.orderBy, outputs),
    ...(limitBy === undefined ? {} : { limitBy: parseLimitBy(limitBy, outputs) }),
    limit: fields.limit.value === null ? null : fields.limit.integer(1, MAX_LIMIT),
  };
}

/** Their gates look at the units of one owner, and joined rows are of two. */
function checkJoined(field: Field, { op }: Aggregate): void {
  if (op === QUANTILE || op === "approx_distinct") throw field.fault("not of joined data sets", { op });
}

/** In order, and with names that differ as those of a result do. */
function parseComputed(field: Field): readonly ComputedColumn[] {
  const columns = field.list(1, MAX_COMPUTED).map((entry): ComputedColumn => {
    const as = entry.members().find(([name]) => name === "as")?.[1];
    if (as === undefined) throw entry.fault("missing", { member: "as" });
    return { as: as.name(), ...parseComputation(entry, "isNull", ["as"]) };
  });
  checkOutputs(
    field,
    columns.map(({ as }) => as),
  );
  if (columns.some((column, at) => columns.toSorted(byName)[at] !== column)) {
    throw field.fault("not in order");
  }
  return columns;
}

function parseHaving(field: Field, outputs: readonly string[]): Predicate {
  const having = parsePredicate(field, "isNull");
  for (const name of columnsOf(having)) checkOutput(field, name, outputs);
  return having;
}

function parseLimitBy(field: Field, outputs: readonly string[]): LimitBy {
  const { count, columns } = field.record(["count", "columns"]);
  return { count: count.integer(1, MAX_LIMIT), columns: parseNames(columns, outputs) };
}

/** Columns of the result, each once. */
function parseNames(field: Field, outputs: readonly string[]): readonly string[] {
  const seen = new Set<string>();
  return field.list(1, outputs.length).map((column) => {
    const name = column.name();
    checkOutput(column, name, outputs);
    if (seen.has(name)) throw column.fault("named twice", { output: name }, "PLAN_OUTPUT");
    seen.add(name);
    return name;
  });
}

function checkOutput(field: Field, name: string, outputs: readonly string[]): void {
  if (outputs.includes(name)) return;
  throw field.fault("not in the result", { output: name, ...nearestDetail(name, outputs) }, "PLAN_OUTPUT");
}

/** A data set is there once: joined to itself it would tell who resembles whom. */
function parseInputs(field: Field, count: number): AggregatePlan["inputs"] {
  const inputs = field.list(count, count).map(parseInput);
  // By name: whoever verifies a receipt tells owners and manifests apart by it.
  if (new Set(inputs.map(({ dataset }) => dataset)).size < count) throw field.fault("named twice");
  return inputs;
}

function parseInput(field: Field): AggregatePlan["inputs"][number] {
  const { dataset, owner } = field.record(["dataset", "owner"]);
  return { dataset: dataset.matching(DATASET_NAME), owner: owner.matching(THUMBPRINT) };
}

function parseAggregate(field: Field): Aggregate {
  const fields = field.record(["as", "op"], ["column", "with", "at"]);
  const as = fields.as.name();
  const op = fields.op.oneOf(["count", "count_units", ...COLUMN_OPS, ...JOINT_OPS, QUANTILE]);
  const { column } = fields;
  if (op === "covar" || op === "corr") {
    if (fields.at !== undefined) throw fields.at.fault("unknown");
    return { as, op, ...parseJoint(field, column, fields.with) };
  }
  if (op !== QUANTILE && fields.at !== undefined) throw fields.at.fault("unknown");
  if (fields.with !== undefined) throw fields.with.fault("unknown");
  if (op === "count") return column === undefined ? { as, op } : { as, op, column: column.name() };
  if (op === "count_units") {
    if (column !== undefined) throw column.fault("unknown");
    return { as, op };
  }
  if (column === undefined) throw field.fault("missing", { member: "column" });
  if (op !== QUANTILE) return { as, op, column: column.name() };
  if (fields.at === undefined) throw field.fault("missing", { member: "at" });
  return { as, op, column: column.name(), at: parseShare(fields.at) };
}

function parseShare(field: Field): number {
  const share = field.number();
  if (!(share > 0 && share < 1)) throw field.fault("out of range", { above: 0, below: 1 });
  if (scaledDecimal(share, QUANTILE_DIGITS) === undefined) {
    throw field.fault("too many digits", { most: QUANTILE_DIGITS });
  }
  return share;
}

/** Two columns: beside itself a column has its variance, and a correlation of 1. */
function parseJoint(
  field: Field,
  column: Field | undefined,
  other: Field | undefined,
): { readonly column: string; readonly with: string } {
  if (column === undefined) throw field.fault("missing", { member: "column" });
  if (other === undefined) throw field.fault("missing", { member: "with" });
  const names = { column: column.name(), with: other.name() };
  if (names.column === names.with) throw other.fault("the same column");
  return names;
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
    checkOutput(column, name, outputs);
    if (seen.has(name)) throw column.fault("named twice", { output: name }, "PLAN_OUTPUT");
    seen.add(name);
    return { column: name, direction: direction.oneOf(["asc", "desc"]) };
  });
}
