// What an owner signs about one epoch of a data set. Types only; parse.ts turns bytes into them, sign.ts and
// verify.ts put the signature on and check it.
import type { CsvDialect } from "../csv/dialect.ts";
import type { Edges } from "./bins.ts";
import type { Expressions } from "./expressions.ts";
import type { JoinRule } from "./joins.ts";
import type { PublicJwk } from "./jwk.ts";
import type { AudienceRule, TokenFacts, TokenKeyEntry, VaultEntry } from "./tokenization.ts";

export const MANIFEST_TYP = "sealroom-manifest";
export const MAX_MANIFEST_BYTES: number = 32 * 1024 * 1024;
export const MAX_OBJECTS = 100_000;
export const MAX_COLUMNS = 1_024;
/** What a data set, or a token domain, may be called: it stands in key policies, file names and commands. */
export const DATASET_NAME: Readonly<RegExp> = /^[A-Za-z0-9][A-Za-z0-9._-]{0,127}$/;

/** Who may be protected by, see or compute on a column. A `hidden` column takes part in nothing. */
export type Role = "unit" | "identifier" | "dimension" | "measure" | "hidden";

export const ROLES: readonly Role[] = ["unit", "identifier", "dimension", "measure", "hidden"];

export interface ColumnEntry {
  readonly name: string;
  /** A name that findColumnType knows. */
  readonly type: string;
  readonly role: Role;
}

export type ObjectFormat = "arrow" | "csv" | "parquet";

/** What the manifest says of every object, whoever wrote it. */
export interface ObjectFacts {
  /** Relative to the manifest's own place, so that a data set can be moved or copied whole. */
  readonly key: string;
  /** What the plaintext is: an Arrow IPC file wherever `seal` or a job wrote it. */
  readonly format: ObjectFormat;
  /** SHA-384 (hex): of the authenticated header of an object that `seal` wrote, of the whole of an adopted one. */
  readonly digest: string;
  /** Length of the encrypted object in bytes. */
  readonly bytes: number;
  readonly rows: number;
}

/** An object that `seal` wrote: a message (suite 0x0478) whose header holds its data key, wrapped by the dataset key. */
export type SealedEntry = ObjectFacts;

/** An object that others wrote, with what it takes to open it. */
export interface AdoptedEntry extends ObjectFacts {
  /** How a CSV text is to be read; of no other format. */
  readonly csv?: CsvDialect;
  readonly envelope: Envelope;
}

/** `"envelope" in entry` tells the two apart. */
export type ObjectEntry = SealedEntry | AdoptedEntry;

/** All bytes are in base64url. Adopted objects are verified to their end before any byte of them is used. */
export type Envelope =
  /** An Encryption SDK message, framed or not. */
  | { readonly kind: "esdk-whole"; readonly suite: number; readonly wrappedKey: string }
  /** S3 Encryption Client, AES/GCM/NoPadding. */
  | { readonly kind: "s3ec-v2"; readonly iv: string; readonly wrappedKey: string }
  /** S3 Encryption Client, suite 115: it commits to its key. */
  | {
      readonly kind: "s3ec-v3";
      readonly messageId: string;
      readonly commitment: string;
      readonly wrappedKey: string;
    };

/** The bounds to which one unit's contribution to one group's sum is clipped, in the column's own unit. */
export interface Bounds {
  readonly lower: number;
  readonly upper: number;
}

/** To multiples of what released numbers are rounded. */
export interface Rounding {
  /** Of rows and units; null where they are released as they are. */
  readonly counts: number | null;
  /** By measure column, in its own unit. */
  readonly sums: Readonly<Record<string, number>>;
}

