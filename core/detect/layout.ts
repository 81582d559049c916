// Fixed arrangements of letters and digits in groups, such as ddd-dd-dddd, compiled once to a class a place.
import { CLASS, classOf } from "./ascii.ts";
import { NONE } from "./detector.ts";
import { bytesOf, kindOf, separatorAt } from "./separator.ts";

const BETWEEN = 0;
const PLACES: ReadonlyMap<string, number> = new Map([
  ["d", CLASS.digit],
  ["a", CLASS.letter],
  ["x", CLASS.word],
  ["-", BETWEEN],
]);

export interface Layout {
  readonly places: readonly number[];
  /** Kinds of separators that may stand between groups; all of one value are of one kind. */
  readonly kinds: number;
  /** Places before the first separator. */
  readonly lead: number;
}

/** `text`: d for a digit, a for a letter, x for either, - between groups. */
export function layout(text: string, kinds: number): Layout {
  const places = Array.from(text, (place) => PLACES.get(place) ?? unknownPlace(place));
  const lead = places.indexOf(BETWEEN);
  return { places, kinds, lead: lead < 0 ? places.length : lead };
}

function unknownPlace(place: string): never {
  throw new TypeError(`no place of a layout: ${place}`);
}

/** Where what begins at `at` ends, arranged so; or NONE. */
export function layoutEnd(layout: Layout, bytes: Uint8Array, at: number, end: number): number {
  const { places } = layout;
  let kinds = layout.kinds;
  let place = at;
  for (const wanted of places) {
    if (wanted === BETWEEN) {
      const separator = separatorAt(bytes, place, end);
      kinds &= kindOf(separator);
      if (kinds === 0) return NONE;
      place += bytesOf(separator);
    } else {
      if (place >= end || (classOf(bytes[place] ?? 0) & wanted) === 0) return NONE;
      place++;
    }
  }
  return place;
}
