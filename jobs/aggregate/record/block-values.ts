// The numbers of a block that measures are made of: columns in the arena, and arithmetic over them, in the unit and by the
// rules of computed/arithmetic.ts, bit for bit. Sums and products of floats are left to the loop that adds them; all else is
// computed here, into places of its own. What is needed twice is computed once.
import type { ColumnBatch, Vector } from "../../../core/column/vector.ts";
import { MAX_EXACT } from "../measure.ts";
import type { ArithmeticNode, Computed, Operand } from "../program.ts";
import { RECORD_LOOPS } from "../wasm/record-kernels.ts";
import type { RowValue } from "../wasm/row-values.ts";
import { ARENA } from "./arena.ts";
import { BLOCK_ROWS, copy } from "./block.ts";
import type { Block, Places } from "./block.ts";

/** Floats past it go the general way. */
const MOST_FLOAT_BITS = 200;
const MOST_FLOAT: number = 2 ** MOST_FLOAT_BITS;
/** Of 2^31 such numbers the sum is finite. */
const MOST_BITS = 900;
const LOOPS = { "+": "add", "-": "subtract", "*": "multiply", "/": "divide" } as const;

/** Leaves a value for each row of the block at its place; false where some is none that these loops take. */
type Step = (batch: ColumnBatch, block: Block) => boolean;

export class BlockValues {
  readonly #places: Places;
  /** Where 64-bit words and 32-bit integers lie before they are converted. */
  readonly #raw: number;
  readonly #steps: Step[] = [];
  readonly #known = new Map<string, number>();
  readonly #constants: (readonly [number, number])[] = [];

  constructor(places: Places) {
    this.#places = places;
    this.#raw = places.next();
  }

  /** Once the arena is claimed: what stands there for every block. */
  start(): void {
    for (const [place, value] of this.#constants) {
      ARENA.views.float64.fill(value, place / 8, place / 8 + BLOCK_ROWS + 2);
    }
  }

