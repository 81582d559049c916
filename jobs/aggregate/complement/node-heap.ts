// The least of a changing set: nodes by cost, then by number.

interface Reached {
  readonly cost: number;
  readonly node: number;
}

/** A binary heap. */
export class NodeHeap {
  readonly #items: Reached[] = [];

  push(cost: number, node: number): void {
    const items = this.#items;
    const item = { cost, node };
    let at = items.length;
    items.push(item);
    while (at > 0) {
      const above = (at - 1) >> 1;
      const parent = items[above];
      if (parent === undefined || !isLess(item, parent)) break;
      items[at] = parent;
      at = above;
    }
    items[at] = item;
  }

  pop(): Reached | null {
    const items = this.#items;
    const top = items[0];
    const last = items.pop();
    if (top === undefined || last === undefined) return null;
    if (items.length === 0) return top;
    let at = 0;
    for (;;) {
      let child = 2 * at + 1;
      const [left, right] = [items[child], items[child + 1]];
      if (left === undefined) break;
      if (right !== undefined && isLess(right, left)) child += 1;
      const least = items[child];
      if (least === undefined || !isLess(least, last)) break;
      items[at] = least;
      at = child;
    }
    items[at] = last;
    return top;
  }
}

function isLess(a: Reached, b: Reached): boolean {
  return a.cost < b.cost || (a.cost === b.cost && a.node < b.node);
}
