// What a join holds of all objects, in the manifest's order, in memory that threads share.
import type { ColumnType } from "../../core/column/type.ts";
import type { ColumnBatch, Vector } from "../../core/column/vector.ts";
import type { Merge } from "../kernel.ts";
import { checkHeld, keyBytes } from "./collect.ts";
import type { BuildPartial } from "./collect.ts";
import { sharedVector, valueBytes } from "./column-store.ts";
import type { BuildProgram } from "./program.ts";

/** Plain data, for structured cloning: typed arrays over shared memory, the program's columns in its order. */
export interface HeldSide extends ColumnBatch {
  /** By row, whose it is. */
  readonly units: Vector;
}

const NUMBER: ColumnType = { kind: "int", bits: 64, signed: true };

export class BuildMerge implements Merge<BuildPartial> {
  readonly #program: BuildProgram;
  readonly #partials: BuildPartial[] = [];
  #rows = 0;
  #bytes = 0;

  constructor(program: BuildProgram) {
    this.#program = program;
  }

  /** Errors: JOIN_SIZE. */
  add(partial: BuildPartial): void {
    this.#rows += partial.rows;
    for (const { parts } of partial.columns) {
      for (const part of parts) this.#bytes += valueBytes(part);
    }
    checkHeld(this.#rows, this.#bytes + this.#rows * keyBytes(this.#program.keyTypes));
    this.#partials.push(partial);
  }

  /** Of what was taken over, and of a pass that failed: values of rows. */
  clear(): void {
    for (const { columns, units } of this.#partials.splice(0)) {
      for (const { parts } of columns) for (const part of parts) clearVector(part);
      units.fill(0);
    }
  }

  /** Once. */
  finish(): HeldSide {
    const { columns: asked, unitColumn } = this.#program;
    const columns = asked.map(({ type }, at) =>
      sharedVector(
        type,
        this.#partials.flatMap(({ columns }) => columns[at] ?? []),
        this.#rows,
      ),
    );
    const named = unitColumn === null ? undefined : columns[unitColumn];
    return { rows: this.#rows, unitStart: null, columns, units: named ?? this.#numberUnits() };
  }

  /** The objects' numbers, those of each after all of the one before: units never span two objects. */
  #numberUnits(): Vector {
    const words = new Uint32Array(new SharedArrayBuffer(8 * this.#rows));
    let [row, before] = [0, 0];
    for (const { units, lastUnit } of this.#partials) {
      for (const unit of units) {
        const number = before + unit;
        words[2 * row] = number;
        words[2 * row + 1] = Math.floor(number / 2 ** 32);
        row += 1;
      }
      before += lastUnit;
    }
    return { type: NUMBER, rows: this.#rows, validity: null, layout: "words", words, wordsPerValue: 2 };
  }
}

/** When no thread works on it any more. */
export function clearHeld({ columns, units }: HeldSide): void {
  for (const vector of [...columns, units]) clearVector(vector);
}

function clearVector(vector: Vector): void {
  vector.validity?.fill(0);
  switch (vector.layout) {
    case "bits":
    case "number":
      vector.values.fill(0);
      break;
    case "words":
      vector.words.fill(0);
      break;
    case "utf8":
      vector.offsets.fill(0);
      vector.bytes.fill(0);
      break;
    case "dictionary":
      vector.codes.fill(0);
      break;
  }
}
