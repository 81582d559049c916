// A filter out of a parsed document: the same nodes in a job's text and in a plan. Nesting is bounded by the document.
import type { Field } from "../text/field.ts";
import type { Comparison, Literal, Predicate } from "./plan.ts";

const COMPARISONS: readonly Comparison[] = ["=", "!=", "<", "<=", ">", ">="];
const MAX_BRANCHES = 1_000;
const MAX_LITERALS = 10_000;

/** How a document spells the test for null: text that people write is in snake case, plans are not. */
export type NullMember = "is_null" | "isNull";

/** Throws the field's own code. */
export function parsePredicate(field: Field, nullMember: NullMember): Predicate {
  const names = new Set(field.members().map(([name]) => name));
  const branches = (member: Field): readonly Predicate[] =>
    member.list(1, MAX_BRANCHES).map((branch) => parsePredicate(branch, nullMember));
  if (names.has("and")) return { and: branches(field.record(["and"]).and) };
  if (names.has("or")) return { or: branches(field.record(["or"]).or) };
  if (names.has("not")) return { not: parsePredicate(field.record(["not"]).not, nullMember) };
  if (names.has("in")) {
    const { column, in: list } = field.record(["column", "in"]);
    return { column: column.name(), in: list.list(1, MAX_LITERALS).map(parseLiteral) };
  }
  if (names.has("between")) {
    const { column, between } = field.record(["column", "between"]);
    const [low, high] = between.list(2, 2).map(parseLiteral);
    if (low === undefined || high === undefined) throw between.fault("too few");
    return { column: column.name(), between: [low, high] };
  }
  if (names.has(nullMember)) {
    const fields = field.record(["column", nullMember]);
    return { column: fields.column.name(), isNull: fields[nullMember].flag() };
  }
  const { column, op, value } = field.record(["column", "op", "value"]);
  return { column: column.name(), op: op.oneOf(COMPARISONS), value: parseLiteral(value) };
}

export function parseLiteral(field: Field): Literal {
  const { value } = field;
  // SQL's `= null` is never true: the test for null has a node of its own.
  if (value === null || typeof value === "object") throw field.fault("not a value");
  return value;
}

/** The columns that a filter tests, each once. */
export function columnsOf(predicate: Predicate): ReadonlySet<string> {
  if ("not" in predicate) return columnsOf(predicate.not);
  if ("column" in predicate) return new Set([predicate.column]);
  const branches = "and" in predicate ? predicate.and : predicate.or;
  return new Set(branches.flatMap((branch) => [...columnsOf(branch)]));
}
