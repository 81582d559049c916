// The objects of a manifest: each is named once, in one way, and says all that it takes to open it.
import { parseDialect } from "../csv/dialect.ts";
import type { CsvDialect } from "../csv/dialect.ts";
import { decodeBase64url } from "../text/base64url.ts";
import { SHA384_HEX } from "../text/digest.ts";
import type { Field } from "../text/field.ts";
import { foldName, isName } from "../text/name.ts";
import { MAX_OBJECTS } from "./manifest.ts";
import type { Envelope, ObjectEntry, ObjectFacts, ObjectFormat, UnitKind } from "./manifest.ts";

/**
 * Suites in which a message may be adopted. Those that use the data key itself as the message's key (0014, 0046, 0078)
 * are left out: two messages under one data key would repeat their IVs.
 */
export const ADOPTED_SUITES: readonly number[] = [
  0x0114, 0x0146, 0x0178, 0x0214, 0x0346, 0x0378, 0x0478, 0x0578,
];
/** What one GCM text can hold (2^36 - 32 bytes), its tag and a header: the most that is verified to its end. */
export const MAX_WHOLE_BYTES: number = 2 ** 36 + 2 ** 20;

/** 12 bytes of IV, a data key of 16, 24 or 32, 16 bytes of tag. */
const WRAPPED_BYTES: readonly number[] = [44, 52, 60];
const WRAPPED_AES_256_BYTES = 60;
const S3EC_IV_BYTES = 12;
/** S3 Encryption Client specification, key commitment: 28 bytes each. */
const S3EC_COMMITMENT_BYTES = 28;

const MAX_KEY_CHARS = 1024;
export const FORMATS: readonly ObjectFormat[] = ["arrow", "csv", "parquet"];
const FACTS = ["key", "format", "digest", "bytes", "rows"] as const;

/** Errors: MANIFEST_FIELD, MANIFEST_OBJECT, MANIFEST_TOTAL. */
export function parseObjects(field: Field, unit: UnitKind): readonly ObjectEntry[] {
  const keys = new Set<string>();
  const digests = new Set<string>();
  let bytesTotal = 0;
  let rowsTotal = 0;
  return field.list(1, MAX_OBJECTS).map((entry) => {
    const { key, format, digest, bytes, rows, envelope, csv } = entry.record(FACTS, ["envelope", "csv"]);
    const facts: ObjectFacts = {
      key: parseKey(key),
      format: format.oneOf(envelope === undefined ? ["arrow"] : FORMATS),
      digest: digest.matching(SHA384_HEX),
      bytes: bytes.integer(1, envelope === undefined ? Number.MAX_SAFE_INTEGER : MAX_WHOLE_BYTES),
      rows: rows.integer(0, Number.MAX_SAFE_INTEGER),
    };
    // Each object is read once. Its header, and so its digest, is unique; keys must differ on every file system.
    const folded = foldName(facts.key);
    if (keys.has(folded)) throw key.fault("named twice", {}, "MANIFEST_OBJECT");
    if (digests.has(facts.digest)) throw digest.fault("named twice", {}, "MANIFEST_OBJECT");
    keys.add(folded);
    digests.add(facts.digest);
    bytesTotal += facts.bytes;
    rowsTotal += facts.rows;
    if (!Number.isSafeInteger(bytesTotal)) throw bytes.fault("total", {}, "MANIFEST_TOTAL");
    if (!Number.isSafeInteger(rowsTotal)) throw rows.fault("total", {}, "MANIFEST_TOTAL");
    const dialect = parseCsv(entry, facts.format, csv);
    if (envelope === undefined) return facts;
    // Nobody marked the units of an adopted object's rows.
    if (unit === "column") throw envelope.fault("units are not marked", {}, "MANIFEST_OBJECT");
    return { ...facts, ...dialect, envelope: parseEnvelope(envelope) };
  });
}

/** A CSV text means nothing without its dialect, and nothing else has one. */
function parseCsv(entry: Field, format: ObjectFormat, csv: Field | undefined): { readonly csv?: CsvDialect } {
  if ((format === "csv") !== (csv !== undefined)) throw entry.fault("dialect", { format });
  return csv === undefined ? {} : { csv: parseDialect(csv) };
}

function parseEnvelope(field: Field): Envelope {
  const kind = field.record(["kind", "wrappedKey"], ["suite", "iv", "messageId", "commitment"]).kind;
  switch (kind.oneOf(["esdk-whole", "s3ec-v2", "s3ec-v3"])) {
    case "esdk-whole": {
      const { suite, wrappedKey } = field.record(["kind", "suite", "wrappedKey"]);
      return {
        kind: "esdk-whole",
        suite: suite.oneOf(ADOPTED_SUITES),
        wrappedKey: parseBytes(wrappedKey, WRAPPED_BYTES),
      };
    }
    case "s3ec-v2": {
      const { iv, wrappedKey } = field.record(["kind", "iv", "wrappedKey"]);
      return {
        kind: "s3ec-v2",
        iv: parseBytes(iv, [S3EC_IV_BYTES]),
        wrappedKey: parseBytes(wrappedKey, [WRAPPED_AES_256_BYTES]),
      };
    }
    case "s3ec-v3": {
      const fields = field.record(["kind", "messageId", "commitment", "wrappedKey"]);
      return {
        kind: "s3ec-v3",
        messageId: parseBytes(fields.messageId, [S3EC_COMMITMENT_BYTES]),
        commitment: parseBytes(fields.commitment, [S3EC_COMMITMENT_BYTES]),
        wrappedKey: parseBytes(fields.wrappedKey, [WRAPPED_AES_256_BYTES]),
      };
    }
  }
}

function parseBytes(field: Field, lengths: readonly number[]): string {
  const text = field.text();
  const length = text.length > 128 ? undefined : decodeBase64url(text)?.length;
  if (length === undefined || !lengths.includes(length)) throw field.fault("malformed");
  return text;
}

/** A path below the manifest's own place, whatever joins it: no way up, no way out, no other separator. */
function parseKey(field: Field): string {
  const key = field.text();
  const isPlain =
    key.length <= MAX_KEY_CHARS &&
    !/[\\%?#:*]/.test(key) &&
    key.split("/").every((segment) => isName(segment) && segment !== "." && segment !== "..");
  if (!isPlain) throw field.fault("not a plain relative path", {}, "MANIFEST_OBJECT");
  return key;
}
