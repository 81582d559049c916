// The furthest a cell can stray where relations are no network: a bounded-variable simplex over the deviations, from the
// true table (all zero, always possible), with Bland's rule, so that it ends. Exact: all entries are integers over one
// common denominator (Edmonds' integer pivoting); a number past 2^53 ends it without an answer.
import type { Freedom } from "./freedom.ts";
import { membersOf } from "./relation.ts";
import type { Part, Relations } from "./relation.ts";
import type { Seen } from "./seen.ts";
import type { WorkLimit } from "./work-limit.ts";

const MOST_ENTRIES = 2 ** 20;
const CANDIDATES = 8;

/** Thrown for more entries than there is memory for, or a number too large to be exact. What was noted until then holds. */
export class ProgramTooLarge extends Error {}

interface Step {
  /** How far the entering variable goes: room / rate, both whole. */
  readonly room: number;
  readonly rate: number;
  /** The row that stops it; -1 where its own bound does. */
  readonly row: number;
}

/**
 * The relations of some suppressed cells, solved for some of them:
 * denominator * basic[r] = sum over j of rows[r][j] * nonbasic[j].
 */
export class Dictionary {
  readonly #cells: Int32Array;
  readonly #freedom: Freedom;
  readonly #seen: Seen;
  readonly #work: WorkLimit;
  readonly #rows: Float64Array[] = [];
  readonly #basic: number[] = [];
  readonly #nonbasic: number[];
  /** Deviations of the nonbasic variables, whole; and of the basic ones, times the denominator. */
  readonly #at: number[];
  readonly #scaled: number[] = [];
  #denominator = 1;

  /** `part`: suppressed cells, and every relation that has one of them. All that is seen to be possible on the way is noted. */
  constructor(
    { cells, relations: numbers }: Part,
    context: {
      readonly relations: Relations;
      readonly freedom: Freedom;
      readonly seen: Seen;
      readonly work: WorkLimit;
    },
  ) {
    this.#cells = cells;
    this.#freedom = context.freedom;
    this.#seen = context.seen;
    this.#work = context.work;
    if (cells.length * numbers.length > MOST_ENTRIES) throw new ProgramTooLarge();
    this.#work.spend(cells.length * numbers.length);
    this.#nonbasic = Array.from(cells.keys());
    this.#at = this.#nonbasic.map(() => 0);
    const column = new Map(Array.from(cells, (cell, at) => [cell, at]));
    const open = Array.from(numbers, (relation) => {
      const row = new Float64Array(cells.length);
      membersOf(context.relations, relation).forEach((cell, position) => {
        const at = column.get(cell);
        if (at !== undefined) row[at] = position === 0 ? 1 : -1;
      });
      return row;
    });
    this.#solve(open);
  }

  /** Notes how far the cell can go in the direction, until `enough`. */
  stretch(cell: number, sign: 1 | -1, enough: number): void {
    const variable = this.#cells.indexOf(cell);
    const furthest = sign > 0 ? this.#seen.up : this.#seen.down;
    while ((furthest[cell] ?? 0) < enough) {
      const entering = this.#findEntering(variable, sign);
      if (entering === null) return;
      const step = this.#findStep(entering.column, entering.direction);
      if (step.room === Infinity) {
        this.#seen.note(cell, sign * Infinity);
        return;
      }
      this.#take(entering.column, entering.direction, step);
      this.#note();
    }
  }

  /** Every relation gives one basic variable, or is redundant. */
  #solve(open: Float64Array[]): void {
    for (let row = open.shift(); row !== undefined; row = open.shift()) {
      const column = this.#sparsest(row, open);
      if (column < 0) continue;
      // The relation's own slack is the leaving variable: it stays 0, so its column is dropped.
      const others = [...this.#rows, ...open];
      this.#pivot(row, column, others);
      this.#rows.push(row);
      this.#basic.push(this.#nonbasic[column] ?? 0);
      this.#scaled.push(0);
      const last = this.#nonbasic.length - 1;
      this.#nonbasic[column] = this.#nonbasic[last] ?? 0;
      this.#nonbasic.pop();
      this.#at.pop();
      for (const other of [...others, row]) {
        other[column] = other[last] ?? 0;
        other[last] = 0;
      }
    }
  }

  /** Of the columns that the row has, one with the least entry and, of the first few such, the fewest other rows. */
  #sparsest(row: Float64Array, open: readonly Float64Array[]): number {
    const present = Array.from(row.keys()).filter((column) => row[column] !== 0);
    const least = present.reduce((size, column) => Math.min(size, Math.abs(row[column] ?? 0)), Infinity);
    const candidates = present.filter((column) => Math.abs(row[column] ?? 0) === least).slice(0, CANDIDATES);
    this.#work.spend(row.length + candidates.length * (open.length + this.#rows.length));
    let [best, fewest] = [-1, Infinity];
    for (const column of candidates) {
      let rows = 0;
      for (const other of open) if (other[column] !== 0) rows += 1;
      for (const other of this.#rows) if (other[column] !== 0) rows += 1;
      if (rows < fewest) [best, fewest] = [column, rows];
    }
    return best;
  }

