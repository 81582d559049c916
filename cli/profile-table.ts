// The result of a discover job for people: what the owner's schema says of a column beside what its name and its values
// say. Physical types are left to the files.
import type { ColumnTable } from "../core/column/table.ts";
import { cellText } from "../core/column/text.ts";
import { limitsFor } from "../core/detect/classify.ts";
import { paint, wrap } from "./output.ts";
import { renderTable } from "./table.ts";
import type { TableView } from "./table.ts";

const NOT_SHOWN = "type";
/** Shown only where some column has one. */
const OTHERS = "also";
const NONE = "-";

/** Lines of at most 80 columns, where no name is too long. */
export function renderProfile(
  table: ColumnTable,
  { minUnits, file }: Pick<TableView, "minUnits" | "file">,
): readonly string[] {
  const shown = shownColumns(table);
  const { minValues, minMatches } = limitsFor(minUnits);
  return [
    ...renderTable(shown, { keys: shown.fields.length, grouping: null, minUnits, file }),
    ...wrap(
      `share: of the values, those that are of the kind; shaped: those that look it, whether or not check digits and ` +
        `rules hold; evident: more of these hold than by chance. Of fewer than ${minValues} values nothing is told, ` +
        `and fewer than ${minMatches} are none.`,
    ).map((line) => paint("dim", line)),
  ];
}

function shownColumns({ fields, batches }: ColumnTable): ColumnTable {
  const kept = fields.flatMap(({ name }, at) => {
    if (name === NOT_SHOWN) return [];
    const isEmpty = batches.every(({ rows, columns }) => {
      const vector = columns[at];
      return Array.from({ length: rows }, (_, row) => vector && cellText(vector, row)).every(
        (text) => text === NONE,
      );
    });
    return name === OTHERS && isEmpty ? [] : [at];
  });
  return {
    fields: fields.filter((_, at) => kept.includes(at)),
    batches: batches.map((batch) => ({
      ...batch,
      columns: batch.columns.filter((_, at) => kept.includes(at)),
    })),
  };
}
