// Jobs as people write them, in YAML or JSON, to a Job. Short forms are spelt out here and nowhere else.
// Never enters the enclave, which takes plans only.
import { parseJson } from "../json.ts";
import { DATASET_NAME } from "../manifest/manifest.ts";
import { parsePublicJwk, THUMBPRINT } from "../manifest/jwk.ts";
import type { PublicJwk } from "../manifest/jwk.ts";
import { Field } from "../text/field.ts";
import { parseYaml, YAML_LIMITS } from "../text/yaml.ts";
import { parseComputation } from "./computed.ts";
import type { ComputedColumn } from "./computed.ts";
import { checkKeys, JOIN_KINDS, MAX_JOIN_KEYS, SIDES } from "./join.ts";
import type { Join } from "./join.ts";
import type { Aggregate, LimitBy, Ordering, Predicate, RevealPlan } from "./plan.ts";
import { parsePredicate } from "./predicate.ts";
import { readTotals } from "./totals.ts";

export interface JobDataset {
  readonly dataset: string;
  /** RFC 7638 thumbprint of the owner's signing key. */
  readonly owner: string;
  /** Where its manifest lies; the host's business, and no part of the plan. */
  readonly from?: string;
}

export interface JobBase {
  readonly datasets: readonly JobDataset[];
  /** A key, or where the caller finds one (a file's name). */
  readonly recipient: PublicJwk | string;
  readonly release: "sealed" | "clear";
}

export interface AggregateJob extends JobBase {
  readonly kind: "aggregate";
  /** Where there are two data sets, the left one first; else null. */
  readonly join: Join | null;
  readonly computed: readonly ComputedColumn[];
  readonly where: Predicate | null;
  readonly groupBy: readonly string[];
  /** In canonical order. */
  readonly totals: readonly (readonly string[])[];
  readonly select: readonly Aggregate[];
  readonly having: Predicate | null;
  readonly orderBy: readonly Ordering[];
  readonly limitBy: LimitBy | null;
  readonly limit: number | null;
}

export interface TokenizeJob extends JobBase {
  readonly kind: "tokenize";
  readonly audience: string;
  /** Where the copy is to lie; the host's business, and no part of the plan. */
  readonly to?: string;
}

export interface RevealJob extends JobBase {
  readonly kind: "reveal";
  readonly columns: readonly string[];
  readonly match: RevealPlan["match"];
}

export interface DiscoverJob extends JobBase {
  readonly kind: "discover";
}

export type Job = AggregateJob | TokenizeJob | RevealJob | DiscoverJob;

const KINDS = ["aggregate", "tokenize", "reveal", "discover"] as const;

const AGGREGATES = [
  "count",
  "count_units",
  "sum",
  "avg",
  "var",
  "stddev",
  "min",
  "max",
  "covar",
  "corr",
  "approx_quantile",
  "approx_distinct",
] as const;
/** In the place of a column: rows, or units, as such. */
const ALL = "*";
const MAX_ITEMS = 256;
const MAX_TOKENS = 10_000;
const LOCATION = /^s3:\/\/[\x21-\x7e]{1,1024}$/;

/**
 * Text that begins with { is JSON, all other is YAML. Unknown members are refused, with `nearest` where one is near.
 * Errors: JSON_*, YAML_*, JOB_FIELD, KEY_*.
 */
export function parseJob(text: string): Job {
  return parseJobField(openJob(text));
}

/** The document as such. Errors: JSON_*, YAML_*. */
export function openJob(text: string): Field {
  const value = text.trimStart().startsWith("{") ? parseJson(text, YAML_LIMITS) : parseYaml(text);
  return new Field(value, "", "JOB_FIELD");
}

