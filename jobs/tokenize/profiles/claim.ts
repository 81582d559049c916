// What a copy may be called under a regime, and why: a claim for each profile, with a finding for each column. Claims rest
// on rules, parameters and names alone; no value is looked at, and none of it is legal advice.
import type { IdentifierName } from "../../../core/detect/identifier.ts";
import type { Copy, Subject } from "./subject.ts";

export type ProfileName =
  "hipaa-safe-harbor" | "hipaa-limited-data-set" | "hipaa-expert" | "pci-store" | "pci-display";

export type Regime = "45 CFR" | "PCI DSS 4.0.1";

/** `attest`: nothing in the rules is against it, but a person has to say what rules cannot. */
export type Standing = "ok" | "attest" | "blocks";

export interface Ruling {
  readonly verdict: Standing;
  /** One sentence that names no column, so that columns with one reason can be told together. */
  readonly why: string;
  /** Of the regime: `164.514(c)(1)`, `3.5.1`. */
  readonly cite: string;
}

export interface Finding extends Ruling {
  readonly column: string;
  /** Null where nothing says what the column holds. */
  readonly class: IdentifierName | "none" | null;
  /** What made the values as they are in the copy: of tokens that are kept or made again, what made them. */
  readonly operator: string;
}

/** What a person has to attest of the copy as a whole. */
export type Attestation = Pick<Ruling, "why" | "cite">;

export interface Claim {
  readonly profile: ProfileName;
  readonly regime: Regime;
  /** No column blocks it. It still holds only with what is to be attested, of columns and of the whole. */
  readonly supported: boolean;
  /** Whether any column is of a class that the regime names. Without one a claim is true, and says nothing. */
  readonly concerns: boolean;
  /** One a column, in the schema's order. */
  readonly findings: readonly Finding[];
  readonly attestations: readonly Attestation[];
}

export interface Profile {
  readonly name: ProfileName;
  readonly regime: Regime;
  /** Whether the regime names identifiers of this class. */
  readonly names: (name: IdentifierName) => boolean;
  readonly judge: (subject: Subject, copy: Copy) => Ruling;
  readonly attestations: (copy: Copy) => readonly Attestation[];
}

export function ok(why: string, cite: string): Ruling {
  return { verdict: "ok", why, cite };
}

export function attest(why: string, cite: string): Ruling {
  return { verdict: "attest", why, cite };
}

export function blocks(why: string, cite: string): Ruling {
  return { verdict: "blocks", why, cite };
}

export const UNDECLARED =
  "nothing says what the values are: the rules have to declare their class, which is `none` where they identify nobody";
