// Parts of dates and times, and the beginnings of the units that they lie in.
import type { ColumnBatch, NumberVector, Vector, WordsVector } from "../../../core/column/vector.ts";
import type { ColumnType } from "../../../core/column/type.ts";
import type { DatePart, DateUnit } from "../../../core/plan/computed.ts";
import { civilOf, dateOf, dayOf, monthOf, weekdayOf, weekOf, yearOf } from "../../calendar.ts";
import { CHUNK_ROWS } from "../chunk.ts";
import type { Computed } from "../program.ts";
import type { ComputedVector } from "./computed-vector.ts";
import { hourAt, readDays, writeHour } from "./days.ts";
import { vectorAt } from "./validity.ts";

const INT32: ColumnType = { kind: "int", bits: 32, signed: true };
const HOURS_A_DAY = 24;

const PARTS: Readonly<Record<Exclude<DatePart, "hour">, (day: number) => number>> = {
  year: yearOf,
  quarter: (day) => Math.floor((monthOf(day) + 2) / 3),
  month: monthOf,
  week: weekOf,
  day: dateOf,
  dow: (day) => weekdayOf(day) % 7,
  isodow: weekdayOf,
  doy: (day) => day - dayOf(yearOf(day), 1, 1) + 1,
};

const BEGINNINGS: Readonly<Record<Exclude<DateUnit, "hour">, (day: number) => number>> = {
  year: (day) => dayOf(yearOf(day), 1, 1),
  quarter: (day) => dayOf(yearOf(day), monthOf(day) - ((monthOf(day) - 1) % 3), 1),
  month: (day) => day - (civilOf(day) & 31) + 1,
  week: (day) => day - weekdayOf(day) + 1,
  day: (day) => day,
};

export class PartColumn implements ComputedVector {
  readonly #of: number;
  readonly #part: DatePart;

  constructor({ of, part }: Extract<Computed, { kind: "part" }>) {
    this.#of = of;
    this.#part = part;
  }

  compute(batch: ColumnBatch): NumberVector {
    const vector = vectorAt(batch, this.#of);
    const { rows, validity } = vector;
    const values =
      this.#part === "hour" ? hoursOfDay(vector) : mapDays(vector, PARTS[this.#part], new Int32Array(rows));
    return { layout: "number", type: INT32, rows, validity, values };
  }
}

export class TruncatedColumn implements ComputedVector {
  readonly #of: number;
  readonly #unit: DateUnit;
  readonly #type: ColumnType;

  constructor({ of, unit, type }: Extract<Computed, { kind: "truncate" }>) {
    this.#of = of;
    this.#unit = unit;
    this.#type = type;
  }

  compute(batch: ColumnBatch): NumberVector | WordsVector {
    const vector = vectorAt(batch, this.#of);
    const { rows, validity } = vector;
    if (this.#unit !== "hour") {
      const values = mapDays(vector, BEGINNINGS[this.#unit], new Int32Array(rows));
      return { layout: "number", type: this.#type, rows, validity, values };
    }
    const words = new Uint32Array(2 * rows);
    for (let row = 0; row < rows; row += 1) writeHour(hourAt(vector, row), words, row);
    return { layout: "words", type: this.#type, rows, validity, words, wordsPerValue: 2 };
  }
}

function hoursOfDay(vector: Vector): Int32Array {
  return Int32Array.from({ length: vector.rows }, (_, row) => {
    const hour = hourAt(vector, row) % HOURS_A_DAY;
    return hour < 0 ? hour + HOURS_A_DAY : hour;
  });
}

/** Days that follow each other in a column are often the same. */
function mapDays(vector: Vector, map: (day: number) => number, out: Int32Array): Int32Array {
  const days = new Int32Array(CHUNK_ROWS);
  let [last, mapped] = [0, map(0)];
  for (let start = 0; start < vector.rows; start += CHUNK_ROWS) {
    const count = Math.min(CHUNK_ROWS, vector.rows - start);
    readDays(vector, start, count, days);
    for (let i = 0; i < count; i += 1) {
      const day = days[i] ?? 0;
      if (day !== last) [last, mapped] = [day, map(day)];
      out[start + i] = mapped;
    }
  }
  return out;
}
