// What a receipt says of a release, by mode: which gate the result has been through, with which parameters, and what
// that protects. The mode is the plan's kind's.
import { canonicalText } from "../json.ts";
import { MAX_EDGES } from "../manifest/bins.ts";
import type { Edges } from "../manifest/bins.ts";
import { parseDistinct } from "../manifest/distinct.ts";
import type { Bounds, Rounding } from "../manifest/manifest.ts";
import { DATASET_NAME } from "../manifest/manifest.ts";
import { THUMBPRINT } from "../manifest/jwk.ts";
import { parseColumns, parseTokens } from "../manifest/tokenization.ts";
import type { AudienceRule, TokenFacts } from "../manifest/tokenization.ts";
import { KEY_ARN } from "../manifest/wrapped-key.ts";
import type { AggregatePlan, Plan } from "../plan/plan.ts";
import { parseTotals } from "../plan/totals.ts";
import type { Field } from "../text/field.ts";

export interface Clipping extends Bounds {
  readonly column: string;
}

interface ReleaseBase {
  /** How the result left: to a key's thumbprint, or readable by all. */
  readonly delivery: { readonly sealedTo: string } | { readonly clear: true };
  readonly protects: readonly string[];
  readonly doesNotProtect: readonly string[];
}

/** What one of two joined inputs demands of each group, of its own units. */
export interface JoinedRules {
  readonly minUnits: number;
  readonly maxShare: number | null;
}

/** The parameters of the gate; those of a column where this job's plan uses it so. */
export interface ThresholdRelease extends ReleaseBase {
  readonly mode: "threshold";
  /** Of the units of each input. */
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
  /** In the plan's order of inputs; left out where there is one. */
  readonly joined?: readonly JoinedRules[];
  /** By column that the plan asks by its bins: their edges, as in the rules. Left out where there is none. */
  readonly bins?: Readonly<Record<string, Edges>>;
  /** By column whose distinct values the plan counts: how many one unit may add. Left out where there is none. */
  readonly distinct?: Readonly<Record<string, number>>;
  /** The plan's. */
  readonly totals: readonly (readonly string[])[];
}

/** A copy with tokens, sealed under a key of the owner's, and coarse counts of what became of its values. */
export interface TokensRelease extends ReleaseBase {
  readonly mode: "tokens";
  readonly audience: string;
  /** What the copy is called, and the KMS key under which its own was drawn. */
  readonly dataset: string;
  readonly keyArn: string;
  /** By column of the input. */
  readonly columns: AudienceRule["columns"];
  /** Fewer rows than this are not told from none. */
  readonly minUnits: number;
}

/** What was behind tokens, under a grant. */
export interface RevealRelease extends ReleaseBase {
  readonly mode: "reveal";
  /** The grant's. */
  readonly maxRows: number;
  /** By column of the result, what its tokens were made by; columns that have none are not in it. */
  readonly tokens: Readonly<Record<string, TokenFacts>>;
}

/** What kinds of identifiers columns hold, coarsely. */
export interface ProfileRelease extends ReleaseBase {
  readonly mode: "profile";
  /** Fewer values than this are not told from none. */
  readonly minUnits: number;
}

export type ReceiptRelease = ThresholdRelease | TokensRelease | RevealRelease | ProfileRelease;

const SENTENCE = /^.{1,400}$/u;
const MAX = Number.MAX_SAFE_INTEGER;
const MAX_COLUMN_RULES = 256;
const EDGE = /^[-+.:0-9TZ]{1,64}$/;
const WORDS = ["delivery", "protects", "doesNotProtect"] as const;

/** Errors: the field's own. */
export function parseRelease(field: Field, plan: Plan): ReceiptRelease {
  switch (plan.kind) {
    case "aggregate":
      return parseThreshold(field, plan);
    case "tokenize": {
      const { mode, audience, dataset, keyArn, columns, minUnits, ...words } = field.record([
        "mode",
        "audience",
        "dataset",
        "keyArn",
        "columns",
        "minUnits",
        ...WORDS,
      ]);
      return {
        mode: mode.oneOf(["tokens"]),
        audience: audience.oneOf([plan.audience]),
        dataset: dataset.matching(DATASET_NAME),
        keyArn: keyArn.matching(KEY_ARN),
        columns: parseColumns(columns, null),
        minUnits: minUnits.integer(2, MAX),
        ...parseWords(words),
      };
    }
    case "reveal": {
      const { mode, maxRows, tokens, ...words } = field.record(["mode", "maxRows", "tokens", ...WORDS]);
      return {
        mode: mode.oneOf(["reveal"]),
        maxRows: maxRows.integer(1, MAX),
        tokens: parseTokens(tokens, null),
        ...parseWords(words),
      };
    }
    case "discover": {
      const { mode, minUnits, ...words } = field.record(["mode", "minUnits", ...WORDS]);
      return { mode: mode.oneOf(["profile"]), minUnits: minUnits.integer(2, MAX), ...parseWords(words) };
    }
  }
}

