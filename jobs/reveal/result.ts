// The result: the columns that the plan names, and one more that says of each row what could not be revealed and why. It
// is as long as one of the most rows would be, so that its length does not tell how many matched.
import type { ArrowField } from "../../core/column/schema.ts";
import { encodeTable } from "../../core/column/table.ts";
import { MAX_BATCH_ROWS } from "../../core/column/type.ts";
import { SealroomError } from "../../core/errors.ts";
import { MAX_PADDED_BYTES, paddedLength } from "../../core/receipt/padding.ts";
import { UNREVEALED } from "../../core/receipt/unrevealed.ts";
import { FATE_NAME_BYTES } from "../tokenize/fate-names.ts";
import { join } from "./piece.ts";
import type { Piece } from "./piece.ts";
import type { RevealProgram } from "./program.ts";
import type { RevealMerge } from "./reveal-merge.ts";

/** A text of the result is allowed this much; where they are longer on the average, that may show in its length. */
const TEXT_BYTES = 64;
const OFFSET_BYTES = 4;
const CELL_BYTES = 16;
const VALIDITY_BYTES = 1;
const HEAD_BYTES = 4096;
const COLUMN_HEAD_BYTES = 512;

/** An Arrow file. Errors: REVEAL_ROWS, REVEAL_SIZE. */
export function encodeRevealed({ outputs }: RevealProgram, merge: RevealMerge): Uint8Array {
  const named = [...outputs, { name: UNREVEALED, type: { kind: "utf8" } as const }];
  const fields = named.map(({ name, type }): ArrowField => ({ name, type, dictionary: null }));
  const batches = fewest(merge.pieces()).map(({ rows, vectors }) => ({ rows, columns: vectors }));
  return encodeTable(fields, batches);
}

/** Put together, as far as a batch goes. */
function fewest(pieces: readonly Piece[]): readonly Piece[] {
  const groups: Piece[][] = [];
  let rows = 0;
  for (const piece of pieces) {
    rows += piece.rows;
    if (groups.length === 0 || rows > MAX_BATCH_ROWS) {
      groups.push([]);
      rows = piece.rows;
    }
    groups.at(-1)?.push(piece);
  }
  return groups.map(join);
}

/** What the largest result that plan, manifest and grant allow takes, texts counted as TEXT_BYTES each. */
export function mostRevealedBytes({ outputs, rows, maxRows }: RevealProgram): number {
  const most = Math.min(rows, maxRows);
  // Two batches that lie one behind the other have more rows than fit one.
  const batches = 1 + 2 * Math.ceil(most / MAX_BATCH_ROWS);
  const names = [...outputs.map(({ name }) => name), UNREVEALED];
  const nameBytes = names.reduce((sum, name) => sum + 2 * lengthOf(name), 0);
  const cells = outputs.reduce(
    (sum, { type }) => sum + VALIDITY_BYTES + (type.kind === "utf8" ? OFFSET_BYTES + TEXT_BYTES : CELL_BYTES),
    0,
  );
  // `NAME: REASON; `: how much was not revealed does not show, whatever the names are.
  const reasons = outputs.reduce(
    (sum, { name, tokens }) => sum + (tokens === null ? 0 : lengthOf(name) + FATE_NAME_BYTES + 4),
    VALIDITY_BYTES + OFFSET_BYTES,
  );
  return HEAD_BYTES + nameBytes + batches * names.length * COLUMN_HEAD_BYTES + most * (cells + reasons);
}

/** Refuses what could not leave, before anything is read. Error: REVEAL_SIZE. */
export function checkResultSize(program: RevealProgram): void {
  if (paddedLength(mostRevealedBytes(program)) > MAX_PADDED_BYTES) {
    throw new SealroomError("REVEAL_SIZE", { limit: MAX_PADDED_BYTES });
  }
}

function lengthOf(text: string): number {
  return new TextEncoder().encode(text).length;
}
