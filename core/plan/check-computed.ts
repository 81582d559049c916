// Holds the computed columns of a plan against a manifest: their operands' roles and types, and, of arithmetic and bins,
// whether the owner declared them. What a computed column then may be used for is its role's matter, as of any column.
import type { ColumnType } from "../column/type.ts";
import { PolicyError, SealroomError } from "../errors.ts";
import type { Manifest, Role } from "../manifest/manifest.ts";
import { foldName, shortName } from "../text/name.ts";
import { arithmeticText, arithmeticType, columnTypeOf, isSameArithmetic, operandsOf } from "./arithmetic.ts";
import type { Arithmetic, ArithmeticType } from "./arithmetic.ts";
import { aggregatedColumns } from "./aggregated.ts";
import { findColumn, unfit } from "./check-column.ts";
import type { NamedColumn } from "./check-column.ts";
import { sourcesOf } from "./computed.ts";
import type { Computation, ComputedColumn, DatePart, DateUnit } from "./computed.ts";
import type { AggregatePlan, Literal } from "./plan.ts";
import { ownEntry, sourceExpressions } from "./source-columns.ts";
import type { Ruled, SourceColumn, SourceExpression } from "./source-columns.ts";

/** A computed column by what it is in the job: of which type, in which role, and by which name the rules speak of it. */
export interface ComputedFacts extends Ruled {
  readonly name: string;
  readonly type: ColumnType;
  readonly role: Role;
  readonly computation: TypedComputation;
  /** The columns of the data set that it is made of. */
  readonly sources: ReadonlySet<string>;
}

/** As Computation, with what the rules and the schema say of it. */
export type TypedComputation =
  | { readonly kind: "same"; readonly of: string }
  | { readonly kind: "arithmetic"; readonly arithmetic: Arithmetic; readonly gives: ArithmeticType }
  | { readonly kind: "part"; readonly part: DatePart; readonly of: string }
  | { readonly kind: "truncate"; readonly unit: DateUnit; readonly of: string }
  | { readonly kind: "bin"; readonly of: string; readonly edges: readonly Literal[] }
  | (Extract<Computation, { readonly cases: unknown }> & { readonly kind: "case" });

const INT32: ColumnType = { kind: "int", bits: 32, signed: true };

/**
 * The computed columns that the plan has, and those that it uses by the name that the rules gave an expression.
 * Errors: PLAN_OUTPUT (a name that the schema has), PLAN_COLUMN, PLAN_ROLE, PLAN_TYPE, PLAN_LITERAL; PolicyError
 * PLAN_EXPRESSION, PLAN_BINS.
 */
export function checkComputed(
  plan: AggregatePlan,
  manifests: readonly Manifest[],
  columns: readonly SourceColumn[],
): readonly ComputedFacts[] {
  const taken = new Set(columns.map(({ name }) => foldName(name)));
  const declared = sourceExpressions(plan, manifests);
  const own = (plan.computed ?? []).map((column) => {
    if (taken.has(foldName(column.as))) {
      throw new SealroomError("PLAN_OUTPUT", { fault: "a column of the data set", output: column.as });
    }
    return checkColumn(column, { declared, manifests, columns });
  });
  const named = aggregated(plan).flatMap((name) => {
    const expression = declared.find((known) => known.name === name);
    return expression === undefined || own.some((column) => column.name === name) ? [] : [expression];
  });
  return [
    ...own,
    ...named.map(({ name, arithmetic }) => checkArithmetic(name, arithmetic, declared, columns)),
  ];
}

/** What computed columns are held against. */
interface Sources {
  readonly declared: readonly SourceExpression[];
  readonly manifests: readonly Manifest[];
  readonly columns: readonly SourceColumn[];
}

function aggregated({ select }: AggregatePlan): readonly string[] {
  return [...new Set(select.flatMap(aggregatedColumns))];
}

