// Where what stopped an owner's command can be mended: in the rules, the schema, the data, at the data set's place, or
// at its KMS key.
import { SealroomError } from "../core/errors.ts";
import type { ErrorCode } from "../core/errors.ts";
import { FaultAt } from "./fault.ts";

export interface OwnerPlaces {
  /** The inputs, or what else the command is about. */
  readonly data: string;
  readonly schema?: string | undefined;
  readonly rules?: string | undefined;
  /** Where the data set lies. */
  readonly location: string;
  readonly key?: string;
}

const AT_SCHEMA: readonly ErrorCode[] = ["OWNER_SCHEMA", "MANIFEST_SCHEMA", "OWNER_UNIT_OPEN"];
const AT_LOCATION: readonly ErrorCode[] = ["OWNER_TAKEN", "OWNER_EPOCH", "STORE_WRITE"];

/** Runs `work`; what it throws is said to lie where its owner can mend it, unless it says so itself. */
export async function locateForOwner<Value>(
  places: OwnerPlaces,
  work: () => Value | Promise<Value>,
): Promise<Value> {
  try {
    return await work();
  } catch (error) {
    throw error instanceof FaultAt ? error : new FaultAt(findOwnerPlace(error, places), error);
  }
}

export function findOwnerPlace(error: unknown, places: OwnerPlaces): string {
  const { data, location, schema = data, rules = data, key = data } = places;
  if (!(error instanceof SealroomError)) return data;
  const { code, details } = error;
  if (typeof details["file"] === "string") return details["file"];
  if (isOfRules(code, String(details["field"] ?? ""))) return rules;
  if (AT_SCHEMA.includes(code)) return schema;
  if (AT_LOCATION.includes(code)) return location;
  return code.startsWith("KMS_") ? key : data;
}

/** A stored manifest is not this machine's to mend: there the same fields stand below `rules`. */
function isOfRules(code: ErrorCode, field: string): boolean {
  if (code === "OWNER_RULES" || code === "MANIFEST_RULES") return !/^rules\b/.test(field);
  return code.startsWith("KEY_") && field.startsWith("recipients");
}
