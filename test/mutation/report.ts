// What Stryker found, of its JSON report: the share of changes that some test noticed, and those that none did.

interface Mutant {
  readonly status: string;
  /** Why it timed out, where the runner knows: a loop that runs on. */
  readonly statusReason?: string;
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
  /** Of those that were noticed, the ones under which a test took too long: for a reader to judge. */
  readonly slow: readonly string[];
}

const NOTICED = new Set(["Killed", "Timeout"]);

export function readReport(json: string): readonly FileReport[] {
  const { files } = JSON.parse(json) as StrykerReport;
  return Object.entries(files).map(([file, { source, mutants }]) => {
    const lines = source.split("\n");
    const list = (isListed: (mutant: Mutant) => boolean): readonly string[] =>
      mutants
        .filter(isListed)
        .toSorted((a, b) => a.location.start.line - b.location.start.line)
        .map((mutant) => describe(mutant, lines));
    const survivors = list(({ status }) => !NOTICED.has(status));
    const slow = list(({ status, statusReason }) => status === "Timeout" && statusReason === undefined);
    return { file, noticed: mutants.length - survivors.length, survivors, slow };
  });
}

export function printReport(part: string, files: readonly FileReport[]): void {
  for (const { file, noticed, survivors, slow } of files) {
    console.log(`${file}: ${shareOf(noticed, survivors.length)}`);
    for (const line of [...survivors, ...slow]) console.log(`  ${line}`);
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
  // NoCoverage: no test reaches it. Timeout: noticed, if the change can make the code take longer.
  const note = status === "Survived" ? "" : ` (${status})`;
  return `${String(start.line)}: ${brief(was)} -> ${brief(replacement)}${note}`;
}

function brief(code: string): string {
  return code.replaceAll(/\s+/g, " ").slice(0, 80);
}