/** Errors: as parseJob's, of the document. */
export function parseJobField(job: Field): Job {
  const kind = job.members().find(([name]) => name === "kind")?.[1];
  switch (kind?.oneOf(KINDS) ?? "aggregate") {
    case "aggregate":
      return parseAggregateJob(job);
    case "tokenize": {
      const { audience, to, ...fields } = job.record(["kind", "audience", ...JOB_BASE], ["to", "release"]);
      const parsed = {
        ...parseJobBase(fields),
        kind: "tokenize",
        audience: audience.matching(DATASET_NAME),
      } as const;
      return to === undefined ? parsed : { ...parsed, to: to.matching(LOCATION) };
    }
    case "reveal": {
      const { columns, match, ...fields } = job.record(["kind", "columns", ...JOB_BASE], ["match"]);
      return {
        ...parseJobBase(fields),
        kind: "reveal",
        columns: columns.list(1, MAX_ITEMS).map((column) => column.name()),
        match: match === undefined ? null : parseMatch(match),
      };
    }
    case "discover":
      return { ...parseJobBase(job.record(["kind", ...JOB_BASE], ["release"])), kind: "discover" };
  }
}

/** What every job has. */
export const JOB_BASE = ["datasets", "recipient"] as const;

/** `datasets`: where they are not one. Errors: JOB_FIELD, KEY_*. */
export function parseJobBase(
  fields: Readonly<Record<(typeof JOB_BASE)[number], Field>> & { readonly release?: Field },
  datasets: readonly JobDataset[] = parseDatasets(fields.datasets, [1]),
): JobBase {
  return {
    datasets,
    recipient: parseRecipient(fields.recipient),
    release: fields.release?.oneOf(["sealed", "clear"]) ?? "sealed",
  };
}

/** `{column: NAME, tokens: [...]}`. */
function parseMatch(field: Field): RevealPlan["match"] {
  const { column, tokens } = field.record(["column", "tokens"]);
  return { column: column.name(), tokens: tokens.list(1, MAX_TOKENS).map((token) => token.text()) };
}

type BaseFields = Parameters<typeof parseJobBase>[0];

/**
 * `{left: DATASET, right: DATASET, on: {COLUMN: COLUMN, ...}, kind: inner, left or semi}`. Members of a mapping have no
 * order, so the sides are named.
 */
function joinDatasets(fields: BaseFields & { readonly join?: Field }): JobBase & Pick<AggregateJob, "join"> {
  if (fields.join === undefined) return { ...parseJobBase(fields), join: null };
  const { left, right, on, kind } = fields.join.record(["left", "right", "on"], ["kind"]);
  const datasets = parseDatasets(fields.datasets, [SIDES.length]);
  const names = datasets.map(({ dataset }) => dataset);
  const sides = [left.oneOf(names), right.oneOf(names)];
  if (sides[0] === sides[1]) throw right.fault("the left one too");
  const keys = on.members().map(([column, member]) => ({ left: column, right: member.name() }));
  if (keys.length === 0 || keys.length > MAX_JOIN_KEYS) {
    throw on.fault("out of range", { least: 1, most: MAX_JOIN_KEYS });
  }
  checkKeys(on, keys);
  return {
    ...parseJobBase(
      fields,
      datasets.toSorted((a, b) => sides.indexOf(a.dataset) - sides.indexOf(b.dataset)),
    ),
    join: { kind: kind?.oneOf(JOIN_KINDS) ?? "inner", on: keys },
  };
}

function parseAggregateJob(job: Field): AggregateJob {
  const fields = job.record(
    [...JOB_BASE, "select"],
    [
      "kind",
      "join",
      "computed",
      "where",
      "group_by",
      "totals",
      "having",
      "order_by",
      "limit_by",
      "limit",
      "release",
    ],
  );
  const groupBy = fields.group_by?.list(0, MAX_ITEMS).map((column) => column.name()) ?? [];
  return {
    ...joinDatasets(fields),
    kind: "aggregate",
    computed: fields.computed === undefined ? [] : parseComputed(fields.computed),
    where: fields.where === undefined ? null : parsePredicate(fields.where, "is_null"),
    groupBy,
    totals: fields.totals === undefined ? [] : readTotals(fields.totals, groupBy),
    select: fields.select.list(1, MAX_ITEMS).map(parseAggregate),
    having: fields.having === undefined ? null : parsePredicate(fields.having, "is_null"),
    orderBy: fields.order_by?.list(0, MAX_ITEMS).map(parseOrdering) ?? [],
    limitBy: fields.limit_by === undefined ? null : parseLimitBy(fields.limit_by),
    limit: fields.limit?.integer(1, Number.MAX_SAFE_INTEGER) ?? null,
  };
}

