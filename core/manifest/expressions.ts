// The expressions that an owner lets jobs compute of a row's numbers, each under a name by which the other rules speak
// of it as of a measure. Which of them a job uses is plan/check-computed.ts's matter.
import { columnTypeName, findColumnType } from "../column/type.ts";
import type { ColumnType } from "../column/type.ts";
import { arithmeticType, columnTypeOf, operandsOf, parseArithmetic } from "../plan/arithmetic.ts";
import type { Arithmetic } from "../plan/arithmetic.ts";
import type { Field } from "../text/field.ts";
import { nearestDetail } from "../text/field.ts";
import { foldName, isName } from "../text/name.ts";
import type { ColumnEntry } from "./manifest.ts";

const MAX_EXPRESSIONS = 64;

export type Expressions = Readonly<Record<string, Arithmetic>>;

/** Errors: the field's own, MANIFEST_RULES. */
export function parseExpressions(field: Field, schema: readonly ColumnEntry[]): Expressions {
  const members = field.members();
  if (members.length === 0 || members.length > MAX_EXPRESSIONS) {
    throw field.fault("out of range", { most: MAX_EXPRESSIONS }, "MANIFEST_RULES");
  }
  const taken = new Set(schema.map(({ name }) => foldName(name)));
  const table = Object.create(null) as Record<string, Arithmetic>;
  for (const [name, member] of members) {
    if (!isName(name)) throw member.fault("not a name", {}, "MANIFEST_RULES");
    if (taken.has(foldName(name))) throw member.fault("named twice", {}, "MANIFEST_RULES");
    taken.add(foldName(name));
    const expression = parseArithmetic(member);
    checkOperands(member, expression, schema);
    table[name] = expression;
  }
  return table;
}

/** As entries of a schema: what rules on measures may speak of besides its columns. */
export function expressionEntries(
  expressions: Expressions,
  schema: readonly ColumnEntry[],
): readonly ColumnEntry[] {
  return Object.entries(expressions).flatMap(([name, expression]) => {
    const type = arithmeticType(expression, typesOf(schema));
    return type === undefined ? [] : [{ name, type: columnTypeName(columnTypeOf(type)), role: "measure" }];
  });
}

function checkOperands(field: Field, expression: Arithmetic, schema: readonly ColumnEntry[]): void {
  const names = schema.map(({ name }) => name);
  const operands = [...operandsOf(expression)];
  for (const name of operands) {
    const column = schema.find((entry) => entry.name === name);
    if (column === undefined) {
      throw field.fault("no such column", { column: name, ...nearestDetail(name, names) }, "MANIFEST_RULES");
    }
    const { role } = column;
    if (role !== "measure" && role !== "dimension") {
      throw field.fault("not a measure or dimension", { column: name, role }, "MANIFEST_RULES");
    }
  }
  if (typeof expression !== "object") throw field.fault("not an expression", {}, "MANIFEST_RULES");
  if (operands.length === 0) throw field.fault("the same for all rows", {}, "MANIFEST_RULES");
  if (arithmeticType(expression, typesOf(schema)) === undefined) {
    throw field.fault("not numbers, or of too many digits", {}, "MANIFEST_RULES");
  }
}

function typesOf(schema: readonly ColumnEntry[]): (name: string) => ColumnType | undefined {
  return (name) => findColumnType(schema.find((entry) => entry.name === name)?.type ?? "");
}
