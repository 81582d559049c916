// JSON as signed documents use it: one strict reader, one canonical form (RFC 8785). What is accepted is what its
// canonical form reads back; everything else is refused before anything is built from it.
import { SealroomError } from "./errors.ts";
import { JsonScanner } from "./text/json-scanner.ts";
import { decodeUtf8, encodeUtf8 } from "./text/utf8.ts";

export type JsonValue = null | boolean | number | string | JsonArray | JsonObject;
export type JsonArray = readonly JsonValue[];
export interface JsonObject {
  readonly [name: string]: JsonValue;
}

/** Bounds on a text, checked before and while it is read: bytes, nesting, and the number of values in it. */
export interface TextLimits {
  readonly bytes: number;
  readonly depth: number;
  readonly values: number;
}

export const SMALL_TEXT: TextLimits = { bytes: 1024 * 1024, depth: 32, values: 65_536 };

/**
 * Parses JSON text; objects have no prototype. Errors: JSON_SIZE, JSON_DEPTH, JSON_SYNTAX, JSON_DUPLICATE, JSON_KEY,
 * JSON_NUMBER, JSON_STRING, each but the first with `line` and `column`.
 */
export function parseJson(text: string, limits: TextLimits = SMALL_TEXT): JsonValue {
  if (text.length > limits.bytes) throw new SealroomError("JSON_SIZE", { limit: limits.bytes });
  return new JsonScanner(text, limits).document();
}

/**
 * Parses bytes that must be the canonical form of what they say: a document has one encoding, so its digest is its
 * identity. Errors: those of parseJson, JSON_UTF8, JSON_CANONICAL.
 */
export function parseCanonical(bytes: Uint8Array, limits: TextLimits = SMALL_TEXT): JsonValue {
  if (bytes.length > limits.bytes) throw new SealroomError("JSON_SIZE", { limit: limits.bytes });
  const text = decodeUtf8(bytes);
  const value = parseJson(text, limits);
  if (canonicalText(value) !== text) throw new SealroomError("JSON_CANONICAL");
  return value;
}

/** RFC 8785 bytes of a value made of JSON types only; anything else is the caller's mistake (TypeError). */
export function encodeCanonical(value: unknown): Uint8Array {
  return encodeUtf8(canonicalText(value));
}

/** RFC 8785 §3.2: ECMAScript's own number and string forms, no space, members by UTF-16 code units. */
export function canonicalText(value: unknown): string {
  if (typeof value === "string") return canonicalString(value);
  if (typeof value === "number" && !Number.isFinite(value)) {
    throw new TypeError("internal: not a JSON number");
  }
  if (typeof value === "number" || typeof value === "boolean" || value === null) return JSON.stringify(value);
  if (Array.isArray(value)) return `[${value.map(canonicalText).join(",")}]`;
  if (!isRecord(value)) throw new TypeError("internal: not a JSON value");
  let members = "";
  // `sort` without a comparison orders by code units, as the RFC asks.
  for (const name of Object.keys(value).sort()) {
    const member = `${canonicalString(name)}:${canonicalText(value[name])}`;
    members = members === "" ? member : `${members},${member}`;
  }
  return `{${members}}`;
}

function canonicalString(text: string): string {
  if (/[\ud800-\udfff]/.test(text) && /\p{Surrogate}/u.test(text)) {
    throw new TypeError("internal: a lone surrogate");
  }
  return JSON.stringify(text);
}

function isRecord(value: unknown): value is Record<string, unknown> {
  if (typeof value !== "object" || value === null) return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === null || prototype === Object.prototype;
}
