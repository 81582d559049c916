// Arithmetic over the numbers of each row, a chunk at a time. Exact operations are on whole numbers of a smallest unit;
// what passes 2^53 - 1 of it becomes infinite, on the way too, and whoever reads the column saturates it. NaN is a row
// that has no value: what divides by zero, or takes infinity from infinity. Nothing throws.
import type { ColumnBatch, NumberVector, Vector } from "../../../core/column/vector.ts";
import { CHUNK_ROWS } from "../chunk.ts";
import { MAX_EXACT, readRaw } from "../measure.ts";
import type { ArithmeticNode, Computed, Operand } from "../program.ts";
import { KERNELS } from "../wasm/kernels.ts";
import type { ComputedVector } from "./computed-vector.ts";
import { commonValidity, vectorAt } from "./validity.ts";

export class ArithmeticColumn implements ComputedVector {
  readonly #type: Extract<Computed, { kind: "arithmetic" }>["type"];
  readonly #root: Node;
  readonly #columns: readonly number[];
  #values = new Float64Array(0);

  constructor({ type, root }: Extract<Computed, { kind: "arithmetic" }>) {
    this.#type = type;
    this.#root = makeNode(root);
    this.#columns = [...new Set(columnsOf(root))];
  }

  compute(batch: ColumnBatch): NumberVector {
    const { rows } = batch;
    if (this.#values.length < rows) this.#values = new Float64Array(rows);
    const values = this.#values.subarray(0, rows);
    for (let start = 0; start < rows; start += CHUNK_ROWS) {
      const count = Math.min(CHUNK_ROWS, rows - start);
      values.set(this.#root.evaluate(batch, start, count).subarray(0, count), start);
    }
    const operands = this.#columns.map((column) => vectorAt(batch, column));
    return { layout: "number", type: this.#type, rows, validity: commonValidity(operands, rows), values };
  }
}

interface Node {
  /** One number for each of `count` rows from `start`, in a buffer of the node's own. Of nulls it may be anything. */
  evaluate(batch: ColumnBatch, start: number, count: number): Float64Array;
}

function makeNode(node: ArithmeticNode): Node {
  switch (node.kind) {
    case "column":
      return new Column(node.column, node.exact);
    case "constant":
      return new Constant(node.value);
    case "operation":
      return new Operation(node);
  }
}

class Column implements Node {
  readonly #column: number;
  readonly #exact: boolean;
  readonly #values = new Float64Array(CHUNK_ROWS);

  constructor(column: number, exact: boolean) {
    this.#column = column;
    this.#exact = exact;
  }

  evaluate(batch: ColumnBatch, start: number, count: number): Float64Array {
    const vector: Vector = vectorAt(batch, this.#column);
    // Past 2^53 a value may be rounded here, but never back to within it.
    readRaw(vector, start, count, Infinity);
    this.#values.set(KERNELS.values.subarray(0, count));
    if (this.#exact) confine(this.#values, count);
    return this.#values;
  }
}

class Constant implements Node {
  readonly #values: Float64Array;

  constructor(value: number) {
    this.#values = new Float64Array(CHUNK_ROWS).fill(value);
  }

  evaluate(): Float64Array {
    return this.#values;
  }
}

class Operation implements Node {
  readonly #combine: Combine;
  readonly #exact: boolean;
  readonly #left: Scaled;
  readonly #right: Scaled;
  readonly #values = new Float64Array(CHUNK_ROWS);

  constructor({ op, exact, operands: [left, right] }: Extract<ArithmeticNode, { kind: "operation" }>) {
    this.#combine = COMBINE[op];
    this.#exact = exact;
    this.#left = new Scaled(left, exact);
    this.#right = new Scaled(right, exact);
  }

  evaluate(batch: ColumnBatch, start: number, count: number): Float64Array {
    const left = this.#left.evaluate(batch, start, count);
    const right = this.#right.evaluate(batch, start, count);
    this.#combine(left, right, this.#values, count);
    if (this.#exact) confine(this.#values, count);
    return this.#values;
  }
}

/** An operand in the unit of the operation. */
class Scaled implements Node {
  readonly #node: Node;
  readonly #times: number;
  readonly #over: number;
  readonly #exact: boolean;
  readonly #values = new Float64Array(CHUNK_ROWS);

  constructor({ node, times, over }: Operand, exact: boolean) {
    this.#node = makeNode(node);
    this.#times = times;
    this.#over = over;
    this.#exact = exact;
  }

  evaluate(batch: ColumnBatch, start: number, count: number): Float64Array {
    const given = this.#node.evaluate(batch, start, count);
    const [times, over] = [this.#times, this.#over];
    if (times === 1 && over === 1) return given;
    const values = this.#values;
    for (let i = 0; i < count; i += 1) values[i] = ((given[i] ?? 0) * times) / over;
    if (this.#exact) confine(values, count);
    return values;
  }
}

type Combine = (left: Float64Array, right: Float64Array, out: Float64Array, count: number) => void;

const COMBINE: Readonly<Record<"+" | "-" | "*" | "/", Combine>> = {
  "+": (left, right, out, count) => {
    for (let i = 0; i < count; i += 1) out[i] = (left[i] ?? 0) + (right[i] ?? 0);
  },
  "-": (left, right, out, count) => {
    for (let i = 0; i < count; i += 1) out[i] = (left[i] ?? 0) - (right[i] ?? 0);
  },
  "*": (left, right, out, count) => {
    for (let i = 0; i < count; i += 1) out[i] = (left[i] ?? 0) * (right[i] ?? 0);
  },
  "/": (left, right, out, count) => {
    for (let i = 0; i < count; i += 1) {
      const divisor = right[i] ?? 0;
      out[i] = divisor === 0 ? NaN : (left[i] ?? 0) / divisor;
    }
  },
};

/** A sum or product of whole numbers past 2^53 may have been rounded, but never back to within it. */
function confine(values: Float64Array, count: number): void {
  for (let i = 0; i < count; i += 1) {
    const value = values[i] ?? 0;
    if (value > MAX_EXACT) values[i] = Infinity;
    else if (value < -MAX_EXACT) values[i] = -Infinity;
  }
}

function columnsOf(node: ArithmeticNode): readonly number[] {
  if (node.kind === "column") return [node.column];
  return node.kind === "constant" ? [] : node.operands.flatMap((operand) => columnsOf(operand.node));
}
