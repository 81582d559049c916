// The report: what counts as noticed, and how a survivor is described.
import assert from "node:assert/strict";
import { test } from "node:test";
import { readReport } from "./report.ts";

const at = (line: number, column: number): object => ({ line, column });

function mutant(status: string, start: object, end: object, replacement: string): object {
  return { status, location: { start, end }, mutatorName: "Any", replacement };
}

test("counts what was killed or did not end, and lists the others with what stood there", () => {
  const source = "const a = 1;\nif (a > 0) {\n  go();\n}\n";
  const mutants = [
    mutant("Survived", at(2, 5), at(2, 10), "a >= 0"),
    mutant("NoCoverage", at(2, 12), at(4, 2), "{}"),
    mutant("RuntimeError", at(1, 11), at(1, 12), "-1"),
    mutant("Killed", at(2, 5), at(2, 10), "false"),
    mutant("Timeout", at(2, 5), at(2, 10), "true"),
  ];
  assert.deepEqual(readReport(JSON.stringify({ files: { "a.ts": { source, mutants } } })), [
    {
      file: "a.ts",
      noticed: 2,
      survivors: ["1: 1 -> -1 (RuntimeError)", "2: a > 0 -> a >= 0", "2: { -> {} (NoCoverage)"],
      endless: ["2: a > 0 -> true (Timeout)"],
    },
  ]);
});
