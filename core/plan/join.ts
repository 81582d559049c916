// How a plan puts two data sets together, and how it then names their columns: by the side that each is of. Whether their
// owners allow it is manifest/joins.ts's matter.
import type { Field } from "../text/field.ts";

/** The plan's first input is the left one. */
export const SIDES = ["left", "right"] as const;
export type Side = (typeof SIDES)[number];

/**
 * `inner`: each pair of rows whose keys are equal. `left`: those, and the left rows that have no such partner, with nulls.
 * `semi`: each left row that has a partner, once; of the right one nothing can be asked.
 */
export const JOIN_KINDS = ["inner", "left", "semi"] as const;
export type JoinKind = (typeof JOIN_KINDS)[number];

export interface Join {
  readonly kind: JoinKind;
  /** All of these are equal. A null equals nothing. In order, each once. */
  readonly on: readonly JoinKey[];
}

/** Columns by the names that they have in their data sets. */
export interface JoinKey {
  readonly left: string;
  readonly right: string;
}

export const MAX_JOIN_KEYS = 8;

/** A column of one side, as plans name it. */
export function sidedName(side: Side, column: string): string {
  return `${side}.${column}`;
}

/** Which is the input of a side. */
export function inputOf(side: Side): number {
  return SIDES.indexOf(side);
}

/** Throws the field's own code. */
export function parseJoin(field: Field): Join {
  const { kind, on } = field.record(["kind", "on"]);
  const keys = on.list(1, MAX_JOIN_KEYS).map(parseJoinKey);
  if (orderKeys(keys).some((key, at) => keys[at] !== key)) throw on.fault("not in order");
  checkKeys(on, keys);
  return { kind: kind.oneOf(JOIN_KINDS), on: keys };
}

function parseJoinKey(field: Field): JoinKey {
  const { left, right } = field.record(["left", "right"]);
  return { left: left.name(), right: right.name() };
}

/** In the one order that plans have them. */
export function orderKeys(keys: readonly JoinKey[]): readonly JoinKey[] {
  return keys.toSorted((one, other) => compare(one.left, other.left) || compare(one.right, other.right));
}

/** A column that is compared twice says nothing more, or that nothing is joined. Throws the field's own code. */
export function checkKeys(field: Field, keys: readonly JoinKey[]): void {
  for (const side of SIDES) {
    const names = keys.map((key) => key[side]);
    if (new Set(names).size < names.length) throw field.fault("named twice");
  }
}

function compare(one: string, other: string): number {
  return one === other ? 0 : one < other ? -1 : 1;
}
