// What Stryker found, of its JSON report: the share of changes that some test noticed, and those that none did.

export interface Survivor {
  readonly file: string;
  readonly line: number;
  /** What kind of change, and what stood there instead. */
  readonly change: string;
}

export interface MutationReport {
  readonly noticed: number;
  readonly survivors: readonly Survivor[];
}

interface StrykerReport {
  readonly files: Readonly<
    Record<
      string,
      {
        readonly mutants: readonly {
          readonly status: string;
          readonly mutatorName: string;
          readonly replacement?: string;
          readonly location: { readonly start: { readonly line: number } };
        }[];
      }
    >
  >;
}

/** A change that makes the code hang, or not load at all, was noticed too. */
const NOTICED = new Set(["Killed", "Timeout"]);
const COUNTED = new Set([...NOTICED, "Survived", "NoCoverage"]);

export function readReport(json: string): MutationReport {
  const { files } = JSON.parse(json) as StrykerReport;
  const mutants = Object.entries(files).flatMap(([file, { mutants: found }]) =>
    found.filter(({ status }) => COUNTED.has(status)).map((mutant) => ({ file, ...mutant })),
  );
  const survivors = mutants
    .filter(({ status }) => !NOTICED.has(status))
    .map(({ file, location, mutatorName, replacement = "" }) => ({
      file,
      line: location.start.line,
      change: `${mutatorName}: ${replacement.replaceAll(/\s+/g, " ").slice(0, 80)}`,
    }));
  return { noticed: mutants.length - survivors.length, survivors };
}

/** Of several files; survivors are listed with their own. */
export function addReports(reports: readonly MutationReport[]): MutationReport {
  return {
    noticed: reports.reduce((sum, { noticed }) => sum + noticed, 0),
    survivors: reports.flatMap(({ survivors }) => survivors),
  };
}

export function printReport(part: string, { noticed, survivors }: MutationReport): void {
  const all = noticed + survivors.length;
  console.log(`${part}: ${((noticed / all) * 100).toFixed(1)} % of ${String(all)} changes noticed`);
  for (const { file, line, change } of survivors) console.log(`  ${file}:${String(line)} ${change}`);
}
