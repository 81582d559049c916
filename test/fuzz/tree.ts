// Mutations of nested formats that keep the lengths right: a tree is taken out of the bytes, changed, and written anew.
// What is broken is then what the lengths enclose, and a decoder gets as far as that. DER and BER, and CBOR.
import type { Dice } from "./dice.ts";
import { concat, mutateBytes } from "./mutate.ts";
import type { Mutation } from "./mutate.ts";

interface Node {
  /** DER: the tag. CBOR: the major type, with 0x20 for an indefinite length. */
  tag: number;
  /** A leaf's bytes; of a CBOR integer or simple value, its argument. */
  content: Uint8Array;
  /** Null for a leaf. */
  children: Node[] | null;
}

interface TreeFormat {
  /** The values that lie one after another in `bytes`; null where they do not add up. */
  readonly parse: (bytes: Uint8Array) => Node[] | null;
  readonly encode: (nodes: readonly Node[], dice: Dice) => Uint8Array;
  /** A value that holds `inside`. */
  readonly wrap: (inside: Node) => Node;
  readonly tags: readonly number[];
}

const NOTHING = new Uint8Array(0);
const CONSTRUCTED = 0x20;
const MAX_PARSE_DEPTH = 24;

const DER: TreeFormat = {
  parse: kept((bytes) => parseDer(bytes, 0)),
  encode: (nodes, dice) => concat(...nodes.map((node) => encodeDer(node, dice))),
  wrap: (inside) => ({ tag: 0x30, content: NOTHING, children: [inside] }),
  tags: [
    0x01, 0x02, 0x03, 0x04, 0x05, 0x06, 0x0c, 0x17, 0x18, 0x24, 0x30, 0x31, 0x80, 0xa0, 0xa1, 0xa3, 0x1f, 0,
  ],
};

const CBOR: TreeFormat = {
  parse: kept(parseCbor),
  encode: (nodes, dice) => concat(...nodes.map((node) => encodeCbor(node, dice))),
  wrap: (inside) => ({ tag: 4, content: NOTHING, children: [inside] }),
  tags: [0, 1, 2, 3, 4, 5, 6, 7, 0x22, 0x23, 0x24, 0x25],
};

export const mutateDer: Mutation = (bytes, dice, others) => mutateTree(DER, bytes, dice, others);
export const mutateCbor: Mutation = (bytes, dice, others) => mutateTree(CBOR, bytes, dice, others);

/** Valid inputs are taken apart once. */
function kept(parse: TreeFormat["parse"]): TreeFormat["parse"] {
  const known = new WeakMap<Uint8Array, Node[] | null>();
  return (bytes) => {
    const found = known.get(bytes);
    if (found !== undefined) return found;
    const parsed = parse(bytes);
    known.set(bytes, parsed);
    return parsed;
  };
}

function cloneNode({ tag, content, children }: Node): Node {
  return { tag, content, children: children?.map(cloneNode) ?? null };
}

function mutateTree(
  format: TreeFormat,
  bytes: Uint8Array,
  dice: Dice,
  others: readonly Uint8Array[],
): Uint8Array {
  const parsed = format.parse(bytes);
  if (parsed === null) return mutateBytes(bytes, dice, others);
  const root: Node = { tag: 0, content: NOTHING, children: parsed.map(cloneNode) };
  do {
    change(format, root, dice, others);
  } while (dice.chance(0.3));
  const written = format.encode(root.children ?? [], dice);
  return dice.chance(0.1) ? mutateBytes(written, dice, others) : written;
}

