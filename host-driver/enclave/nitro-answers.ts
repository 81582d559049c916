// What nitro-cli prints, parsed: the members that are used have to be of their types; others may come with versions.
import { parseRegister } from "../../core/attestation/measurements.ts";
import type { Measurements } from "../../core/attestation/measurements.ts";
import { SealroomError } from "../../core/errors.ts";
import { parseJson } from "../../core/json.ts";
import type { JsonObject, JsonValue } from "../../core/json.ts";

/** What `run-enclave` says. */
export interface Started {
  /** `i-0abc...-enc0123...`. */
  readonly id: string;
  readonly name: string | null;
  readonly cid: number;
  /** Of nitro-cli's process that keeps the enclave. */
  readonly pid: number;
  readonly cpus: readonly number[];
  readonly memoryMiB: number;
}

/** What `describe-enclaves` says of each. */
export interface Description extends Started {
  /** `RUNNING`, `TERMINATING`, `EMPTY`. */
  readonly state: string;
  readonly mode: "production" | "debug";
  /** Of the image as nitro-cli computed them from the file, in debug mode too. Null where it has none. */
  readonly measurements: Measurements | null;
}

/** An instance runs at most 4; a longer answer is none. */
const MAX_ENCLAVES = 64;

/** Errors: NITRO_OUTPUT. */
export function parseStarted(text: string): Started {
  return readStarted(parseAnswer(text, "run-enclave"), "run-enclave");
}

/** Errors: NITRO_OUTPUT. */
export function parseDescriptions(text: string): readonly Description[] {
  const command = "describe-enclaves";
  const list = parseAnswer(text, command);
  if (!Array.isArray(list) || list.length > MAX_ENCLAVES) throw malformed(command, "list");
  return list.map((value: JsonValue) => {
    const started = readStarted(value, command);
    const members = value as JsonObject;
    const flags = members["Flags"];
    if (flags !== "NONE" && flags !== "DEBUG_MODE") throw malformed(command, "Flags");
    return {
      ...started,
      state: readText(members, "State", command),
      mode: flags === "NONE" ? "production" : "debug",
      measurements: readMeasurements(members["Measurements"], command),
    };
  });
}

/** Errors: NITRO_OUTPUT. */
export function parseTermination(text: string, id: string): void {
  const command = "terminate-enclave";
  const answer = parseAnswer(text, command);
  if (!isObject(answer) || answer["EnclaveID"] !== id || answer["Terminated"] !== true) {
    throw malformed(command, "Terminated");
  }
}

function parseAnswer(text: string, command: string): JsonValue {
  try {
    return parseJson(text.trim());
  } catch (cause) {
    throw new SealroomError("NITRO_OUTPUT", { command }, { cause });
  }
}

function readStarted(value: JsonValue, command: string): Started {
  if (!isObject(value)) throw malformed(command, "object");
  const cpus = value["CPUIDs"];
  if (!Array.isArray(cpus) || !cpus.every(isCount)) throw malformed(command, "CPUIDs");
  const name = value["EnclaveName"];
  if (name !== undefined && typeof name !== "string") throw malformed(command, "EnclaveName");
  const id = readText(value, "EnclaveID", command);
  if (!/^i-[0-9a-f]{1,32}-enc[0-9a-f]{1,32}$/.test(id)) throw malformed(command, "EnclaveID");
  return {
    id,
    name: name ?? null,
    cid: readCount(value, "EnclaveCID", command),
    pid: readCount(value, "ProcessID", command),
    cpus,
    memoryMiB: readCount(value, "MemoryMiB", command),
  };
}

function readMeasurements(value: JsonValue | undefined, command: string): Measurements | null {
  if (value === undefined) return null;
  // Of an enclave whose image is still being measured.
  if (isObject(value) && Object.keys(value).length === 0) return null;
  if (!isObject(value)) throw malformed(command, "Measurements");
  const registers = (["PCR0", "PCR1", "PCR2"] as const).map((name) => {
    const register = parseRegister(value[name]);
    if (register === null) throw malformed(command, name);
    return register;
  });
  const [zero = "", one = "", two = ""] = registers;
  return { 0: zero, 1: one, 2: two };
}

function readText(members: JsonObject, name: string, command: string): string {
  const value = members[name];
  if (typeof value !== "string" || value === "" || value.length > 200) throw malformed(command, name);
  return value;
}

function readCount(members: JsonObject, name: string, command: string): number {
  const value = members[name];
  if (!isCount(value)) throw malformed(command, name);
  return value;
}

function isCount(value: JsonValue | undefined): value is number {
  return typeof value === "number" && Number.isSafeInteger(value) && value >= 0;
}

function isObject(value: JsonValue): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function malformed(command: string, member: string): SealroomError {
  return new SealroomError("NITRO_OUTPUT", { command, member });
}
