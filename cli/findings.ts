// Findings as people read them: one line each where all is well, and below the others why it matters and what to type.
import type { JsonValue } from "../core/json.ts";
import type { Finding, Level } from "../host-driver/enclave/finding.ts";
import { paint, printable, WIDTH, wrap } from "./output.ts";

const MARKS: Readonly<Record<Level, readonly [mark: string, style: "green" | "yellow" | "red"]>> = {
  ok: ["OK", "green"],
  warn: ["WARN", "yellow"],
  fix: ["FIX", "red"],
};
const MARK_WIDTH = 6;

export function renderFindings(findings: readonly Finding[]): readonly string[] {
  const width = 2 + Math.max(0, ...findings.map(({ check }) => check.length));
  return findings.flatMap((finding) => renderFinding(finding, width));
}

/** Commands stand whole on lines of their own, also where they are longer than the terminal is wide. */
function renderFinding({ check, level, what, why, commands }: Finding, width: number): readonly string[] {
  const [mark, style] = MARKS[level];
  const indent = " ".repeat(MARK_WIDTH + width);
  const room = WIDTH - indent.length;
  const [first = "", ...rest] = wrap(printable(what), room);
  return [
    `${paint(style, mark)}${" ".repeat(MARK_WIDTH - mark.length)}${check.padEnd(width)}${first}`,
    ...rest.map((line) => indent + line),
    ...(why === "" ? [] : wrap(printable(why), room).map((line) => indent + paint("dim", line))),
    ...commands.map((command) => `${" ".repeat(MARK_WIDTH)}$ ${printable(command)}`),
  ];
}

/** `2 to fix, 1 warning`. */
export function summarize(findings: readonly Finding[]): string {
  const count = (level: Level): number => findings.filter((finding) => finding.level === level).length;
  const warnings = count("warn");
  return `${count("fix")} to fix, ${warnings} warning${warnings === 1 ? "" : "s"}, ${count("ok")} well`;
}

export function encodeFindings(findings: readonly Finding[]): JsonValue {
  return findings.map(({ check, level, what, why, commands }) => ({
    check,
    level,
    what,
    why,
    commands: [...commands],
  }));
}