export interface Rules {
  /** A group is released only if at least this many distinct units are in it. At least 2. */
  readonly minUnits: number;
  /** A job whose result would list more groups, totals among them, is refused. */
  readonly maxGroups: number;
  /** Whether plans that are neither listed nor granted may run. */
  readonly adhoc: boolean;
  /** Digests (SHA-384, hex) of plans that may always run. */
  readonly plans: readonly string[];
  /** By measure column. A measure without bounds cannot be summed or averaged. */
  readonly bounds: Readonly<Record<string, Bounds>>;
  /**
   * Dominance: where one unit has more than this share of the sum of absolute clipped contributions, the group's
   * figures of that column are withheld. Above 0, up to 1, which withholds nothing; null for no such rule.
   */
  readonly maxShare: number | null;
  /** Measure columns of which the least and the greatest value may be asked. */
  readonly extremes: readonly string[];
  readonly rounding: Rounding;
  /**
   * With totals: no suppressed count may be known more closely than to this many, and no suppressed sum more closely
   * than to this many times the most that one unit can add to it.
   */
  readonly interval: number;
  /** By dimension column: keys that are always listed, as JSON values of the column's type. */
  readonly groupKeys: Readonly<Record<string, readonly (string | number | boolean)[]>>;
  /** By name, what jobs may compute of a row's numbers: bounds, extremes and rounding speak of it as of a measure. */
  readonly expressions?: Expressions;
  /** By measure or dimension: the edges of its bins; left out where there are none. */
  readonly bins?: Readonly<Record<string, Edges>>;
  /** By measure or dimension: how many distinct values one unit may add to a count of them; left out where there are none. */
  readonly distinct?: Readonly<Record<string, number>>;
  /** With which data sets this one may be joined, by which columns; left out where there are none. */
  readonly joins?: readonly JoinRule[];
  /** Who may receive results, besides those that a grant or a listed plan names. */
  readonly recipients: readonly PublicJwk[];
  /** `sealed`: results leave only encrypted to the recipient. `clear`: the plan may ask for them in the clear. */
  readonly release: "sealed" | "clear";
  /** By audience, the copies with tokens that may be made; left out where there are none. */
  readonly tokenization?: Readonly<Record<string, AudienceRule>>;
  /** The keys of token domains that jobs on this data set may use; left out where there are none. */
  readonly tokenKeys?: readonly TokenKeyEntry[];
  /** From which maps random tokens go on; left out where there are none. */
  readonly vaults?: readonly VaultEntry[];
}

/**
 * Who is protected: the unit of a column whose rows lie together, marked by sealroom:unit_start; each row by itself; or
 * the unit of a column whose rows may lie anywhere in the data set, as in adopted objects.
 */
export type UnitKind = "column" | "row" | "scattered";

export interface Manifest {
  readonly version: 1;
  readonly dataset: string;
  /** UTC milliseconds; also what the key policy lists as live. */
  readonly epoch: number;
  readonly keyArn: string;
  /** The dataset key under KMS, base64url, under the encryption context of encryption-context.ts. */
  readonly wrappedKey: string;
  readonly unit: UnitKind;
  readonly schema: readonly ColumnEntry[];
  readonly objects: readonly ObjectEntry[];
  readonly rules: Rules;
  /** The owner's public encryption key, for reports that only the owner may read. */
  readonly ownerKey: PublicJwk;
  /** UTC milliseconds after which no job may use this manifest. */
  readonly notAfter: number;
  /** By column, what its tokens were made by; left out of data sets that no job has made. */
  readonly tokens?: Readonly<Record<string, TokenFacts>>;
}

/** A manifest whose signature has been verified, with what identifies it. */
export interface VerifiedManifest {
  readonly manifest: Manifest;
  /** SHA-384 (hex) of the payload bytes. */
  readonly digest: string;
  /** RFC 7638 thumbprint (SHA-256, base64url) of the key that signed it. */
  readonly owner: string;
}

export const GRANT_TYP = "sealroom-grant";
export const MAX_GRANT_BYTES: number = 8 * 1024;

/** The owner's signature on one plan over named manifests. */
export interface Grant {
  readonly version: 1;
  readonly plan: string;
  readonly manifests: readonly string[];
  /** RFC 7638 thumbprint of the recipient's key. */
  readonly recipient: string;
  readonly notAfter: number;
  /** The most rows the result may have. */
  readonly maxRows: number;
}

export interface VerifiedGrant {
  readonly grant: Grant;
  readonly digest: string;
  readonly owner: string;
}

/** The Raw AES keyring under which every object's data key is wrapped: namespace and key name in its header. */
export const DATASET_KEYRING = { namespace: "sealroom", name: "dataset-key" } as const;
