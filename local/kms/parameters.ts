// Reads the JSON parameters of a KMS request. From the caller: any value. A parameter that the operation does not
// know is refused, where KMS passes over it: here it is a mistake of ours, or a feature that would silently not work.
import type { JsonObject, JsonValue } from "../../core/json.ts";
import { AwsError } from "../aws-error.ts";

/** A policy of 32 KiB may double by escapes; a document of 16 KiB grows by a third. */
export const MAX_REQUEST_BYTES: number = 128 * 1024;
const MAX_CONTEXT_BYTES = 8192;

/** Pairs in the order of their keys, so that equal contexts are equal. */
export type Context = readonly (readonly [string, string])[];

export class Parameters {
  readonly #fields: JsonObject;

  constructor(fields: JsonObject, known: readonly string[]) {
    const unknown = Object.keys(fields).find((name) => !known.includes(name));
    if (unknown !== undefined) throw invalid(`parameter ${unknown} is not known`);
    this.#fields = fields;
  }

  has(name: string): boolean {
    return (this.#fields[name] ?? null) !== null;
  }

  findText(name: string, maxLength: number): string | null {
    const value = this.#fields[name] ?? null;
    if (value === null) return null;
    if (typeof value !== "string" || value.length < 1 || value.length > maxLength) {
      throw invalid(`${name} is invalid`);
    }
    return value;
  }

  getText(name: string, maxLength: number): string {
    return this.findText(name, maxLength) ?? missing(name);
  }

  /** One of the words, the first if it is absent. */
  word(name: string, ...words: readonly [string, ...string[]]): string {
    const value = this.findText(name, 256) ?? words[0];
    if (!words.includes(value)) throw invalid(`${name} must be one of ${words.join(", ")}`);
    return value;
  }

  findInteger(name: string, min: number, max: number): number | null {
    const value = this.#fields[name] ?? null;
    if (value === null) return null;
    if (typeof value !== "number" || !Number.isInteger(value) || value < min || value > max) {
      throw invalid(`${name} must be a whole number from ${min} to ${max}`);
    }
    return value;
  }

  flag(name: string): boolean {
    const value = this.#fields[name] ?? false;
    if (typeof value !== "boolean") throw invalid(`${name} must be true or false`);
    return value;
  }

  /** For lists that must be empty here: tags, grant tokens. */
  checkEmptyList(name: string, code: string): void {
    const value = this.#fields[name] ?? [];
    if (!Array.isArray(value) || value.length > 0) {
      throw new AwsError(code, 400, `${name} is not supported here`);
    }
  }

  getBytes(name: string, min: number, max: number): Uint8Array {
    const text = this.getText(name, 4 * Math.ceil(max / 3));
    const bytes = Buffer.from(text, "base64");
    if (bytes.toString("base64") !== text || bytes.length < min || bytes.length > max) {
      throw invalid(`${name} must be ${min} to ${max} bytes in base64`);
    }
    return new Uint8Array(bytes);
  }

  context(name: string): Context {
    const value = this.#fields[name] ?? {};
    const pairs = Object.entries(asObject(value, name)).map(([key, text]) => {
      if (typeof text !== "string" || key === "") throw invalid(`${name} is a map of texts`);
      return [key, text] as const;
    });
    const bytes = pairs.reduce(
      (sum, [key, text]) => sum + Buffer.byteLength(key) + Buffer.byteLength(text),
      0,
    );
    if (bytes > MAX_CONTEXT_BYTES) throw invalid(`${name} is longer than ${MAX_CONTEXT_BYTES} bytes`);
    // Condition keys have no case: for two such keys no policy could say which it means.
    if (new Set(pairs.map(([key]) => key.toLowerCase())).size !== pairs.length) {
      throw invalid(`${name} has keys that differ only in case`);
    }
    return pairs.sort(([a], [b]) => Buffer.compare(Buffer.from(a), Buffer.from(b)));
  }

  object(name: string, known: readonly string[]): Parameters {
    return new Parameters(asObject(this.#fields[name] ?? null, name), known);
  }
}

/** @throws AwsError SerializationException */
export function parseParameters(body: Uint8Array): JsonObject {
  let value: JsonValue;
  try {
    // Any JSON, as KMS takes it: a policy or a context may have what our own documents may not.
    value = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(body)) as JsonValue;
  } catch {
    throw new AwsError("SerializationException", 400, "the request is not JSON");
  }
  return asObject(value, "the request");
}

export function invalid(message: string): AwsError {
  return new AwsError("ValidationException", 400, message);
}

function missing(name: string): never {
  throw invalid(`${name} is missing`);
}

function asObject(value: JsonValue, what: string): JsonObject {
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    throw invalid(`${what} is not an object`);
  }
  return value as JsonObject;
}
