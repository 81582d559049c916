// The report: what counts as noticed, and how a survivor is described.
import assert from "node:assert/strict";
import { test } from "node:test";
import { readReport } from "./report.ts";

const at = (line: number, column: number): object => ({ line, column });

function mutant(
  status: string,
  start: object,
  end: object,
  replacement: string,
  statusReason?: string,
): object {
  return { status, location: { start, end }, replacement, statusReason };
}

test("counts what was killed or did not end in time, and lists the others with what stood there", () => {
  const source = "const a = 1;\nif (a > 0) {\n  go();\n}\n";
  const mutants = [
    mutant("Survived", at(2, 5), at(2, 10), "a >= 0"),
    mutant("NoCoverage", at(2, 12), at(4, 2), "{}"),
    mutant("RuntimeError", at(1, 11), at(1, 12), "-1"),
    mutant("Killed", at(2, 5), at(2, 10), "false"),
    mutant("Timeout", at(2, 5), at(2, 10), "true"),
    mutant("Timeout", at(2, 5), at(2, 10), "a", "a loop runs on"),
  ];
  assert.deepEqual(readReport(JSON.stringify({ files: { "a.ts": { source, mutants } } })), [
    {
      file: "a.ts",
      noticed: 3,
      survivors: ["1: 1 -> -1 (RuntimeError)", "2: a > 0 -> a >= 0", "2: { -> {} (NoCoverage)"],
      slow: ["2: a > 0 -> true (Timeout)"],
    },
  ]);
});
