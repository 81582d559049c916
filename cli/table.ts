// Result tables for people: numbers to the right, suppressed cells shown as such, text shortened where that makes the
// table fit the terminal and leaves every two texts different. The exact values are in the files.
import type { ColumnTable } from "../core/column/table.ts";
import { cellText } from "../core/column/text.ts";
import type { ColumnType } from "../core/column/type.ts";
import { paint, printable, WIDTH } from "./output.ts";

const SUPPRESSED = "·";
const NO_KEY = "(null)";
const ALL_KEYS = "(all)";
const MAX_ROWS = 40;
const MIN_CELL = 6;
/** Of one cell, whatever the table's width: data may have very long texts. */
const MAX_CELL = 4 * WIDTH;
const GAP = "  ";

export interface TableView {
  /** The first columns of the result are the groups' keys; a null in the others is a suppressed value. */
  readonly keys: number;
  /** The column `grouping` of a result with totals, a bit for each column before it, or null. */
  readonly grouping: number | null;
  readonly minUnits: number;
  /** Where the rows are that do not fit. */
  readonly file: string | null;
}

interface Column {
  readonly title: string;
  readonly isNumber: boolean;
  readonly cells: string[];
}

/** Lines of at most 80 columns, or longer ones where shortening would not do. */
export function renderTable(table: ColumnTable, view: TableView): readonly string[] {
  const total = table.batches.reduce((sum, { rows }) => sum + rows, 0);
  const columns = table.fields.map((field, at) => ({
    title: printable(field.name),
    isNumber: isNumber(field.type),
    cells: renderCells(field.type, firstCells(table, at), at < view.keys ? NO_KEY : SUPPRESSED),
  }));
  if (view.grouping !== null) markTotals(table, columns, view.grouping);
  const widths = fitWidths(columns);
  const lines = [
    paint(
      "bold",
      renderRow(columns, widths, ({ title }) => title),
    ),
    ...Array.from({ length: Math.min(total, MAX_ROWS) }, (_, row) =>
      renderRow(columns, widths, ({ cells }) => cells[row] ?? ""),
    ),
  ];
  if (total === 0) lines.push(view.keys < columns.length ? "(no group has enough units)" : "(no rows)");
  if (total > MAX_ROWS) {
    lines.push(`... ${total - MAX_ROWS} more rows${view.file === null ? "" : ` in ${printable(view.file)}`}`);
  }
  if (columns.some(({ cells }, at) => at >= view.keys && cells.some((cell) => cell.trim() === SUPPRESSED))) {
    lines.push(
      paint("dim", `${SUPPRESSED} withheld or empty (fewer than ${view.minUnits} units, or another rule)`),
    );
  }
  return lines;
}

/** The texts of a column's first cells; null is null. */
function firstCells(table: ColumnTable, column: number): readonly (string | null)[] {
  const cells: (string | null)[] = [];
  for (const { rows, columns } of table.batches) {
    const vector = columns[column];
    for (let row = 0; row < rows && cells.length < MAX_ROWS && vector !== undefined; row++) {
      cells.push(cellText(vector, row));
    }
  }
  return cells;
}

/** A key that is null because the row totals over it is told from a null key. */
function markTotals(table: ColumnTable, columns: readonly Column[], grouping: number): void {
  for (const [row, bits] of firstCells(table, grouping).entries()) {
    for (const [at, { cells }] of columns.slice(0, grouping).entries()) {
      const isTotal = ((BigInt(bits ?? 0) >> BigInt(grouping - 1 - at)) & 1n) === 1n;
      if (isTotal) cells[row] = ALL_KEYS;
    }
  }
}

/** Floats are for reading: rounded, all to the same number of decimals, so that their points lie below each other. */
function renderCells(type: ColumnType, cells: readonly (string | null)[], missing: string): string[] {
  if (type.kind !== "float") return cells.map((cell) => (cell === null ? missing : printable(cell)));
  const largest = Math.max(0, ...cells.map((cell) => Math.abs(Number(cell ?? 0))).filter(Number.isFinite));
  const decimals = largest >= 1000 ? 2 : largest >= 1 ? 3 : 6;
  return cells.map((cell) => {
    if (cell === null) return missing;
    const value = Number(cell);
    return Number.isFinite(value) && largest < 1e15 ? value.toFixed(decimals) : cell;
  });
}

function isNumber(type: ColumnType): boolean {
  return ["int", "float", "decimal"].includes(type.kind);
}

/**
 * The widths that the cells need. Where all together do not fit, the widest text column gives way first, if they then fit
 * and no two different cells of a column look the same; else none does.
 */
function fitWidths(columns: readonly Column[]): readonly number[] {
  const needed = columns.map(({ title, cells }) =>
    Math.min(MAX_CELL, Math.max(...[title, ...cells].map((text) => text.length))),
  );
  const widths = [...needed];
  const texts = [...columns.keys()].filter((at) => columns[at]?.isNumber === false);
  for (let over = sum(widths) + GAP.length * (columns.length - 1) + 2 - WIDTH; over > 0; over--) {
    const widest = texts.reduce(
      (best, at) => ((widths[at] ?? 0) > (widths[best] ?? 0) ? at : best),
      texts[0] ?? -1,
    );
    const width = widths[widest] ?? 0;
    if (width <= MIN_CELL) return needed;
    widths[widest] = width - 1;
  }
  return columns.every(({ cells }, at) => staysDistinct(cells, widths[at] ?? 0)) ? widths : needed;
}

function staysDistinct(cells: readonly string[], width: number): boolean {
  return new Set(cells).size === new Set(cells.map((cell) => shorten(cell, width))).size;
}

function renderRow(
  columns: readonly Column[],
  widths: readonly number[],
  text: (column: Column) => string,
): string {
  const cells = columns.map((column, at) => {
    const width = widths[at] ?? 0;
    const shown = shorten(text(column), width);
    return column.isNumber ? shown.padStart(width) : shown.padEnd(width);
  });
  return `  ${cells.join(GAP)}`.trimEnd();
}

function shorten(text: string, width: number): string {
  return text.length <= width ? text : `${text.slice(0, Math.max(0, width - 3))}...`;
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
