// What groups may take of the enclave's memory, so that a job of too many is refused before there is none left. The bound
// follows from plan and enclave, and is the same for all data.
import type { AggregateProgram } from "./program.ts";

/**
 * Of one group: its record and its keys in each of two threads, in partials that wait, in the merge, whose arrays double, and
 * in the result. Twice what was counted, since not all of it is.
 */
const GROUP_BYTES = 1024;
/** The same of each measure. */
const MEASURE_BYTES = 512;

/** The program, with no more groups formed than fit in so many bytes. */
export function withinMemory(program: AggregateProgram, bytes: number): AggregateProgram {
  const { measures, levels, maxFormed } = program;
  const each = levels.length * (GROUP_BYTES + measures.length * MEASURE_BYTES);
  return { ...program, maxFormed: Math.min(maxFormed, Math.floor(bytes / each)) };
}