function checkColumn(column: ComputedColumn, { declared, manifests, columns }: Sources): ComputedFacts {
  const { as: name } = column;
  if ("arithmetic" in column) return checkArithmetic(name, column.arithmetic, declared, columns);
  const sources = sourcesOf(column);
  if ("same" in column) {
    const { same: of } = column;
    const { type, role, ruled, input } = findColumn(of, "name", NAMED_ROLES, columns);
    return { name, type, role, ruled, input, sources, computation: { kind: "same", of } };
  }
  // No rule speaks of what a plan computes by itself.
  const facts = { name, ruled: null, input: 0, role: "dimension", sources } as const;
  if ("part" in column) {
    const { part, of } = column;
    timeColumn(of, part, columns);
    return { ...facts, type: INT32, computation: { kind: "part", part, of } };
  }
  if ("truncate" in column) {
    const { truncate: unit, of } = column;
    const { type } = timeColumn(of, unit, columns);
    const given: ColumnType = unit === "hour" ? type : { kind: "date" };
    return { ...facts, type: given, computation: { kind: "truncate", unit, of } };
  }
  if ("bin" in column) {
    const { bin: of } = column;
    const binned = findColumn(of, "bin", ["measure", "dimension"], columns);
    const edges = ownEntry(manifests[binned.input]?.rules.bins, binned);
    if (edges === undefined) throw new PolicyError("PLAN_BINS", { column: of, use: "bin" });
    return { ...facts, type: INT32, computation: { kind: "bin", of, edges } };
  }
  return { ...facts, type: caseType(column), computation: { ...column, kind: "case" } };
}

/** Of columns in other roles nothing may be asked, by whatever name. */
const NAMED_ROLES: readonly Role[] = ["dimension", "measure"];

/** Only what the rules declare: an expression of the plan's own could make one person's value stand out of a sum. */
function checkArithmetic(
  name: string,
  arithmetic: Arithmetic,
  declared: readonly SourceExpression[],
  columns: readonly SourceColumn[],
): ComputedFacts {
  const typeOf = (operand: string): ColumnType =>
    findColumn(operand, "arithmetic", ["measure", "dimension"], columns).type;
  const expression = declared.find((known) => isSameArithmetic(known.arithmetic, arithmetic));
  // Looked up first, so that a column that there is not is told as such.
  for (const operand of operandsOf(arithmetic)) typeOf(operand);
  if (expression === undefined) {
    const known = declared.map((other) => arithmeticText(other.arithmetic));
    throw new PolicyError("PLAN_EXPRESSION", {
      expression: shortName(arithmeticText(arithmetic)),
      ...(known.length === 0 ? {} : { declared: known.slice(0, MOST_TOLD).map(shortName).join("; ") }),
    });
  }
  const gives = arithmeticType(arithmetic, typeOf);
  if (gives === undefined) {
    throw new SealroomError("PLAN_TYPE", { column: name, type: "no number", use: "arithmetic" });
  }
  const { ruled, input } = expression;
  const computation = { kind: "arithmetic", arithmetic, gives } as const;
  const sources = operandsOf(arithmetic);
  return { name, ruled, input, type: columnTypeOf(gives), role: "measure", computation, sources };
}

const MOST_TOLD = 5;

/** The one type of the values; texts, whole numbers or truth values. */
function caseType({ as, cases, otherwise }: Extract<ComputedColumn, { cases: unknown }>): ColumnType {
  const values = [...cases.map(({ then }) => then), otherwise].filter((value) => value !== null);
  const kinds = new Set(values.map((value) => typeof value));
  const expected = "texts, whole numbers, or truth values, all of one kind";
  const [kind, another] = kinds;
  if (another !== undefined) throw new SealroomError("PLAN_LITERAL", { column: as, expected });
  if (kind === "boolean") return { kind: "bool" };
  if (kind !== "number") return { kind: "utf8" };
  if (!values.every(Number.isSafeInteger)) throw new SealroomError("PLAN_LITERAL", { column: as, expected });
  return { kind: "int", bits: 64, signed: true };
}

function timeColumn(name: string, use: string, columns: readonly NamedColumn[]): NamedColumn {
  const column = findColumn(name, use, ["dimension"], columns);
  const isTime = column.type.kind === "timestamp" || (column.type.kind === "date" && use !== "hour");
  if (!isTime) throw unfit(column, use);
  return column;
}
