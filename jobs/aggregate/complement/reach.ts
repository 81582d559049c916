// The nodes that a search has reached, each with the entry it was reached by, in the order in which they were. Begun
// anew without being cleared.

export class Reach {
  start = 0;
  /** The entry to look at next, of the node that was taken last; -1 when it has no more. */
  cursor = -1;
  readonly #search: Int32Array;
  readonly #via: Int32Array;
  readonly #queue: Int32Array;
  #now = 0;
  #length = 0;
  #taken = 0;

  constructor(nodes: number) {
    this.#search = new Int32Array(nodes);
    this.#via = new Int32Array(nodes);
    this.#queue = new Int32Array(nodes);
  }

  begin(start: number): void {
    this.#now += 1;
    this.start = start;
    this.#search[start] = this.#now;
    this.#length = 0;
    this.#taken = 0;
  }

  has(node: number): boolean {
    return this.#search[node] === this.#now;
  }

  /** Once a node counts for the order; again, only its entry changes. */
  add(node: number, entry: number): void {
    if (!this.has(node)) {
      this.#search[node] = this.#now;
      this.#queue[this.#length] = node;
      this.#length += 1;
    }
    this.#via[node] = entry;
  }

  via(node: number): number {
    return this.#via[node] ?? 0;
  }

  /** The next node in order, the start left out; null when all have been taken. */
  next(): number | null {
    if (this.#taken === this.#length) return null;
    this.#taken += 1;
    return this.#queue[this.#taken - 1] ?? 0;
  }
}
