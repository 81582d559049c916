// What the linter finds: each code with what it means, what somebody could do with it, and what to write instead.
// docs/key-policy.md holds the same table, and a test compares them.
import { ENCLAVE_CODES } from "./codes-enclave.ts";
import { FORM_CODES } from "./codes-form.ts";
import { RIGHTS_CODES } from "./codes-rights.ts";

export interface LintText {
  /** What is wrong, as one clause. */
  readonly finds: string;
  /** What somebody could do with it. */
  readonly attack: string;
  readonly instead: string;
}

export type LintCode = keyof typeof FORM_CODES | keyof typeof ENCLAVE_CODES | keyof typeof RIGHTS_CODES;

export const LINT_CODES: Readonly<Record<LintCode, LintText>> = {
  ...FORM_CODES,
  ...ENCLAVE_CODES,
  ...RIGHTS_CODES,
};
