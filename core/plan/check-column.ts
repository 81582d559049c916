// What every use of a column has to pass: there is one of that name, its role allows the use, and a literal beside it is
// of its type.
import type { ColumnType } from "../column/type.ts";
import { PolicyError, SealroomError } from "../errors.ts";
import type { Role } from "../manifest/manifest.ts";
import { nearestDetail } from "../text/field.ts";
import { shortName } from "../text/name.ts";
import { literalForm, typedLiteral } from "./literal.ts";
import type { TypedLiteral } from "./literal.ts";
import type { Literal } from "./plan.ts";

/** A column that a plan may name. */
export interface NamedColumn {
  readonly name: string;
  readonly type: ColumnType;
  readonly role: Role;
}

/** Errors: PLAN_COLUMN; PolicyError PLAN_ROLE. */
export function findColumn<C extends NamedColumn>(
  name: string,
  use: string,
  roles: readonly Role[],
  columns: readonly C[],
): C {
  const column = columns.find((known) => known.name === name);
  if (column === undefined) {
    const near = nearestDetail(
      name,
      columns.map((known) => known.name),
    );
    throw new SealroomError("PLAN_COLUMN", { column: shortName(name), use, ...near });
  }
  if (!roles.includes(column.role)) {
    const { role } = column;
    throw new PolicyError("PLAN_ROLE", { column: name, use, role, allowed: roles.join(" or ") });
  }
  return column;
}

/** Errors: PLAN_LITERAL. */
export function literalOf(value: Literal, { name, type }: Omit<NamedColumn, "role">): TypedLiteral {
  const typed = typedLiteral(value, type);
  if (typed === undefined) {
    const expected = literalForm(type);
    throw new SealroomError("PLAN_LITERAL", { column: name, type: type.kind, expected });
  }
  return typed;
}

export function unfit({ name, type }: Omit<NamedColumn, "role">, use: string): SealroomError {
  return new SealroomError("PLAN_TYPE", { column: name, type: type.kind, use });
}