  /** Bland's rule: the first variable whose change moves the objective the wanted way. */
  #findEntering(variable: number, sign: 1 | -1): { column: number; direction: 1 | -1 } | null {
    const row = this.#basic.indexOf(variable);
    const objective = row < 0 ? null : this.#rows[row];
    let found: { column: number; direction: 1 | -1 } | null = null;
    let first = Infinity;
    this.#work.spend(this.#nonbasic.length);
    this.#nonbasic.forEach((candidate, column) => {
      if (candidate >= first) return;
      const gain = sign * (objective === null ? Number(candidate === variable) : (objective?.[column] ?? 0));
      if (gain === 0) return;
      const direction = gain > 0 ? 1 : -1;
      if (this.#ownRoom(column, direction) > 0) [found, first] = [{ column, direction }, candidate];
    });
    return found;
  }

  #ownRoom(column: number, direction: 1 | -1): number {
    const at = this.#at[column] ?? 0;
    const variable = this.#nonbasic[column] ?? 0;
    return direction > 0 ? this.#up(variable) - at : this.#down(variable) + at;
  }

  /** The first bound that is met; of bounds met together, the variable's own, then that of the lowest number. */
  #findStep(column: number, direction: 1 | -1): Step {
    let best: Step = { room: this.#ownRoom(column, direction), rate: 1, row: -1 };
    this.#work.spend(this.#rows.length);
    this.#rows.forEach((coefficients, row) => {
      const rate = direction * (coefficients[column] ?? 0);
      if (rate === 0) return;
      const variable = this.#basic[row] ?? 0;
      const scaled = this.#scaled[row] ?? 0;
      const bound = rate > 0 ? this.#up(variable) : this.#down(variable);
      if (bound === Infinity) return;
      const room = exact(this.#denominator * bound) - (rate > 0 ? scaled : -scaled);
      const step = { room, rate: Math.abs(rate), row };
      const [left, right] =
        best.room === Infinity ? [0, 1] : [exact(room * best.rate), exact(best.room * step.rate)];
      if (left > right) return;
      if (left === right && (best.row < 0 || (this.#basic[best.row] ?? 0) < variable)) return;
      best = step;
    });
    return best;
  }

  #take(column: number, direction: 1 | -1, { room, rate, row }: Step): void {
    const denominator = this.#denominator;
    const at = this.#at[column] ?? 0;
    if (row < 0) {
      this.#at[column] = at + direction * room;
      this.#rows.forEach((coefficients, r) => {
        const moved = exact(direction * (coefficients[column] ?? 0) * room);
        this.#scaled[r] = exact((this.#scaled[r] ?? 0) + moved);
      });
      return;
    }
    const pivotRow = this.#rows[row] ?? new Float64Array();
    const leaving = this.#basic[row] ?? 0;
    const bound = direction * (pivotRow[column] ?? 0) > 0 ? this.#up(leaving) : -this.#down(leaving);
    this.#rows.forEach((coefficients, r) => {
      if (r === row) return;
      const kept = exact((this.#scaled[r] ?? 0) * rate);
      const moved = exact(direction * (coefficients[column] ?? 0) * room);
      this.#scaled[r] = exact(kept + moved) / denominator;
    });
    this.#scaled[row] = exact(exact(rate * at) + direction * room);
    this.#basic[row] = this.#nonbasic[column] ?? 0;
    this.#nonbasic[column] = leaving;
    this.#at[column] = bound;
    this.#pivot(
      pivotRow,
      column,
      this.#rows.filter((other) => other !== pivotRow),
    );
  }

  /** Solves the row for the column's variable and puts it into the others. The division is exact: entries are minors. */
  #pivot(row: Float64Array, column: number, others: readonly Float64Array[]): void {
    const width = this.#nonbasic.length;
    const old = this.#denominator;
    const pivot = row[column] ?? 0;
    const sign = Math.sign(pivot);
    const filled: number[] = [];
    for (let j = 0; j < width; j += 1) if (j !== column && row[j] !== 0) filled.push(j);
    for (const other of others) {
      const factor = sign * (other[column] ?? 0);
      this.#work.spend(1);
      if (factor === 0 && Math.abs(pivot) === old) continue;
      this.#work.spend(Math.abs(pivot) === old ? filled.length : width);
      if (Math.abs(pivot) !== old) {
        for (let j = 0; j < width; j += 1) {
          if (j === column) continue;
          const kept = exact(Math.abs(pivot) * (other[j] ?? 0));
          other[j] = exact(kept - exact(factor * (row[j] ?? 0))) / old;
        }
      } else {
        for (const j of filled) {
          const kept = exact(old * (other[j] ?? 0));
          other[j] = exact(kept - exact(factor * (row[j] ?? 0))) / old;
        }
      }
      other[column] = factor;
    }
    this.#work.spend(width);
    for (let j = 0; j < width; j += 1) row[j] = -sign * (row[j] ?? 0) + 0;
    row[column] = sign * old;
    this.#denominator = Math.abs(pivot);
  }

  /** The point reached is possible; among whole numbers, if it is whole. */
  #note(): void {
    const denominator = this.#denominator;
    this.#work.spend(this.#cells.length);
    if (this.#freedom.whole && this.#scaled.some((scaled) => scaled % denominator !== 0)) return;
    this.#nonbasic.forEach((variable, column) => {
      this.#seen.note(this.#cells[variable] ?? 0, this.#at[column] ?? 0);
    });
    this.#basic.forEach((variable, row) => {
      const scaled = this.#scaled[row] ?? 0;
      this.#seen.note(this.#cells[variable] ?? 0, (scaled - (scaled % denominator)) / denominator);
    });
  }

  #up(variable: number): number {
    return this.#freedom.up[this.#cells[variable] ?? 0] ?? 0;
  }

  #down(variable: number): number {
    return this.#freedom.down[this.#cells[variable] ?? 0] ?? 0;
  }
}

/** A sum or product of whole numbers, if it is one still. */
function exact(x: number): number {
  if (Math.abs(x) > Number.MAX_SAFE_INTEGER) throw new ProgramTooLarge();
  return x;
}
