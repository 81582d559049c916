// What a check looks at: an Allow, one role that it lets in, and a request of that role which it is meant for.
import type { Statement } from "../policy/document.ts";
import { allows } from "./ask.ts";
import type { LintCode } from "./codes.ts";
import { finding, type Finding, type Probe } from "./finding.ts";
import type { ReadStatement } from "./reading.ts";

export interface JudgedStatement extends ReadStatement {
  readonly judged: Statement;
}

export interface Subject {
  readonly statement: JudgedStatement;
  readonly baseline: Probe;
}

export interface Try {
  readonly code: LintCode;
  readonly detail: string;
  readonly change: Partial<Probe>;
}

/** Whether the statement lets the request through that differs from the baseline in this. */
export function passes({ statement, baseline }: Subject, change: Partial<Probe>): boolean {
  return allows([statement.judged], { ...baseline, ...change });
}

/** The findings of those changes that the statement lets through. */
export function findThrough(subject: Subject, tries: readonly Try[]): readonly Finding[] {
  return tries
    .filter(({ change }) => passes(subject, change))
    .map(({ code, detail, change }) =>
      finding(code, subject.statement.index, detail, { ...subject.baseline, ...change }),
    );
}

export function isJudged(statement: ReadStatement): statement is JudgedStatement {
  return statement.judged !== null;
}
