// The declared bins of a column: rising edges that its owner chose, so that nobody can lay one beside a value that he
// knows. n edges make n + 1 bins: bin 0 lies below the first edge, bin i at or above edge i - 1 and below edge i, bin n
// at or above the last (SQL's width_bucket of an array). A null has no bin.
import type { ColumnType } from "../column/type.ts";
import { typedLiteral } from "../plan/literal.ts";
import type { Field } from "../text/field.ts";
import type { Role } from "./manifest.ts";

/** Of one column. */
export const MAX_EDGES = 1_000;
/** Of all columns together: a receipt repeats those that its job uses. */
export const MAX_ALL_EDGES = 4_000;

/** Rising literals of the column's type. */
export type Edges = readonly (string | number)[];

/** Errors: the field's own, MANIFEST_RULES. */
export function parseEdges(field: Field, type: ColumnType, role: Role): Edges {
  if (type.kind === "bool" || type.kind === "utf8") {
    throw field.fault("neither numbers nor times", {}, "MANIFEST_RULES");
  }
  let before: bigint | number | null = null;
  return field.list(1, MAX_EDGES).map((entry) => {
    const { value } = entry;
    if (typeof value !== "string" && typeof value !== "number") throw entry.fault("not a value");
    const edge = edgeValue(value, type);
    if (edge === undefined) throw entry.fault("not of the column's type", {}, "MANIFEST_RULES");
    // A measure's values are saturated at 2^53 - 1 of the smallest unit: an edge there would not tell them apart.
    if (role === "measure" && Math.abs(Number(edge)) >= Number.MAX_SAFE_INTEGER) {
      throw entry.fault("out of range", {}, "MANIFEST_RULES");
    }
    if (before !== null && before >= edge) {
      throw entry.fault("not above the one before", {}, "MANIFEST_RULES");
    }
    before = edge;
    return value;
  });
}

/** An edge as its column holds it: of a float32 the nearest one, of all but floats the smallest units. */
export function edgeValue(literal: string | number, type: ColumnType): bigint | number | undefined {
  const value = typedLiteral(literal, type)?.value;
  if (typeof value !== "number") return typeof value === "bigint" ? value : undefined;
  const held = type.kind === "float" && type.bits === 32 ? Math.fround(value) : value;
  return Number.isFinite(held) ? held : undefined;
}
