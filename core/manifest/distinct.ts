// Of which columns distinct values may be counted, and how many of them one unit may add to a count: whoever has very
// many would stand out of it.
import type { Field } from "../text/field.ts";

/** They are kept for each unit and group; and a count is as coarse as this times the units that a group must have. */
export const MAX_DISTINCT = 8;

/** Errors: the field's own. */
export function parseDistinct(field: Field): number {
  return field.integer(1, MAX_DISTINCT);
}
