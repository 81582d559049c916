// What an owner signs about one epoch of a data set. Types only; parse.ts turns bytes into them, sign.ts and
// verify.ts put the signature on and check it.
import type { PublicJwk } from "./jwk.ts";

export const MANIFEST_TYP = "sealroom-manifest";
export const MAX_MANIFEST_BYTES: number = 32 * 1024 * 1024;
export const MAX_OBJECTS = 100_000;
export const MAX_COLUMNS = 1_024;
/** What a data set, or a token domain, may be called: it stands in key policies, file names and commands. */
export const DATASET_NAME: Readonly<RegExp> = /^[A-Za-z0-9][A-Za-z0-9._-]{0,127}$/;

/** Who may be protected by, see or compute on a column. A `hidden` column takes part in nothing. */
export type Role = "unit" | "identifier" | "dimension" | "measure" | "hidden";

export interface ColumnEntry {
  readonly name: string;
  /** A name that findColumnType knows. */
  readonly type: string;
  readonly role: Role;
}

/** One sealed object: an Encryption SDK message (0x0478) whose plaintext is an Arrow IPC file. */
export interface ObjectEntry {
  /** Relative to the manifest's own place, so that a data set can be moved or copied whole. */
  readonly key: string;
  readonly format: "arrow";
  /** SHA-384 (hex) of the message's authenticated header. */
  readonly digest: string;
  /** Length of the sealed object in bytes. */
  readonly bytes: number;
  readonly rows: number;
}

/** The bounds to which one unit's contribution to one group's sum is clipped, in the column's own unit. */
export interface Bounds {
  readonly lower: number;
  readonly upper: number;
}

export interface Rules {
  /** A group is released only if at least this many distinct units are in it. At least 2. */
  readonly minUnits: number;
  /** A job that would form more groups is refused. */
  readonly maxGroups: number;
  /** Whether plans that are neither listed nor granted may run. */
  readonly adhoc: boolean;
  /** Digests (SHA-384, hex) of plans that may always run. */
  readonly plans: readonly string[];
  /** By measure column. A measure without bounds cannot be summed or averaged. */
  readonly bounds: Readonly<Record<string, Bounds>>;
  /** By dimension column: keys that are always listed, as JSON values of the column's type. */
  readonly groupKeys: Readonly<Record<string, readonly (string | number | boolean)[]>>;
  /** Who may receive results, besides those that a grant or a listed plan names. */
  readonly recipients: readonly PublicJwk[];
  /** `sealed`: results leave only encrypted to the recipient. `clear`: the plan may ask for them in the clear. */
  readonly release: "sealed" | "clear";
}

export interface Manifest {
  readonly version: 1;
  readonly dataset: string;
  /** UTC milliseconds; also what the key policy lists as live. */
  readonly epoch: number;
  readonly keyArn: string;
  /** The dataset key under KMS, base64url, under the encryption context of encryption-context.ts. */
  readonly wrappedKey: string;
  /** Who is protected: the column of role `unit`, or each row by itself. */
  readonly unit: "column" | "row";
  readonly schema: readonly ColumnEntry[];
  readonly objects: readonly ObjectEntry[];
  readonly rules: Rules;
  /** The owner's public encryption key, for reports that only the owner may read. */
  readonly ownerKey: PublicJwk;
  /** UTC milliseconds after which no job may use this manifest. */
  readonly notAfter: number;
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