function parseThreshold(field: Field, plan: AggregatePlan): ThresholdRelease {
  const fields = field.record(
    [
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
      ...WORDS,
    ],
    ["joined", "bins", "distinct"],
  );
  if ((fields.joined === undefined) !== (plan.join === undefined)) {
    throw field.fault("does not fit the plan", { member: "joined" });
  }
  return {
    mode: fields.mode.oneOf(["threshold"]),
    minUnits: fields.minUnits.integer(2, MAX),
    maxGroups: fields.maxGroups.integer(1, MAX),
    maxRows: fields.maxRows.value === null ? null : fields.maxRows.integer(1, MAX),
    clipping: fields.clipping.list(0, MAX_COLUMN_RULES).map(parseClipping),
    maxShare: parseMaxShare(fields.maxShare),
    extremes: fields.extremes.list(0, MAX_COLUMN_RULES).map((column) => column.name()),
    rounding: parseRounding(fields.rounding),
    interval: fields.interval.integer(1, MAX),
    ...(fields.joined === undefined
      ? {}
      : { joined: fields.joined.list(plan.inputs.length, plan.inputs.length).map(parseJoined) }),
    ...(fields.bins === undefined ? {} : { bins: parseBins(fields.bins) }),
    ...(fields.distinct === undefined ? {} : { distinct: parseDistincts(fields.distinct) }),
    totals: parsePlansTotals(fields.totals, plan),
    ...parseWords(fields),
  };
}

function parseWords(fields: Readonly<Record<(typeof WORDS)[number], Field>>): ReleaseBase {
  const sentences = (list: Field): readonly string[] =>
    list.list(1, 32).map((entry) => entry.matching(SENTENCE));
  return {
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

function parseJoined(field: Field): JoinedRules {
  const { minUnits, maxShare } = field.record(["minUnits", "maxShare"]);
  return { minUnits: minUnits.integer(2, MAX), maxShare: parseMaxShare(maxShare) };
}

function parseMaxShare(field: Field): number | null {
  return field.value === null ? null : parseShare(field);
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

/** The columns' types are not on a receipt, so an edge is a number, or a text as its literal may be. */
function parseBins(field: Field): Readonly<Record<string, Edges>> {
  const members = field.members();
  if (members.length === 0 || members.length > MAX_COLUMN_RULES) throw field.fault("out of range");
  return Object.fromEntries(
    members.map(([column, member]) => [
      column,
      member
        .list(1, MAX_EDGES)
        .map((edge) => (typeof edge.value === "number" ? edge.value : edge.matching(EDGE))),
    ]),
  );
}

function parseDistincts(field: Field): Readonly<Record<string, number>> {
  const members = field.members();
  if (members.length === 0 || members.length > MAX_COLUMN_RULES) throw field.fault("out of range");
  return Object.fromEntries(members.map(([column, member]) => [column, parseDistinct(member)]));
}

function parsePlansTotals(
  field: Field,
  { groupBy, totals: planned }: AggregatePlan,
): ThresholdRelease["totals"] {
  const totals = parseTotals(field, groupBy);
  if (canonicalText(totals) !== canonicalText(planned)) throw field.fault("not the plan's");
  return totals;
}

function parseDelivery(field: Field): ReleaseBase["delivery"] {
  const { sealedTo, clear } = field.record([], ["sealedTo", "clear"]);
  if (sealedTo !== undefined && clear === undefined) return { sealedTo: sealedTo.matching(THUMBPRINT) };
  if (sealedTo === undefined && clear?.flag() === true) return { clear: true };
  throw field.fault("neither sealed nor clear");
}
