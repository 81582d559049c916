// The result of a copy: what became of each column's values, in coarse shares of its rows.
import type { ArrowField } from "../../core/column/schema.ts";
import { encodeTable } from "../../core/column/table.ts";
import type { CopyMerge } from "./copy-merge.ts";
import { FATES, nameOfFate } from "./fate-names.ts";
import type { CopyProgram } from "./program.ts";
import { texts } from "./quarantine.ts";
import { FATE } from "./text-column.ts";

/** Of a column's rows. The first and the last hide fewer rows than the rules' minUnits. */
type Share =
  "none or few" | "up to 1%" | "up to 10%" | "up to 50%" | "up to 90%" | "more than 90%" | "all but few";
const EDGES: readonly (readonly [number, Share])[] = [
  [0.01, "up to 1%"],
  [0.1, "up to 10%"],
  [0.5, "up to 50%"],
  [0.9, "up to 90%"],
];

const NAMES = ["column", "operator", "outcome", "share"] as const;
const ROW_BYTES = 96;
const HEAD_BYTES = 4096;

/** An Arrow file of texts. Reasons of which there are none or few are left out. Errors: TOKEN_INVALID, TOKEN_QUARANTINE. */
export function encodeOutcomes(program: CopyProgram, merge: CopyMerge): Uint8Array {
  merge.check(program);
  const { outputs, dropped, minUnits } = program;
  const rows = outputs.flatMap(({ name, tokens, opened }, at): string[][] => {
    const operator = tokens === null ? "keep" : opened === null ? tokens.operator : "rewrap";
    const tally = merge.tallies[at] ?? new Float64Array(FATES);
    const shares = Array.from(tally, (count) => shareOf(count, merge.rows, minUnits));
    return shares.flatMap((share, fate) => {
      const isAlways = fate === FATE.done || fate === FATE.null;
      if (!isAlways && share === "none or few") return [];
      const done = tokens === null ? "kept" : "tokenized";
      return [[name, operator, fate === FATE.done ? done : nameOfFate(fate), share]];
    });
  });
  const all = [...rows, ...dropped.map((name) => [name, "drop", "dropped", "all but few"])];
  const fields = NAMES.map((name): ArrowField => ({ name, type: { kind: "utf8" }, dictionary: null }));
  const columns = NAMES.map((_, at) => texts(all.map((row) => row[at] ?? "")));
  return encodeTable(fields, [{ rows: all.length, columns }]);
}

function shareOf(count: number, rows: number, least: number): Share {
  if (count < least) return "none or few";
  if (rows - count < least) return "all but few";
  return EDGES.find(([edge]) => count <= edge * rows)?.[1] ?? "more than 90%";
}

/** What the largest such table takes, whatever the data. */
export function mostOutcomeBytes({ outputs, dropped }: CopyProgram): number {
  const rowBytes = (name: string): number => ROW_BYTES + new TextEncoder().encode(name).length;
  return (
    HEAD_BYTES +
    outputs.reduce((sum, { name }) => sum + FATES * rowBytes(name), 0) +
    dropped.reduce((sum, name) => sum + rowBytes(name), 0)
  );
}
