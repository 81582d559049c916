// Typed access to a message's fields, for messages that must have exactly the members they are declared with.
import { SealroomError } from "../errors.ts";
import type { JsonObject, JsonValue } from "../json.ts";

/** Refuses missing and unknown members (WIRE_FIELD). */
export function checkMembers(
  fields: JsonObject,
  required: readonly string[],
  optional: readonly string[] = [],
): void {
  for (const name of required) {
    if (!Object.hasOwn(fields, name)) throw new SealroomError("WIRE_FIELD", { name });
  }
  for (const name of Object.keys(fields)) {
    if (!required.includes(name) && !optional.includes(name)) {
      throw new SealroomError("WIRE_FIELD", { name: "unknown" });
    }
  }
}

export function stringField(fields: JsonObject, name: string, pattern: RegExp): string {
  const value: JsonValue | undefined = fields[name];
  if (typeof value !== "string" || !pattern.test(value)) throw new SealroomError("WIRE_FIELD", { name });
  return value;
}

export function integerField(fields: JsonObject, name: string, max: number): number {
  const value: JsonValue | undefined = fields[name];
  if (typeof value !== "number" || !Number.isSafeInteger(value) || value < 0 || value > max) {
    throw new SealroomError("WIRE_FIELD", { name });
  }
  return value;
}
