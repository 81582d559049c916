// The encryption contexts under which KMS keeps Sealroom's keys (docs/threat-model.md). Only this file can make one,
// and only from fields of a verified manifest or plan: nobody can carry another owner's wrapped key into his own.
import { SealroomError } from "../errors.ts";
import { SHA384_HEX } from "../text/digest.ts";
import { THUMBPRINT } from "./jwk.ts";
import { DATASET_NAME } from "./manifest.ts";

declare const made: unique symbol;
/** A context that was made here. A plain object of the same members is none. */
export type EncryptionContext = Readonly<Record<string, string>> & { readonly [made]: true };

export interface DatasetContext {
  readonly owner: string;
  readonly dataset: string;
  readonly epoch: number;
}

export interface TokenContext {
  readonly owner: string;
  readonly domain: string;
  readonly version: number;
}

export interface OutputContext {
  readonly owner: string;
  readonly dataset: string;
  /** The plan's digest. */
  readonly job: string;
}

/** Of the key that a data set's objects are sealed under. Errors: CONTEXT_FIELD. */
export function datasetContext({ owner, dataset, epoch }: DatasetContext): EncryptionContext {
  return makeContext("dataset", owner, {
    dataset: named("dataset", dataset),
    epoch: counted("epoch", epoch),
  });
}

/** Of the key that makes the tokens of a domain. Errors: CONTEXT_FIELD. */
export function tokenContext({ owner, domain, version }: TokenContext): EncryptionContext {
  return makeContext("token", owner, {
    domain: named("domain", domain),
    version: counted("version", version),
  });
}

/** Of the key that a job's sealed output is written under. Errors: CONTEXT_FIELD. */
export function outputContext({ owner, dataset, job }: OutputContext): EncryptionContext {
  return makeContext("output", owner, {
    dataset: named("dataset", dataset),
    job: matching("job", job, SHA384_HEX),
  });
}

function makeContext(
  purpose: string,
  owner: string,
  fields: Readonly<Record<string, string>>,
): EncryptionContext {
  const members = { owner: matching("owner", owner, THUMBPRINT), purpose, ...fields };
  const entries = Object.entries(members).map(([name, value]) => [`sealroom:${name}`, value]);
  return Object.freeze(Object.fromEntries(entries)) as EncryptionContext;
}

function named(field: string, value: string): string {
  return matching(field, value, DATASET_NAME);
}

function counted(field: string, value: number): string {
  if (!Number.isSafeInteger(value) || value < 1) throw new SealroomError("CONTEXT_FIELD", { field });
  return String(value);
}

function matching(field: string, value: string, pattern: Readonly<RegExp>): string {
  if (!pattern.test(value)) throw new SealroomError("CONTEXT_FIELD", { field });
  return value;
}
