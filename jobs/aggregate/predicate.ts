// Which rows of a chunk pass `where`. Each node of the tree writes one truth value a row; a dictionary's strings
// are tested once each, not once a row. NaN counts as null.
import type { ColumnBatch, DictionaryVector, Vector } from "../../core/column/vector.ts";
import { CHUNK_ROWS, fillNulls } from "./chunk.ts";
import { memberBits, memberBytes, memberNumbers, memberText } from "./member.ts";
import { WordSet } from "./member-words.ts";
import type { CellSet } from "./cell-set.ts";
import type { TypedPredicate } from "./program.ts";
import { FALSE, TRUE, UNKNOWN } from "./truth.ts";

export class Filter {
  readonly #root: Node;

  constructor(predicate: TypedPredicate) {
    this.#root = makeNode(predicate);
  }

  /** The truth of each of `count` rows from `start`, until the next call. */
  truth(batch: ColumnBatch, start: number, count: number): Uint8Array {
    return this.#root.evaluate(batch, start, count);
  }

  /** Writes the passing rows' distances from `start` to `picked`, rising, and returns how many there are. */
  pick(batch: ColumnBatch, start: number, count: number, picked: Int32Array): number {
    const truth = this.truth(batch, start, count);
    let passing = 0;
    for (let i = 0; i < count; i += 1) {
      picked[passing] = i;
      passing += (truth[i] ?? 0) === TRUE ? 1 : 0;
    }
    return passing;
  }
}

interface Node {
  /** One truth value for each of `count` rows from `start`, in a buffer of the node's own. */
  evaluate(batch: ColumnBatch, start: number, count: number): Uint8Array;
}

function makeNode(predicate: TypedPredicate): Node {
  switch (predicate.kind) {
    case "and":
      return new Fold(predicate.terms.map(makeNode), Math.min, TRUE);
    case "or":
      return new Fold(predicate.terms.map(makeNode), Math.max, FALSE);
    case "not":
      return new Not(makeNode(predicate.term));
    case "null":
      return new IsNull(predicate.column, predicate.isNull);
    case "member":
      return new Member(predicate.column, predicate.set);
  }
}

class Fold implements Node {
  readonly #terms: readonly Node[];
  readonly #fold: (a: number, b: number) => number;
  readonly #empty: number;
  readonly #truth = new Uint8Array(CHUNK_ROWS);

  constructor(terms: readonly Node[], fold: (a: number, b: number) => number, empty: number) {
    this.#terms = terms;
    this.#fold = fold;
    this.#empty = empty;
  }

  evaluate(batch: ColumnBatch, start: number, count: number): Uint8Array {
    const truth = this.#truth.fill(this.#empty, 0, count);
    const fold = this.#fold;
    for (const term of this.#terms) {
      const other = term.evaluate(batch, start, count);
      for (let i = 0; i < count; i += 1) truth[i] = fold(truth[i] ?? 0, other[i] ?? 0);
    }
    return truth;
  }
}

class Not implements Node {
  readonly #term: Node;
  readonly #truth = new Uint8Array(CHUNK_ROWS);

  constructor(term: Node) {
    this.#term = term;
  }

  evaluate(batch: ColumnBatch, start: number, count: number): Uint8Array {
    const term = this.#term.evaluate(batch, start, count);
    const truth = this.#truth;
    for (let i = 0; i < count; i += 1) truth[i] = TRUE - (term[i] ?? 0);
    return truth;
  }
}

class IsNull implements Node {
  readonly #column: number;
  readonly #ofNull: number;
  readonly #truth = new Uint8Array(CHUNK_ROWS);

  constructor(column: number, isNull: boolean) {
    this.#column = column;
    this.#ofNull = isNull ? TRUE : FALSE;
  }

  evaluate(batch: ColumnBatch, start: number, count: number): Uint8Array {
    const vector = vectorAt(batch, this.#column);
    const truth = this.#truth.fill(TRUE - this.#ofNull, 0, count);
    if (vector.validity !== null) fillNulls(truth, this.#ofNull, vector.validity, start, count);
    if (vector.layout === "number" && vector.type.kind === "float") {
      for (let i = 0; i < count; i += 1) {
        if (Number.isNaN(vector.values[start + i])) truth[i] = this.#ofNull;
      }
    }
    return truth;
  }
}

class Member implements Node {
  readonly #column: number;
  readonly #set: CellSet;
  readonly #truth = new Uint8Array(CHUNK_ROWS);
  #dictionary: readonly string[] | null = null;
  #truthOfCode: Uint8Array = new Uint8Array(0);
  #wordSet: WordSet | null = null;

  constructor(column: number, set: CellSet) {
    this.#column = column;
    this.#set = set;
  }

  evaluate(batch: ColumnBatch, start: number, count: number): Uint8Array {
    const vector = vectorAt(batch, this.#column);
    this.#test(vector, start, count);
    if (vector.validity !== null) fillNulls(this.#truth, UNKNOWN, vector.validity, start, count);
    return this.#truth;
  }

  #test(vector: Vector, start: number, count: number): void {
    const set = this.#set;
    const truth = this.#truth;
    if (set.of === "number" && vector.layout === "number") memberNumbers(vector, set, start, count, truth);
    else if (set.of === "number" && vector.layout === "bits") memberBits(vector, set, start, count, truth);
    else if (set.of === "bigint" && vector.layout === "words") {
      this.#wordSet ??= new WordSet(set, vector);
      this.#wordSet.test(vector, start, count, truth);
    } else if (set.of === "bytes" && vector.layout === "utf8") memberText(vector, set, start, count, truth);
    else if (set.of === "bytes" && vector.layout === "dictionary") {
      this.#prepare(vector, set);
      const { codes } = vector;
      // The code of a null row may lie outside the dictionary; its truth is overwritten.
      for (let i = 0; i < count; i += 1) truth[i] = this.#truthOfCode[codes[start + i] ?? 0] ?? UNKNOWN;
    } else throw new Error("internal: a predicate does not fit its column's layout");
  }

  #prepare({ values }: DictionaryVector, set: CellSet & { of: "bytes" }): void {
    if (this.#dictionary === values) return;
    const encoder = new TextEncoder();
    this.#dictionary = values;
    this.#truthOfCode = Uint8Array.from(values, (value) =>
      memberBytes(encoder.encode(value), set) ? TRUE : FALSE,
    );
  }
}

function vectorAt(batch: ColumnBatch, column: number): Vector {
  const vector = batch.columns[column];
  if (vector === undefined) throw new Error("internal: a batch lacks a column of the program");
  return vector;
}
