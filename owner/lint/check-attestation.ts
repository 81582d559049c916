// Whether an Allow asks for one measured image: a document at all, and every register that says which.
import { withRegister } from "./ask.ts";
import { expectedValues, otherRegister } from "./baseline.ts";
import type { LintCode } from "./codes.ts";
import { finding, type Finding, type Probe } from "./finding.ts";
import { passes, type Subject } from "./subject.ts";

const IMAGE_REGISTERS = [0, 1, 2];
const PARENT_REGISTERS = [3, 4];
const SIGNER_REGISTER = 8;

export function checkAttestation(subject: Subject): readonly Finding[] {
  const { baseline, statement } = subject;
  const bare: Probe = { ...baseline, registers: null };
  if (baseline.registers === null || passes(subject, bare)) {
    return [finding("UNATTESTED", statement.index, baseline.action, bare)];
  }
  return [...checkPins(subject, baseline.registers), ...checkMixture(subject, baseline.registers)];
}

/** Whether another value of the register, or none, is let through. Null where it is pinned. */
export function findUnpinned(subject: Subject, register: number): Probe | null {
  const { registers } = subject.baseline;
  if (registers === null) return null;
  for (const value of [otherValue(subject, register), null]) {
    const change = { registers: withRegister(registers, register, value) };
    if (passes(subject, change)) return { ...subject.baseline, ...change };
  }
  return null;
}

function otherValue({ statement, baseline }: Subject, register: number): string {
  return otherRegister([...expectedValues(statement, register), baseline.registers?.get(register) ?? ""]);
}

function checkPins(subject: Subject, registers: ReadonlyMap<number, string>): readonly Finding[] {
  const open = IMAGE_REGISTERS.map((register) => [register, findUnpinned(subject, register)] as const).filter(
    ([, witness]) => witness !== null,
  );
  const [first] = open;
  if (first === undefined) return [];
  const others = open.reduce(
    (map, [register]) => withRegister(map, register, otherValue(subject, register)),
    registers,
  );
  const [, single] = first;
  const all: Probe = { ...subject.baseline, registers: others };
  const witness = passes(subject, all) ? all : (single ?? all);
  const names = open.map(([register]) => `PCR${register}`).join(", ");
  const code = open.length === IMAGE_REGISTERS.length ? whatIsPinned(subject) : "PCR_OPEN";
  return [finding(code, subject.statement.index, `${names} not pinned`, witness)];
}

/** Of a statement that pins no part of the image. */
function whatIsPinned(subject: Subject): LintCode {
  const isPinned = (register: number) =>
    expectedValues(subject.statement, register).length > 0 && findUnpinned(subject, register) === null;
  if (isPinned(SIGNER_REGISTER)) return "SIGNER_ONLY";
  return PARENT_REGISTERS.some(isPinned) ? "PARENT_ONLY" : "PCR_OPEN";
}

/** Two registers with two values each: of the four pairs at most two are of an image. */
function checkMixture(subject: Subject, registers: ReadonlyMap<number, string>): readonly Finding[] {
  const listed = IMAGE_REGISTERS.map(
    (register) => [register, [...new Set(expectedValues(subject.statement, register))]] as const,
  ).filter(([, values]) => values.length > 1);
  const [one, other] = listed;
  if (one === undefined || other === undefined) return [];
  const mixed = withRegister(registers, other[0], other[1][1] ?? null);
  if (!passes(subject, { registers: mixed })) return [];
  const detail = `PCR${one[0]} and PCR${other[0]} are lists`;
  const witness = { ...subject.baseline, registers: mixed };
  return [finding("IMAGES_MIXED", subject.statement.index, detail, witness)];
}
