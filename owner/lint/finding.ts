// One finding of the linter, with the request that shows what it is about where there is one.
import type { Principal } from "../policy/principal.ts";
import type { LintCode } from "./codes.ts";

/** A request to KMS, as far as a key policy can see it. */
export interface Probe {
  readonly principal: Principal;
  /** `kms:Decrypt`, say. */
  readonly action: string;
  /** The encryption context; null for an action that takes none. */
  readonly context: Readonly<Record<string, string>> | null;
  /** Registers of the attestation document in lower-case hex; null for a request without one. */
  readonly registers: ReadonlyMap<number, string> | null;
}

export interface Finding {
  readonly code: LintCode;
  /** The statement's place in the policy, from 0; null for the policy as a whole. */
  readonly statement: number | null;
  /** What of it, in words: a register, a key, actions. */
  readonly detail: string;
  /** A request that the statement lets through and should not. */
  readonly witness?: Probe;
}

export function finding(code: LintCode, statement: number | null, detail: string, witness?: Probe): Finding {
  return { code, statement, detail, ...(witness === undefined ? {} : { witness }) };
}
