// The column of which a rule speaks: it is in the schema, in a role that the rule is for.
import { findColumnType } from "../column/type.ts";
import type { ColumnType } from "../column/type.ts";
import type { Field } from "../text/field.ts";
import { nearestDetail } from "../text/field.ts";
import type { ColumnEntry, Role } from "./manifest.ts";

/** Throws MANIFEST_RULES, at the field. */
export function ruledColumn(
  field: Field,
  name: string,
  schema: readonly ColumnEntry[],
  roles: readonly Role[],
): { readonly type: ColumnType; readonly role: Role } {
  const column = schema.find((entry) => entry.name === name);
  const type = findColumnType(column?.type ?? "");
  if (column === undefined || type === undefined) {
    const near = nearestDetail(
      name,
      schema.map((entry) => entry.name),
    );
    throw field.fault("no such column", near, "MANIFEST_RULES");
  }
  const { role } = column;
  if (!roles.includes(role)) throw field.fault(`not a ${roles.join(" or ")}`, { role }, "MANIFEST_RULES");
  return { type, role };
}
