// A table as RFC 4180 text: CRLF after each record, quotes doubled, a header record. A null is an empty field
// and an empty string a quoted one, so that the two stay apart. Leaves out reading (owner/read/input.ts).
import type { ColumnTable } from "./table.ts";
import { cellText } from "./text.ts";

/** The CSV in pieces: the header, then one piece a batch of records. */
export function* encodeCsv(table: ColumnTable): Generator<string, void, void> {
  yield record(table.fields.map((field) => quoted(field.name)));
  for (const { rows, columns } of table.batches) {
    const records: string[] = [];
    for (let row = 0; row < rows; row += 1) {
      records.push(record(columns.map((column) => csvField(cellText(column, row)))));
    }
    if (rows > 0) yield records.join("");
  }
}

function record(fields: readonly string[]): string {
  return `${fields.join(",")}\r\n`;
}

function csvField(text: string | null): string {
  return text === null ? "" : quoted(text);
}

function quoted(text: string): string {
  return text === "" || /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
