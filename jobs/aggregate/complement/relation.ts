// Cells of a table linked by sums: parent = sum of children. Which relations a cell is part of and which cells a
// relation has, as flat arrays; a relation's parent stands first, with the sign -1.

export interface Relation {
  readonly parent: number;
  readonly children: readonly number[];
}

/** Both directions of "is part of": `members` by relation, `relations` by cell. */
export interface Relations {
  readonly count: number;
  /** The members of relation r are members[memberStart[r]] up to members[memberStart[r + 1]], the parent first. */
  readonly memberStart: Int32Array;
  readonly members: Int32Array;
  /** The relations of cell c are relations[relationStart[c]] up to relations[relationStart[c + 1]], ascending. */
  readonly relationStart: Int32Array;
  readonly relations: Int32Array;
  /** Beside `relations`: -1 where the cell is the relation's parent, 1 where it is a child. */
  readonly signs: Int8Array;
}

/**
 * Relations are numbered in an order of their own, and so are their children, so that nothing depends on the caller's.
 * Throws a RangeError for a relation without children, with a cell twice, or with a cell that the table does not have:
 * only a mistake in the caller makes such a thing.
 */
export function linkRelations(cells: number, unordered: readonly Relation[]): Relations {
  const list = unordered
    .map(({ parent, children }) => ({ parent, children: Int32Array.from(children).sort() }))
    .sort((a, b) => a.parent - b.parent || compareChildren(a.children, b.children));
  const memberStart = new Int32Array(list.length + 1);
  const relationStart = new Int32Array(cells + 1);
  const lastSeen = new Int32Array(cells).fill(-1);
  list.forEach(({ parent, children }, r) => {
    if (children.length === 0) throw new RangeError("a relation without children");
    memberStart[r + 1] = (memberStart[r] ?? 0) + 1 + children.length;
    const count = (cell: number): void => {
      if (!(cell >= 0 && cell < cells)) throw new RangeError("no such cell");
      if (lastSeen[cell] === r) throw new RangeError("a cell twice in one relation");
      lastSeen[cell] = r;
      relationStart[cell + 1] = (relationStart[cell + 1] ?? 0) + 1;
    };
    count(parent);
    children.forEach(count);
  });
  for (let c = 0; c < cells; c += 1) {
    relationStart[c + 1] = (relationStart[c + 1] ?? 0) + (relationStart[c] ?? 0);
  }

  const members = new Int32Array(memberStart[list.length] ?? 0);
  const relations = new Int32Array(members.length);
  const signs = new Int8Array(members.length);
  const next = relationStart.slice(0, cells);
  list.forEach(({ parent, children }, r) => {
    let at = memberStart[r] ?? 0;
    const add = (cell: number, sign: number): void => {
      members[at] = cell;
      at += 1;
      const slot = next[cell] ?? 0;
      relations[slot] = r;
      signs[slot] = sign;
      next[cell] = slot + 1;
    };
    add(parent, -1);
    for (const child of children) add(child, 1);
  });
  return { count: list.length, memberStart, members, relationStart, relations, signs };
}

/** Cells that relations link, and all the relations that link them; both ascending. */
export interface Part {
  readonly cells: Int32Array;
  readonly relations: Int32Array;
}

/**
 * The connected parts that have one of the cells `from`, in that order; relations link only cells for which `inside`
 * is 1. Time and memory grow with the parts alone, beside one byte a cell and a relation.
 */
export function connectedParts(relations: Relations, from: Iterable<number>, inside: Uint8Array): Part[] {
  const found: Part[] = [];
  const cellSeen = new Uint8Array(inside.length);
  const relationSeen = new Uint8Array(relations.count);
  for (const first of from) {
    if (cellSeen[first] === 1) continue;
    cellSeen[first] = 1;
    const cells = [first];
    const numbers: number[] = [];
    // The list grows while it is walked.
    for (const cell of cells) {
      for (const relation of relationsOf(relations, cell)) {
        if (relationSeen[relation] === 1) continue;
        relationSeen[relation] = 1;
        numbers.push(relation);
        for (const member of membersOf(relations, relation)) {
          if (cellSeen[member] === 1 || inside[member] !== 1) continue;
          cellSeen[member] = 1;
          cells.push(member);
        }
      }
    }
    found.push({ cells: Int32Array.from(cells).sort(), relations: Int32Array.from(numbers).sort() });
  }
  return found;
}

/** The cells of a relation, its parent first. */
export function membersOf({ members, memberStart }: Relations, relation: number): Int32Array {
  return members.subarray(memberStart[relation], memberStart[relation + 1]);
}

export function relationsOf({ relations, relationStart }: Relations, cell: number): Int32Array {
  return relations.subarray(relationStart[cell], relationStart[cell + 1]);
}

function compareChildren(a: Int32Array, b: Int32Array): number {
  const at = a.findIndex((child, i) => child !== b[i]);
  return at < 0 ? a.length - b.length : (a[at] ?? 0) - (b[at] ?? Infinity);
}
