// The unsigned manifest of what a job made: a subject of its receipt. It is worth nothing until the owner has verified
// that receipt and signed a manifest of his own that names these objects.
import { encodeCanonical, parseCanonical } from "../json.ts";
import type { TextLimits } from "../json.ts";
import { SHA384_HEX } from "../text/digest.ts";
import { Field } from "../text/field.ts";
import { THUMBPRINT } from "./jwk.ts";
import { DATASET_NAME, MAX_MANIFEST_BYTES } from "./manifest.ts";
import type { ColumnEntry, ObjectEntry, UnitKind } from "./manifest.ts";
import { parseObjects } from "./objects.ts";
import { parseSchema, UNITS } from "./parse.ts";
import { MAX_VAULTS, parseTokens, parseVault } from "./tokenization.ts";
import type { TokenFacts, VaultEntry } from "./tokenization.ts";
import { KEY_ARN, parseWrappedKey } from "./wrapped-key.ts";

export interface OutputManifest {
  readonly version: 1;
  /** What the copy is called. */
  readonly dataset: string;
  /** RFC 7638 thumbprint of the owner of the input, and so of the copy. */
  readonly owner: string;
  /** The plan's digest: with owner and data set the encryption context of the wrapped key. */
  readonly job: string;
  readonly keyArn: string;
  readonly wrappedKey: string;
  readonly unit: UnitKind;
  readonly schema: readonly ColumnEntry[];
  readonly objects: readonly ObjectEntry[];
  readonly tokens: Readonly<Record<string, TokenFacts>>;
  /** The maps of the copy's random tokens, as they are from now on. */
  readonly vaults: readonly MadeVault[];
  /** What it was made of: SHA-384 (hex) of the input's manifest. */
  readonly source: string;
}

export interface MadeVault extends VaultEntry {
  /** The digest of the map from which it went on; null where it began. */
  readonly from: string | null;
}

const LIMITS: TextLimits = { bytes: MAX_MANIFEST_BYTES, depth: 12, values: 1_500_000 };

export function encodeOutputManifest(manifest: OutputManifest): Uint8Array {
  const bytes = encodeCanonical(manifest);
  // Read back as the owner will read it.
  parseOutputManifest(bytes);
  return bytes;
}

/** Errors: JSON_*, MANIFEST_*. */
export function parseOutputManifest(bytes: Uint8Array): OutputManifest {
  const fields = new Field(parseCanonical(bytes, LIMITS), "", "MANIFEST_FIELD").record([
    "version",
    "dataset",
    "owner",
    "job",
    "keyArn",
    "wrappedKey",
    "unit",
    "schema",
    "objects",
    "tokens",
    "vaults",
    "source",
  ]);
  const unit = fields.unit.oneOf(UNITS);
  const schema = parseSchema(fields.schema, unit);
  return {
    version: fields.version.oneOf([1]),
    dataset: fields.dataset.matching(DATASET_NAME),
    owner: fields.owner.matching(THUMBPRINT),
    job: fields.job.matching(SHA384_HEX),
    keyArn: fields.keyArn.matching(KEY_ARN),
    wrappedKey: parseWrappedKey(fields.wrappedKey),
    unit,
    schema,
    objects: parseObjects(fields.objects, unit),
    tokens: parseTokens(fields.tokens, schema),
    vaults: parseMadeVaults(fields.vaults),
    source: fields.source.matching(SHA384_HEX),
  };
}

function parseMadeVaults(field: Field): readonly MadeVault[] {
  return field.list(0, MAX_VAULTS).map((entry) => {
    const { domain, audience, map, from } = entry.record(["domain", "audience", "map", "from"]);
    const vault = parseVault({ domain, audience, map });
    return { ...vault, from: from.value === null ? null : from.matching(SHA384_HEX) };
  });
}
