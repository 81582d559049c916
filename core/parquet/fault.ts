// The one refusal of a Parquet file, by the part of it that is at fault.
import { SealroomError } from "../errors.ts";

/** `pages`: what the decoder of columns says no to, or breaks off over. */
export type ParquetPart = "footer" | "schema" | "row group" | "column chunk" | "pages" | "batch";

export function parquetFault(part: ParquetPart): SealroomError {
  return new SealroomError("COLUMN_PARQUET", { part });
}
