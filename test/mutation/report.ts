// What Stryker found, of its JSON report: the share of changes that some test noticed, and those that none did.

interface Mutant {
  readonly status: string;
  readonly mutatorName: string;
  readonly replacement?: string;
  readonly location: { readonly start: Position; readonly end: Position };
}

/** Both from 1. */
interface Position {
  readonly line: number;
  readonly column: number;
}

interface StrykerReport {
  readonly files: Readonly<Record<string, { readonly source: string; readonly mutants: readonly Mutant[] }>>;
}

export interface FileReport {
  readonly file: string;
  readonly noticed: number;
  /** A line each: where, what stood there, and what stood there instead. */
  readonly survivors: readonly string[];
}

/** A change that makes the code hang was noticed too. */
const NOTICED = new Set(["Killed", "Timeout"]);

export function readReport(json: string): readonly FileReport[] {
  const { files } = JSON.parse(json) as StrykerReport;
  return Object.entries(files).map(([file, { source, mutants }]) => {
    const lines = source.split("\n");
    const survivors = mutants
      .filter(({ status }) => !NOTICED.has(status))
      .toSorted((a, b) => a.location.start.line - b.location.start.line)
      .map((mutant) => describe(mutant, lines));
    return { file, noticed: mutants.length - survivors.length, survivors };
  });
}

export function printReport(part: string, files: readonly FileReport[]): void {
  for (const { file, noticed, survivors } of files) {
    console.log(`${file}: ${shareOf(noticed, survivors.length)}`);
    for (const survivor of survivors) console.log(`  ${survivor}`);
  }
  if (files.length < 2) return;
  const noticed = files.reduce((sum, file) => sum + file.noticed, 0);
  const survived = files.reduce((sum, { survivors }) => sum + survivors.length, 0);
  console.log(`${part}: ${shareOf(noticed, survived)}`);
}

function shareOf(noticed: number, survived: number): string {
  const all = noticed + survived;
  return `${((noticed / all) * 100).toFixed(1)} % of ${String(all)} changes noticed`;
}

function describe({ status, location, replacement = "" }: Mutant, lines: readonly string[]): string {
  const { start, end } = location;
  const last = start.line === end.line ? end.column - 1 : undefined;
  const was = lines[start.line - 1]?.slice(start.column - 1, last) ?? "";
  // Survived, unless no test reaches it, or the tests could not tell.
  const note = status === "Survived" ? "" : ` (${status})`;
  return `${String(start.line)}: ${brief(was)} -> ${brief(replacement)}${note}`;
}

function brief(code: string): string {
  return code.replaceAll(/\s+/g, " ").slice(0, 80);
}
