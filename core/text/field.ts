// A value of a parsed document together with where it stands, so that a reader of documents is a list of demands and
// each fault says what is wrong, where. Unknown members are always refused.
import { SealroomError } from "../errors.ts";
import type { Details, ErrorCode } from "../errors.ts";
import type { JsonObject, JsonValue } from "../json.ts";
import { isName, shortName } from "./name.ts";
import { findNearest } from "./nearest.ts";

/** Every method that reads throws the document's own code with `field` (a path) and `fault` (a word). */
export class Field {
  readonly value: JsonValue;
  readonly #code: ErrorCode;
  readonly #step: string | number;
  readonly #parent: Field | null;

  /** A document, or a part of one that stands at `step` in `parent`. */
  constructor(value: JsonValue, step: string | number, code: ErrorCode, parent: Field | null = null) {
    this.value = value;
    this.#step = step;
    this.#code = code;
    this.#parent = parent;
  }

  /** Like `rules.bounds.cost` or `objects[3].key`. Put together on demand: documents have a million fields. */
  get path(): string {
    const before = this.#parent?.path ?? "";
    if (typeof this.#step === "number") return `${before}[${this.#step}]`;
    const name = shortName(this.#step);
    return before === "" ? name : `${before}.${name}`;
  }

  /** The error for this field; the caller throws it. */
  fault(fault: string, details: Details = {}, code: ErrorCode = this.#code): SealroomError {
    return new SealroomError(code, { field: this.path, fault, ...details });
  }

  /** An object with exactly these members. */
  record<K extends string, O extends string = never>(
    required: readonly K[],
    optional: readonly O[] = [],
  ): Readonly<Record<K, Field> & Partial<Record<O, Field>>> {
    const known: readonly string[] = [...required, ...optional];
    const value = this.#object();
    const fields = Object.create(null) as Record<string, Field>;
    for (const name of Object.keys(value)) {
      const field = this.#child(value[name], name);
      if (!known.includes(name)) throw field.fault("unknown", meantDetail(name, known));
      fields[name] = field;
    }
    for (const name of required) if (!(name in fields)) throw this.#child(null, name).fault("missing");
    return fields as Readonly<Record<K, Field> & Partial<Record<O, Field>>>;
  }

  /** An object whose member names the document chooses. */
  members(): readonly (readonly [string, Field])[] {
    const value = this.#object();
    return Object.keys(value).map((name) => [name, this.#child(value[name], name)] as const);
  }

  list(least: number, most: number): readonly Field[] {
    const value = this.value;
    if (!Array.isArray(value)) throw this.fault("not a list");
    if (value.length < least) throw this.fault("too few", { least });
    if (value.length > most) throw this.fault("too many", { most });
    return value.map((item: JsonValue, i) => this.#child(item, i));
  }

  text(): string {
    if (typeof this.value !== "string") throw this.fault("not a string");
    return this.value;
  }

  matching(pattern: Readonly<RegExp>): string {
    const text = this.text();
    if (!pattern.test(text)) throw this.fault("malformed");
    return text;
  }

  name(): string {
    const text = this.text();
    if (!isName(text)) throw this.fault("not a name");
    return text;
  }

  oneOf<T extends string | number>(values: readonly T[]): T {
    const found = values.find((value) => value === this.value);
    if (found !== undefined) return found;
    const named = typeof this.value === "string" ? nearestDetail(this.value, values.map(String)) : {};
    throw this.fault("not one of the known values", { ...named, known: values.join(", ") });
  }

  number(): number {
    if (typeof this.value !== "number") throw this.fault("not a number");
    return this.value;
  }

  integer(least: number, most: number): number {
    const value = this.number();
    if (!Number.isSafeInteger(value)) throw this.fault("not an integer");
    if (value < least || value > most) throw this.fault("out of range", { least, most });
    return value;
  }

  flag(): boolean {
    if (typeof this.value !== "boolean") throw this.fault("not true or false");
    return this.value;
  }

  #object(): JsonObject {
    const { value } = this;
    if (typeof value !== "object" || value === null || Array.isArray(value)) {
      throw this.fault("not an object");
    }
    return value as JsonObject;
  }

  #child(value: JsonValue | undefined, step: string | number): Field {
    return new Field(value ?? null, step, this.#code, this);
  }
}

/** As many names as one reads at a glance. */
const FEW = 16;

/** `nearest`, or where none is near, all that are known if they are few. */
function meantDetail(name: string, known: readonly string[]): Details {
  const near = nearestDetail(name, known);
  return "nearest" in near || known.length === 0 || known.length > FEW ? near : { known: known.join(", ") };
}

/** `nearest` among the names that would be right, where one is near. */
export function nearestDetail(name: string, candidates: Iterable<string>): Details {
  const nearest = findNearest(name, candidates);
  return nearest === undefined ? {} : { nearest };
}