function change(format: TreeFormat, root: Node, dice: Dice, others: readonly Uint8Array[]): void {
  const parents = [...walk(root)].filter(({ children }) => (children?.length ?? 0) > 0);
  if (parents.length === 0) return;
  const siblings = dice.pick(parents).children ?? [];
  const at = dice.below(siblings.length);
  const node = siblings[at];
  if (node === undefined) return;
  switch (dice.below(9)) {
    case 0:
      siblings.splice(at, 1);
      return;
    case 1:
      siblings.splice(at, 0, cloneNode(node));
      return;
    case 2:
      siblings.push(...siblings.splice(at, 1));
      return;
    case 3:
      node.tag = dice.pick(format.tags);
      return;
    case 4:
      for (let depth = dice.pick([1, 1, 2, 3, 5, 17, 60]); depth > 0; depth -= 1) {
        siblings[at] = format.wrap(siblings[at] ?? node);
      }
      return;
    case 5: {
      const other = format.parse(others.length === 0 ? NOTHING : dice.pick(others));
      const found = [...walk({ tag: 0, content: NOTHING, children: other ?? [] })];
      siblings[at] = cloneNode(dice.pick(found));
      return;
    }
    default:
      if (node.children === null) node.content = mutateLeaf(node.content, dice);
      else if (dice.chance(0.3)) node.children = [];
      else if (dice.chance(0.5)) node.tag ^= dice.pick([CONSTRUCTED, 0x80]);
      else node.children = [...node.children, ...node.children.map(cloneNode)];
  }
}

function mutateLeaf(content: Uint8Array, dice: Dice): Uint8Array {
  const filled = (length: number, byte: number): Uint8Array => new Uint8Array(length).fill(byte);
  return dice.pick([
    () => mutateBytes(content, dice),
    () => mutateBytes(content, dice),
    () => NOTHING,
    () => filled(content.length, dice.pick([0, 0x30, 0x39, 0x7f, 0x80, 0xff])),
    () => filled(dice.pick([1, 2, 16, 32, 48, 97, 127, 128, 255, 256, 1024, 1025, 5000]), dice.below(256)),
  ])();
}

function* walk(node: Node): Generator<Node> {
  yield node;
  for (const child of node.children ?? []) yield* walk(child);
}

/** As much of X.690 as valid inputs here use; contents that happen to read as values are taken for ones. */
function parseDer(bytes: Uint8Array, depth: number): Node[] | null {
  const nodes: Node[] = [];
  for (let at = 0; at < bytes.length;) {
    const tag = bytes[at] ?? 0;
    const first = bytes[at + 1];
    if (first === undefined || depth > MAX_PARSE_DEPTH) return null;
    if (first === 0x80) {
      const end = indefiniteEnd(bytes, at + 2);
      if (end === null) return null;
      const children = parseDer(bytes.subarray(at + 2, end), depth + 1);
      nodes.push({ tag, content: bytes.slice(at + 2, end), children });
      at = end + 2;
      continue;
    }
    const size = first < 0x80 ? 0 : first - 0x80;
    let length = size === 0 ? first : 0;
    for (let i = 0; i < size; i += 1) length = length * 256 + (bytes[at + 2 + i] ?? 0);
    const start = at + 2 + size;
    if (size > 3 || start + length > bytes.length) return null;
    const content = bytes.subarray(start, start + length);
    const opens = (tag & CONSTRUCTED) !== 0 || tag === 0x04;
    nodes.push({ tag, content, children: opens && length > 1 ? parseDer(content, depth + 1) : null });
    at = start + length;
  }
  return nodes;
}

/** Where the end-of-contents of the values from `start` on begins. */
function indefiniteEnd(bytes: Uint8Array, start: number): number | null {
  for (let at = start; at + 1 < bytes.length;) {
    const [tag = 0, first = 0, second = 0, third = 0] = bytes.subarray(at, at + 4);
    if (tag === 0 && first === 0) return at;
    if (first === 0x80) {
      const end = indefiniteEnd(bytes, at + 2);
      if (end === null) return null;
      at = end + 2;
    } else if (first < 0x80) at += 2 + first;
    else if (first === 0x81) at += 3 + second;
    else if (first === 0x82) at += 4 + second * 256 + third;
    else return null;
  }
  return null;
}

function encodeDer({ tag, content, children }: Node, dice: Dice): Uint8Array {
  const inside = children === null ? content : concat(...children.map((child) => encodeDer(child, dice)));
  if (children !== null && dice.chance(0.01)) {
    return concat(Uint8Array.of(tag, 0x80), inside, new Uint8Array(2));
  }
  return concat(Uint8Array.of(tag, ...derLength(inside.length, dice)), inside);
}

