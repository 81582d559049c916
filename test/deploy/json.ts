// Values of templates, as both formats give them.
export type Json = null | boolean | number | string | readonly Json[] | Members;
export interface Members {
  readonly [name: string]: Json;
}

export function isMembers(value: Json | undefined): value is Members {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

export function members(value: Json | undefined): Members {
  return isMembers(value) ? value : {};
}

export function list(value: Json | undefined): readonly Json[] {
  return value === undefined || value === null
    ? []
    : Array.isArray(value)
      ? (value as readonly Json[])
      : [value];
}

/** A scalar as it is written; nothing as nothing. */
export function textOf(value: Json | undefined): string {
  if (value === undefined) return "";
  return typeof value === "object" ? JSON.stringify(value) : String(value);
}

/** The value at `a.b.0.c`. */
export function at(value: Json | undefined, path: string): Json | undefined {
  return path
    .split(".")
    .reduce<Json | undefined>(
      (found, name) =>
        Array.isArray(found) ? (found as readonly Json[])[Number(name)] : members(found)[name],
      value,
    );
}

/** Every path of a value's leaves; lists of scalars and empty values are leaves. */
export function leaves(value: Json, prefix = ""): readonly string[] {
  const below = Array.isArray(value)
    ? (value as readonly Json[]).map((item, index) => [String(index), item] as const)
    : isMembers(value)
      ? Object.entries(value)
      : [];
  const isFlat = Array.isArray(value) && !(value as readonly Json[]).some(isMembers);
  if (below.length === 0 || isFlat) return [prefix];
  return below.flatMap(([name, item]) => leaves(item, prefix === "" ? name : `${prefix}.${name}`));
}

/** A copy with another value at `a.b.0.c`, or none: what an attacker, or a careless hand, could have written. */
export function changed(value: Members, path: string, to: Json | undefined): Members {
  const copy = structuredClone(value) as unknown as Record<string, Json | undefined>;
  const names = path.split(".");
  const last = names.pop() ?? "";
  let target = copy;
  for (const name of names) target = target[name] as unknown as Record<string, Json | undefined>;
  if (to === undefined) Reflect.deleteProperty(target, last);
  else target[last] = to;
  return copy as Members;
}
