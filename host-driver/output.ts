// What a finished job leaves as files, and what the recipient's key makes of them.
import { encodeCsv } from "../core/column/csv.ts";
import { parseTable } from "../core/column/table.ts";
import type { ColumnTable } from "../core/column/table.ts";
import type { PrivateJwk } from "../core/manifest/jwk.ts";
import { openResult } from "../core/receipt/sealed-result.ts";

export const RECEIPT_FILE = "receipt.json";
/** As it left the enclave, sealed to the recipient. */
export const SEALED_FILE = "result.jwe";
/** The table: opened, or as it left the enclave where the owner's rules let it leave in the clear. */
export const ARROW_FILE = "result.arrow";
export const CSV_FILE = "result.csv";

export interface OpenedResult {
  readonly arrow: Uint8Array;
  readonly csv: Uint8Array;
  readonly table: ColumnTable;
}

/** The result's file as it left the enclave. */
export function resultFile(release: "sealed" | "clear"): string {
  return release === "clear" ? ARROW_FILE : SEALED_FILE;
}

/** Errors: RESULT_*, KEY_*, COLUMN_*. */
export async function openSealed(result: Uint8Array, recipient: PrivateJwk): Promise<OpenedResult> {
  return readTable(await openResult(result, recipient));
}

/** A result that left in the clear, or that has been opened. Errors: COLUMN_*. */
export function readTable(arrow: Uint8Array): OpenedResult {
  const table = parseTable(arrow);
  return { arrow, table, csv: new TextEncoder().encode([...encodeCsv(table)].join("")) };
}
