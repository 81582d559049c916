// Mutations of JSON: of the value, written canonically again, so that a reader gets past the form to the fields; and of
// the text, so that it does not.
import type { Dice } from "./dice.ts";
import { mutateBytes } from "./mutate.ts";
import type { Mutation } from "./mutate.ts";

type Json = null | boolean | number | string | Json[] | { [name: string]: Json };

const STRINGS = [
  "",
  " ",
  "a",
  "*",
  "__proto__",
  "constructor",
  "toString",
  "hasOwnProperty",
  "e\u0301",
  "\u00e9",
  "\u202e",
  "\u200b",
  "\ufeff",
  "\u0000",
  "\ud800",
  "\u{1f30d}",
  "../../etc",
  "a/b",
  "sealroom:unit_start",
  "P-256",
  "column",
  "row",
  "clear",
  "sealed",
  "null",
  "2026-02-30",
  "2026-01-31T00:00:00Z",
  "-1",
  "1e400",
  "0.1",
  "99999999999999999999999999999999999999",
  "A".repeat(43),
  "ab".repeat(48),
  "x".repeat(257),
  "\u20ac".repeat(300),
  "decimal(38,38)",
  "decimal(39,0)",
];
const NUMBERS = [
  ...[0, -0, 1, -1, 2, 15, 16, 255, 256, 65_535, 65_536, 1_000_000, 10_000_001, 2 ** 31, 2 ** 32],
  ...[2 ** 53 - 1, 2 ** 53, -(2 ** 53), 0.1, 1.5, 1e21, 1e308, 5e-324, 1e-7],
];

/** Text that is JSON, changed as a value and written in the canonical form (RFC 8785), or changed as text. */
export const mutateJson: Mutation = (bytes, dice, others) => {
  const value = parse(bytes);
  if (value === undefined || dice.chance(0.15)) return mutateText(bytes, dice, others);
  const holder: Json[] = [value];
  do {
    changeValue(holder, dice, others);
  } while (dice.chance(0.35));
  const text = canonical(holder[0] ?? null);
  const written = new TextEncoder().encode(text);
  return dice.chance(0.15) ? mutateText(written, dice, others) : written;
};

const TOKENS = [
  ...['"', "\\", "{", "}", "[", "]", ",", ":", " ", "\n", "\t", "null", "true", "1e9", "-", "0", "\\u0000"],
  ...["\\ud800", '"a":1,', '"version":1,', "[[[[[[[[", '{"a":'.repeat(40), "[".repeat(3000), "1".repeat(70)],
  ...[
    "# ",
    "- ",
    ": ",
    "&a ",
    "*a",
    "!!str ",
    "|\n",
    "? ",
    "<<: ",
    "---\n",
    "%YAML 1.2\n",
    "\u0085",
    "'",
    "~",
    "0x1F",
  ],
];

/** Any text: tokens put in, lines repeated, bytes changed. */
export const mutateText: Mutation = (bytes, dice, others) => {
  if (dice.chance(0.4)) return mutateBytes(bytes, dice, others);
  const text = Buffer.from(bytes).toString("utf8");
  const at = dice.below(text.length + 1);
  const end = Math.min(text.length, at + dice.below(dice.pick([1, 8, 80])));
  const middle = dice.pick([
    () => dice.pick(TOKENS),
    () => dice.pick(STRINGS),
    () => text.slice(at, end).repeat(2),
    () => text.slice(at, end).repeat(dice.pick([3, 50])),
    () => "",
    () => String(dice.pick(NUMBERS)),
  ])();
  const mutant = new TextEncoder().encode(text.slice(0, at) + middle + text.slice(end));
  return dice.chance(0.3) ? mutateText(mutant, dice, others) : mutant;
};

function changeValue(holder: Json[], dice: Dice, others: readonly Uint8Array[]): void {
  const places = [...walk(holder)];
  if (places.length === 0) return;
  const place = dice.pick(places);
  const { parent, key } = place;
  const get = (): Json => valueAt(place);
  const set = (value: Json): void => {
    if (Array.isArray(parent)) parent[Number(key)] = value;
    else parent[key] = value;
  };
  switch (dice.below(12)) {
    case 0:
      if (Array.isArray(parent)) parent.splice(Number(key), 1);
      else Reflect.deleteProperty(parent, key);
      return;
    case 1:
      if (Array.isArray(parent)) parent.push(structuredClone(get()));
      else parent[dice.pick(STRINGS)] = get();
      return;
    case 2: {
      set(structuredClone(valueAt(dice.pick(places))));
      return;
    }
    case 3: {
      const found = others.length === 0 ? undefined : parse(dice.pick(others));
      if (found !== undefined) {
        set(valueAt(dice.pick([...walk([found])])));
      }
      return;
    }
    case 4: {
      let nested: Json = get();
      for (let depth = dice.pick([1, 2, 8, 33, 300]); depth > 0; depth -= 1) {
        nested = dice.chance(0.5) ? [nested] : { and: [nested] };
      }
      set(nested);
      return;
    }
    case 5: {
      const value = get();
      if (Array.isArray(value)) {
        set(dice.pick([[], value.toReversed(), [...value, ...structuredClone(value)]]));
      } else set(dice.pick([null, true, false, [], {}]));
      return;
    }
    default: {
      const value = get();
      if (typeof value === "number") {
        set(dice.chance(0.6) ? dice.pick(NUMBERS) : value + dice.pick([-1, 1, 0.5, 1e6]));
      } else if (typeof value === "string" && dice.chance(0.6)) {
        set(
          Buffer.from(mutateBytes(new TextEncoder().encode(value), dice)).toString(
            dice.pick(["utf8", "latin1"]),
          ),
        );
      } else {
        set(dice.pick<Json>([dice.pick(STRINGS), dice.pick(NUMBERS), null, true, [], {}]));
      }
    }
  }
}

interface Place {
  readonly parent: Json[] | Record<string, Json>;
  readonly key: string | number;
}

function valueAt({ parent, key }: Place): Json {
  return (Array.isArray(parent) ? parent[Number(key)] : parent[key]) ?? null;
}

function* walk(parent: Place["parent"]): Generator<Place> {
  for (const [key, value] of Object.entries(parent)) {
    yield { parent, key: Array.isArray(parent) ? Number(key) : key };
    if (typeof value === "object" && value !== null) yield* walk(value);
  }
}

function parse(bytes: Uint8Array): Json | undefined {
  try {
    return JSON.parse(Buffer.from(bytes).toString("utf8")) as Json;
  } catch {
    return undefined;
  }
}

/** Not our own writer, which refuses what a mutant may hold. */
export function canonical(value: Json): string {
  if (Array.isArray(value)) return `[${value.map(canonical).join(",")}]`;
  if (typeof value !== "object" || value === null) return JSON.stringify(value);
  const names = Object.keys(value).sort();
  return `{${names.map((name) => `${JSON.stringify(name)}:${canonical(value[name] ?? null)}`).join(",")}}`;
}
