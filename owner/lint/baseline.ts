// For a statement: requests that it is meant for. From such a request the checks change one thing at a time, and see
// whether the statement still lets it through.
import type { Statement } from "../policy/document.ts";
import { namesAction } from "../policy/evaluate.ts";
import type { Principal } from "../policy/principal.ts";
import { allows } from "./ask.ts";
import { ownContext, purposeContext, PURPOSES, withoutWildcards, type Pairs } from "./contexts.ts";
import type { Probe } from "./finding.ts";
import type { ReadCondition } from "./read-condition.ts";
import type { ReadStatement } from "./reading.ts";

/** Registers that images differ in: the image's parts, its parent, its signer. */
const REGISTERS = [0, 1, 2, 3, 4, 8];
const REGISTER_BYTES = 48;

/**
 * A request of the principal that the statement alone lets through: attested if any is, under a context of Sealroom's
 * if any is. Null where there is none.
 */
export function findBaseline(
  statement: ReadStatement & { readonly judged: Statement },
  principal: Principal,
  action: string,
  denials: readonly ReadStatement[],
): Probe | null {
  if (!namesAction(statement.judged, action)) return null;
  const registers = expectedRegisters([statement, ...denials]);
  for (const documents of [registers, null]) {
    for (const context of contextsToTry(statement)) {
      const probe: Probe = { principal, action, context, registers: documents };
      if (allows([statement.judged], probe)) return probe;
    }
  }
  return null;
}

export function contextsToTry(statement: ReadStatement): readonly Pairs[] {
  return [...PURPOSES.map((purpose) => purposeContext(statement, purpose)), ownContext(statement), {}];
}

/** The first image that the statements speak of, as KMS would say it: in lower case. */
export function expectedRegisters(statements: readonly ReadStatement[]): ReadonlyMap<number, string> {
  return new Map(
    REGISTERS.map((register) => {
      const [first] = statements.flatMap((statement) => expectedValues(statement, register));
      return [register, first ?? otherRegister([])];
    }),
  );
}

/** A register's value that is none of these: of nobody's image. */
export function otherRegister(taken: readonly string[]): string {
  for (let byte = 0x5c; ; byte += 1) {
    const value = byte.toString(16).repeat(REGISTER_BYTES);
    if (!taken.includes(value)) return value;
  }
}

/** What an Allow demands of a register, or a Deny spares. */
export function expectedValues({ conditions, effect }: ReadStatement, register: number): readonly string[] {
  return conditions
    .filter((condition) => isOfRegister(condition, register))
    .flatMap(({ judged }) => {
      if (judged === null || judged.test === "absence") return [];
      const isExpected = judged.negated === (effect === "Deny");
      return isExpected ? judged.operands.map((value) => withoutWildcards(value).toLowerCase()) : [];
    });
}

function isOfRegister({ key }: ReadCondition, register: number): boolean {
  const name = key.toLowerCase();
  const isImage = register === 0 && name === "kms:recipientattestation:imagesha384";
  return isImage || name === `kms:recipientattestation:pcr${register}`;
}