/** By name. */
function parseComputed(field: Field): readonly ComputedColumn[] {
  return field.members().map(([as, member]) => ({ as, ...parseComputation(member, "is_null") }));
}

/** `{columns: [NAME, ...], count: N}`. */
function parseLimitBy(field: Field): LimitBy {
  const { columns, count } = field.record(["columns", "count"]);
  return {
    count: count.integer(1, Number.MAX_SAFE_INTEGER),
    columns: columns.list(1, MAX_ITEMS).map((column) => column.name()),
  };
}

/** `counts`: how many there may be. Throws JOB_FIELD. */
export function parseDatasets(field: Field, counts: readonly number[]): readonly JobDataset[] {
  const members = field.members();
  if (!counts.includes(members.length)) {
    const wanted =
      counts.length > 1
        ? "one data set, or two"
        : counts[0] === 1
          ? "exactly one data set"
          : "two data sets to join";
    throw field.fault(wanted, { found: members.length });
  }
  return members.map(([dataset, member]) => {
    if (!DATASET_NAME.test(dataset)) throw member.fault("not a data set's name");
    const { owner, from } = member.record(["owner"], ["from"]);
    const named = { dataset, owner: owner.matching(THUMBPRINT) };
    return from === undefined ? named : { ...named, from: from.matching(LOCATION) };
  });
}

/**
 * `count`, `count_units`, or `{OP: COLUMN, as: NAME}`, of two columns `{OP: COLUMN, with: COLUMN, as: NAME}`, of a
 * quantile `{approx_quantile: COLUMN, at: SHARE, as: NAME}`. Without `as` the name is OP_COLUMN, or OP.
 */
function parseAggregate(field: Field): Aggregate {
  if (typeof field.value === "string") {
    const op = field.oneOf(["count", "count_units"]);
    return { as: op, op };
  }
  const given = new Set(field.members().map(([name]) => name));
  const op = AGGREGATES.find((name) => given.has(name));
  if (op === undefined) {
    // The record names the member that is nearest to what was written.
    field.record([], [...AGGREGATES, "with", "at", "as"]);
    throw field.fault("missing", { known: AGGREGATES.join(", ") });
  }
  if (op === "covar" || op === "corr") {
    const fields = field.record([op, "with"], ["as"]);
    const [column, other] = [fields[op].name(), fields.with.name()];
    return { as: fields.as?.name() ?? `${op}_${column}_${other}`, op, column, with: other };
  }
  if (op === "approx_quantile") {
    const fields = field.record([op, "at"], ["as"]);
    const column = fields[op].name();
    return { as: fields.as?.name() ?? `${op}_${column}`, op, column, at: fields.at.number() };
  }
  const fields = field.record([op], ["as"]);
  const column = fields[op].name();
  const as = fields.as?.name() ?? (column === ALL ? op : `${op}_${column}`);
  if (column === ALL) {
    if (op !== "count" && op !== "count_units") throw fields[op].fault("not a column");
    return { as, op };
  }
  if (op === "count_units") throw fields[op].fault("units are not counted by column");
  return { as, op, column };
}

/** `NAME`, or `{column: NAME, direction: asc or desc}`. */
function parseOrdering(field: Field): Ordering {
  if (typeof field.value === "string") return { column: field.name(), direction: "asc" };
  const { column, direction } = field.record(["column"], ["direction"]);
  return { column: column.name(), direction: direction?.oneOf(["asc", "desc"]) ?? "asc" };
}

function parseRecipient(field: Field): PublicJwk | string {
  return typeof field.value === "string" ? field.text() : parsePublicJwk(field.value, field.path);
}
