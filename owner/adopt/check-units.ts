// Rows without a unit, which nobody would be protected by.
import { countBits } from "../../core/column/validity.ts";
import type { ColumnBatch } from "../../core/column/vector.ts";
import { SealroomError } from "../../core/errors.ts";
import type { ColumnEntry } from "../../core/manifest/manifest.ts";

/** @param at where the unit's column stands in the batch, below 0 where there is none. @throws OWNER_UNIT_NULL */
export function checkUnits(batch: ColumnBatch, schema: readonly ColumnEntry[], at: number): void {
  const { validity = null } = batch.columns[at] ?? {};
  if (validity === null) return;
  const rows = batch.rows - countBits(validity, batch.rows);
  if (rows > 0) throw new SealroomError("OWNER_UNIT_NULL", { column: schema[at]?.name ?? "", rows });
}