function derLength(length: number, dice: Dice): number[] {
  const octets: number[] = [];
  for (let rest = length; rest > 0; rest = Math.floor(rest / 256)) octets.unshift(rest & 0xff);
  // Now and then longer than it need be.
  if (dice.chance(0.005)) octets.unshift(0);
  return length < 0x80 && octets.length < 2 ? [length] : [0x80 + octets.length, ...octets];
}

function parseCbor(bytes: Uint8Array): Node[] | null {
  const state = { at: 0 };
  const nodes: Node[] = [];
  while (state.at < bytes.length) {
    const node = parseCborItem(bytes, state, 0);
    if (node === null) return null;
    nodes.push(node);
  }
  return nodes;
}

function parseCborItem(bytes: Uint8Array, state: { at: number }, depth: number): Node | null {
  const first = bytes[state.at];
  if (first === undefined || depth > MAX_PARSE_DEPTH) return null;
  const major = first >> 5;
  const info = first & 31;
  state.at += 1;
  let size = 0;
  if (info >= 24 && info <= 27) size = 1 << (info - 24);
  else if (info > 27 && info !== 31) return null;
  let value = info;
  if (size > 0) {
    value = 0;
    for (let i = 0; i < size; i += 1) value = value * 256 + (bytes[state.at + i] ?? 0);
  }
  const argument = bytes.slice(state.at, state.at + size);
  state.at += size;
  if (major === 2 || major === 3) {
    const content = bytes.slice(state.at, state.at + value);
    state.at += value;
    return state.at > bytes.length ? null : { tag: major, content, children: null };
  }
  if (major !== 4 && major !== 5) {
    return { tag: major, content: size === 0 ? Uint8Array.of(info) : argument, children: null };
  }
  const children: Node[] = [];
  const items = info === 31 ? Infinity : major === 5 ? value * 2 : value;
  while (children.length < items) {
    if (info === 31 && bytes[state.at] === 0xff) {
      state.at += 1;
      return { tag: major | 0x20, content: NOTHING, children };
    }
    const child = parseCborItem(bytes, state, depth + 1);
    if (child === null) return null;
    children.push(child);
  }
  return { tag: major, content: NOTHING, children };
}

function encodeCbor({ tag, content, children }: Node, dice: Dice): Uint8Array {
  const major = tag & 7;
  const indefinite = (tag & 0x20) !== 0;
  if (major === 2 || major === 3) {
    const text = children === null ? content : concat(...children.map((child) => encodeCbor(child, dice)));
    if (indefinite) {
      return concat(Uint8Array.of((major << 5) | 31), cborHead(2, text.length), text, Uint8Array.of(0xff));
    }
    return concat(cborHead(major, dice.chance(0.003) ? text.length + 1 : text.length), text);
  }
  if (major === 4 || major === 5) {
    const items = (children ?? []).map((child) => encodeCbor(child, dice));
    if (indefinite) return concat(Uint8Array.of((major << 5) | 31), ...items, Uint8Array.of(0xff));
    const count = major === 5 ? Math.floor(items.length / 2) : items.length;
    return concat(
      cborHead(major, dice.chance(0.003) ? dice.pick([2 ** 31, 2 ** 53, count + 1]) : count),
      ...items,
    );
  }
  if (content.length === 1 && (content[0] ?? 0) < 24) return Uint8Array.of((major << 5) | (content[0] ?? 0));
  const width = content.length <= 1 ? 1 : content.length <= 2 ? 2 : content.length <= 4 ? 4 : 8;
  const argument = new Uint8Array(width);
  argument.set(content.subarray(0, width));
  return concat(Uint8Array.of((major << 5) | (24 + Math.log2(width))), argument);
}

function cborHead(major: number, value: number): Uint8Array {
  if (value < 24) return Uint8Array.of((major << 5) | value);
  const width = value < 256 ? 1 : value < 65_536 ? 2 : value < 2 ** 32 ? 4 : 8;
  const head = new Uint8Array(1 + width);
  head[0] = (major << 5) | (24 + Math.log2(width));
  for (let i = width, rest = value; i > 0; i -= 1, rest = Math.floor(rest / 256)) head[i] = rest % 256;
  return head;
}