  /** Of a column of the batch that is given; whole numbers, if `exact`, within 2^53 of their unit. */
  addColumn(column: number, exact: boolean, { columns }: ColumnBatch): RowValue {
    const vector = columns[column];
    const isInt32 = vector?.layout === "number" && vector.values instanceof Int32Array;
    if (!isInt32) return floatAt(this.#addFloats(column, exact));
    const place = this.#once(`int32 ${String(column)}`, (at) => {
      this.#steps.push((batch, block) => {
        const given = batch.columns[column];
        if (given?.layout !== "number" || given.validity !== null) return false;
        copy(given.values, block, ARENA.views.int32, at / 4);
        return true;
      });
    });
    return { kind: "column", place, as: "int32" };
  }

  addComputed(
    { root, type }: Extract<Computed, { readonly kind: "arithmetic" }>,
    batch: ColumnBatch,
  ): RowValue {
    const value = this.#rowValue(root, batch);
    if (value !== null && mostBits(value) <= MOST_BITS) return value;
    const place = this.#addNode(root);
    this.#steps.push((_, block) => isWithin(place, block, type.kind === "float" ? MOST_FLOAT : MAX_EXACT));
    return floatAt(place);
  }

  /** Null of what the loop that adds does not compute. */
  #rowValue(node: ArithmeticNode, batch: ColumnBatch): RowValue | null {
    if (node.kind === "column") return this.addColumn(node.column, node.exact, batch);
    if (node.kind === "constant") return { kind: "constant", value: node.value };
    const { op, exact } = node;
    if (exact || op === "/") return null;
    const [left, right] = node.operands.map(({ node: operand, times, over }): RowValue | null => {
      const of = this.#rowValue(operand, batch);
      return of === null || (times === 1 && over === 1) ? of : { kind: "scaled", of, times, over };
    });
    return left && right ? { kind: "operation", op, of: [left, right] } : null;
  }

  #addFloats(column: number, exact: boolean): number {
    return this.#once(`column ${String(column)}`, (place) => {
      this.#steps.push((batch, block) => {
        const vector = batch.columns[column];
        const isRead = vector !== undefined && this.#read(vector, block, place);
        return isRead && isWithin(place, block, exact ? MAX_EXACT : MOST_FLOAT);
      });
    });
  }

  /** False where the general way has to take the block. */
  read(batch: ColumnBatch, block: Block): boolean {
    return this.#steps.every((step) => step(batch, block));
  }

  #once(key: string, make: (place: number) => void): number {
    const known = this.#known.get(key);
    if (known !== undefined) return known;
    const place = this.#places.next();
    this.#known.set(key, place);
    make(place);
    return place;
  }

  #addNode(node: ArithmeticNode): number {
    if (node.kind === "column") return this.#addFloats(node.column, node.exact);
    if (node.kind === "constant") {
      return this.#once(`constant ${String(node.value)}`, (place) => {
        this.#constants.push([place, node.value]);
      });
    }
    const { op, exact } = node;
    const [left, right] = node.operands.map((operand) => this.#addOperand(operand, exact));
    if (left === undefined || right === undefined) throw new Error("internal: an operation without operands");
    return this.#once(`${op} ${String(left)} ${String(right)} ${String(exact)}`, (place) => {
      this.#steps.push((_, { passing }) => {
        RECORD_LOOPS[LOOPS[op]](0, passing, place, left, right);
        if (exact) RECORD_LOOPS.confine(0, passing, place);
        return true;
      });
    });
  }

  #addOperand({ node, times, over }: Operand, exact: boolean): number {
    const given = this.#addNode(node);
    if (times === 1 && over === 1) return given;
    return this.#once(`scale ${String(given)} ${String(times)} ${String(over)} ${String(exact)}`, (place) => {
      this.#steps.push((_, { passing }) => {
        RECORD_LOOPS.scale(0, passing, place, given, times, over);
        if (exact) RECORD_LOOPS.confine(0, passing, place);
        return true;
      });
    });
  }

  #read(vector: Vector, block: Block, place: number): boolean {
    if (vector.validity !== null) return false;
    const { float64, int32 } = ARENA.views;
    const raw = this.#raw;
    if (vector.layout === "number") {
      const { values } = vector;
      if (values instanceof Float64Array) copy(values, block, float64, place / 8);
      else if (values instanceof Int32Array) {
        copy(values, block, int32, raw / 4);
        RECORD_LOOPS.convertInt32(0, block.passing, place, raw);
      } else copy(values, block, float64, place / 8);
      return true;
    }
    const isUnsigned = vector.type.kind === "int" && !vector.type.signed;
    if (vector.layout !== "words" || isUnsigned || vector.wordsPerValue !== 2) return false;
    copyWords(vector.words, block, int32, raw / 4);
    RECORD_LOOPS.convertInt64(0, block.passing, place, raw);
    return true;
  }
}

/** Past 2^53 an integer may have been rounded, but never back to within it. */
function isWithin(place: number, { passing }: Block, limit: number): boolean {
  // A loop over pairs looks at one more.
  ARENA.views.float64[place / 8 + passing] = 0;
  return RECORD_LOOPS.areAllWithin(0, passing, place, limit) === 1;
}

function floatAt(place: number): RowValue {
  return { kind: "column", place, as: "float64" };
}

/** The binary logarithm, rounded up, of how large a number may get. */
function mostBits(value: RowValue): number {
  switch (value.kind) {
    case "column":
      return value.as === "int32" ? 31 : MOST_FLOAT_BITS;
    case "constant":
      return Math.max(0, Math.ceil(Math.log2(Math.abs(value.value))));
    case "scaled":
      return mostBits(value.of) + Math.max(0, Math.ceil(Math.log2(Math.abs(value.times))));
    case "operation": {
      const [left, right] = value.of.map(mostBits);
      return value.op === "*" ? (left ?? 0) + (right ?? 0) : Math.max(left ?? 0, right ?? 0) + 1;
    }
  }
}

function copyWords(
  words: Uint32Array,
  { start, count, passing, picked }: Block,
  to: Int32Array,
  at: number,
): void {
  if (picked === null) {
    to.set(words.subarray(2 * start, 2 * (start + count)), at);
    return;
  }
  for (let i = 0; i < passing; i += 1) {
    const row = start + (picked[i] ?? 0);
    to[at + 2 * i] = words[2 * row] ?? 0;
    to[at + 2 * i + 1] = words[2 * row + 1] ?? 0;
  }
}
