// What all tokenization operators have in common. A kernel takes a column and its fates, a byte a row: rows whose fate
// is not `done` on entry are left alone, others that get nothing are given the fate that says why. A row that is not
// `done` has no bytes, or a zero, in what a kernel gives; no value is ever passed through, but for a text in which
// `redact` finds nothing.
import type { TokenMaster } from "../../core/token/keys.ts";
import type { Field } from "../../core/text/field.ts";
import type { CanonicalForm } from "./canonical.ts";
import type { TextColumn } from "./text-column.ts";

export interface TextKernel {
  readonly takes: "text";
  readonly gives: "text";
  tokenize(column: TextColumn, fates: Uint8Array): TextColumn;
  /** Only of reversible operators. Gives canonical values. */
  reveal?(tokens: TextColumn, fates: Uint8Array): TextColumn;
}

/** Days since 1970, and to which unit each row belongs (no bytes: to none). */
export interface UnitDates {
  readonly days: Int32Array;
  readonly units: TextColumn;
}

export interface UnitDateKernel {
  readonly takes: "date of unit";
  readonly gives: "date";
  tokenize(dates: UnitDates, fates: Uint8Array): Int32Array;
  reveal(dates: UnitDates, fates: Uint8Array): Int32Array;
}

/** Days since 1970 to whole numbers. */
export interface DateKernel {
  readonly takes: "date";
  readonly gives: "number";
  tokenize(days: Int32Array, fates: Uint8Array): Int32Array;
}

export interface NumberKernel {
  readonly takes: "number";
  readonly gives: "number";
  tokenize(numbers: Float64Array, fates: Uint8Array): Int32Array;
}

export interface ClassKernel {
  readonly takes: "number";
  readonly gives: "text";
  tokenize(numbers: Float64Array, fates: Uint8Array): TextColumn;
}

export type Kernel = TextKernel | UnitDateKernel | DateKernel | NumberKernel | ClassKernel;

export interface Traits {
  /** Needs a token domain's master key. */
  readonly isKeyed: boolean;
  readonly isReversible: boolean;
  /** Reveals the very text that was tokenized, but for white space at its ends. */
  readonly isVerbatim: boolean;
  /** Equal values have equal tokens wherever domain, audience, version and parameters are the same. */
  readonly isJoinable: boolean;
}

/** P: its parameters. */
export interface Operator<P, K extends Kernel> {
  readonly name: string;
  readonly takes: K["takes"];
  readonly gives: K["gives"];
  /** JSON parameters of a manifest; unknown members are refused. Error: the field's own, TOKEN_PARAMETER. */
  readonly parse: (parameters: Field) => P;
  readonly traits: (parameters: P) => Traits;
  /** `master`: null for operators without keys alone. Errors: TOKEN_KEY, TOKEN_SCOPE. */
  readonly make: (parameters: P, master: TokenMaster | null) => K;
}

export const KEYED: Traits = { isKeyed: true, isReversible: false, isVerbatim: false, isJoinable: true };
export const REVERSIBLE: Traits = { isKeyed: true, isReversible: true, isVerbatim: false, isJoinable: true };
export const VERBATIM: Traits = { ...REVERSIBLE, isVerbatim: true };
/** What coarsens or hides values by their own digits. */
export const KEYLESS: Traits = { isKeyed: false, isReversible: false, isVerbatim: false, isJoinable: false };

/** Of a reversible operator over values in this form. */
export function reversibleIn(form: CanonicalForm): Traits {
  return form === "exact" || form === "trim" ? VERBATIM : REVERSIBLE;
}

/** A keyed operator without a key is the caller's mistake. */
export function demandMaster(master: TokenMaster | null): TokenMaster {
  if (master === null) throw new TypeError("internal: a keyed operator without its domain's key");
  return master;
}
