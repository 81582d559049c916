// Computed columns: what a job makes of each row's columns before it filters, groups and adds up. The same nodes in a
// job's text and in a plan. Whether the owner's rules allow one is in check.ts.
import type { Field } from "../text/field.ts";
import { operandsOf, parseArithmetic } from "./arithmetic.ts";
import type { Arithmetic } from "./arithmetic.ts";
import type { Literal, Predicate } from "./plan.ts";
import { columnsOf, parseLiteral, parsePredicate } from "./predicate.ts";
import type { NullMember } from "./predicate.ts";

/** As PostgreSQL's EXTRACT counts: `week` is ISO 8601's, `dow` 0 on Sundays, `isodow` 7. All in UTC. */
export const DATE_PARTS = [
  "year",
  "quarter",
  "month",
  "week",
  "day",
  "dow",
  "isodow",
  "doy",
  "hour",
] as const;
export type DatePart = (typeof DATE_PARTS)[number];

/** Weeks begin on Mondays. */
export const DATE_UNITS = ["year", "quarter", "month", "week", "day", "hour"] as const;
export type DateUnit = (typeof DATE_UNITS)[number];

export interface CaseBranch {
  readonly when: Predicate;
  /** Null is a value as well. */
  readonly then: Literal | null;
}

export type Computation =
  /** A column by another name. */
  | { readonly same: string }
  /** Numbers; the rules must declare the same expression. */
  | { readonly arithmetic: Arithmetic }
  /** A part of a date or a time, as int32. */
  | { readonly part: DatePart; readonly of: string }
  /** When the unit began that a date or a time lies in: a date, or for hours a time. */
  | { readonly truncate: DateUnit; readonly of: string }
  /** Which of the bins that the rules declare for the column, from 0. */
  | { readonly bin: string }
  /** The first branch that is true, over dimensions. All values are texts, or whole numbers, or truth values. */
  | { readonly cases: readonly CaseBranch[]; readonly otherwise: Literal | null };

export type ComputedColumn = Computation & { readonly as: string };

/** In UTF-16 order, as canonical JSON has names: plans have one spelling. */
export function byName(one: ComputedColumn, other: ComputedColumn): number {
  return one.as < other.as ? -1 : 1;
}

export const MAX_COMPUTED = 64;
const MAX_BRANCHES = 256;

/** `beside`: members that the node has besides, which the caller reads. Throws the field's own code. */
export function parseComputation(
  field: Field,
  nullMember: NullMember,
  beside: readonly "as"[] = [],
): Computation {
  const names = new Set(field.members().map(([name]) => name));
  if (names.has("arithmetic")) {
    const { arithmetic } = field.record(["arithmetic", ...beside]);
    if (typeof arithmetic.value === "number") throw arithmetic.fault("the same for all rows");
    return { arithmetic: parseArithmetic(arithmetic) };
  }
  if (names.has("part")) {
    const { part, of } = field.record(["part", "of", ...beside]);
    return { part: part.oneOf(DATE_PARTS), of: of.name() };
  }
  if (names.has("truncate")) {
    const { truncate, of } = field.record(["truncate", "of", ...beside]);
    return { truncate: truncate.oneOf(DATE_UNITS), of: of.name() };
  }
  if (names.has("same")) return { same: field.record(["same", ...beside]).same.name() };
  if (names.has("bin")) return { bin: field.record(["bin", ...beside]).bin.name() };
  const { cases, otherwise } = field.record(["cases", "otherwise", ...beside]);
  const branches = cases.list(1, MAX_BRANCHES).map((branch) => {
    const { when, then } = branch.record(["when", "then"]);
    return { when: parsePredicate(when, nullMember), then: literalOrNull(then) };
  });
  return { cases: branches, otherwise: literalOrNull(otherwise) };
}

/** The columns of the data set that a computed column is made of, each once. */
export function sourcesOf(computation: Computation): ReadonlySet<string> {
  if ("arithmetic" in computation) return operandsOf(computation.arithmetic);
  if ("same" in computation) return new Set([computation.same]);
  if ("bin" in computation) return new Set([computation.bin]);
  if ("of" in computation) return new Set([computation.of]);
  return new Set(computation.cases.flatMap(({ when }) => [...columnsOf(when)]));
}

function literalOrNull(field: Field): Literal | null {
  return field.value === null ? null : parseLiteral(field);
}
