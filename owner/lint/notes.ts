// What the linter says beside its findings: no faults, but worth knowing before a policy is put.
import { encodeRegister } from "../../core/attestation/measurements.ts";
import { parentRoleRegister } from "../../core/parent-registers.ts";
import { OPENING } from "../key-policy/denials.ts";
import { principalOf } from "./ask.ts";
import { expectedValues, findBaseline } from "./baseline.ts";
import { findUnpinned } from "./check-attestation.ts";
import { isAttestationKey } from "./known-key.ts";
import type { ReadStatement } from "./reading.ts";
import type { Roles } from "./roles.ts";
import { isJudged, type JudgedStatement, type Subject } from "./subject.ts";

const PARENT = 3;

export function notesOn(
  statements: readonly ReadStatement[],
  { enclave }: Roles,
  unjudged: readonly string[],
): readonly string[] {
  const attested = statements
    .filter(isJudged)
    .filter(
      ({ effect, conditions }) => effect === "Allow" && conditions.some(({ key }) => isAttestationKey(key)),
    );
  const notes = enclave.flatMap((arn) => {
    const own = encodeRegister(parentRoleRegister(arn));
    const subjects = attested.flatMap((statement) => subjectsOf(statement, arn));
    const open = subjects.filter((subject) => findUnpinned(subject, PARENT) !== null);
    const others = subjects.filter(
      (subject) => !open.includes(subject) && !expectedValues(subject.statement, PARENT).includes(own),
    );
    return [
      ...sentence(
        open,
        `pin PCR3: whoever has the credentials of ${arn} may run the image on an instance of his own`,
      ),
      ...sentence(others, `pin the PCR3 of ${arn}: does the enclave's instance run under another role?`),
    ];
  });
  if (unjudged.length > 0) {
    notes.push(`Not judged, and taken not to protect: conditions on ${unjudged.join(", ")}.`);
  }
  return notes;
}

function subjectsOf(statement: JudgedStatement, arn: string): readonly Subject[] {
  return OPENING.flatMap((action) => {
    const baseline = findBaseline(statement, principalOf(arn), action, []);
    return baseline === null ? [] : [{ statement, baseline }];
  }).slice(0, 1);
}

function sentence(subjects: readonly Subject[], what: string): readonly string[] {
  const names = subjects.map(({ statement }) => statement.name).join(", ");
  const end = what.endsWith("?") ? "" : ".";
  return names === "" ? [] : [`Does not ${what}${end} (${names})`];
}
