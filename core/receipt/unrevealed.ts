// What a result of a reveal job says of tokens that did not open: inside the result, sealed with it.
import type { ColumnTable } from "../column/table.ts";

/** The result's last column: why which columns of a row are null, or null. No column of a data set has such a name. */
export const UNREVEALED = "sealroom:unrevealed";

/** How many rows have something that was not revealed; null of results that are not of a reveal job. */
export function unrevealedRows({ fields, batches }: ColumnTable): number | null {
  const at = fields.findIndex(({ name }) => name === UNREVEALED);
  if (at === -1) return null;
  return batches.reduce((sum, { rows, columns }) => {
    const validity = columns[at]?.validity ?? null;
    if (validity === null) return sum + rows;
    let found = 0;
    for (let row = 0; row < rows; row++) found += ((validity[row >> 3] ?? 0) >> (row & 7)) & 1;
    return sum + found;
  }, 0);
}
