// What a result says of rows whose value could not be used as it was: coarse, inside the result, sealed with it.
import { readFileMetadata } from "../column/file-metadata.ts";
import { parseJson } from "../json.ts";
import type { TextLimits } from "../json.ts";
import { Field } from "../text/field.ts";

/** The member of the result's schema metadata: JSON of a share by measure column. */
export const BAD_ROWS = "sealroom:bad_rows";

/**
 * `none or few` is fewer rows than the rules' minUnits; the others are shares of the rows that passed the filter. `not
 * told`: the result does not show all these rows as one group, and its groups may leave some of them out.
 */
export type BadRowShare = "not told" | "none or few" | "up to 1%" | "up to 10%" | "more than 10%";
const SHARES: readonly BadRowShare[] = ["not told", "none or few", "up to 1%", "up to 10%", "more than 10%"];

/** By measure column. */
export type BadRows = Readonly<Record<string, BadRowShare>>;

const LIMITS: TextLimits = { bytes: 1024 * 1024, depth: 2, values: 4096 };

/** Empty where the job has no measures. Errors: COLUMN_*, JSON_*, RESULT_METADATA. */
export function readBadRows(result: Uint8Array): BadRows {
  const text = readFileMetadata(result).get(BAD_ROWS);
  if (text === undefined) return {};
  const members = new Field(parseJson(text, LIMITS), "", "RESULT_METADATA").members();
  return Object.fromEntries(members.map(([column, share]) => [column, share.oneOf(SHARES)]));
}
