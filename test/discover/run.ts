// Runs a discover job over a test table as the enclave does: compiled, cloned into threads, merged, released.
import type { Manifest, UnitKind } from "../../core/manifest/manifest.ts";
import type { DiscoverPlan } from "../../core/plan/plan.ts";
import { compileDiscovery } from "../../jobs/discover/compile.ts";
import { encodeProfile, mostProfileBytes } from "../../jobs/discover/profile.ts";
import { ScanMerge } from "../../jobs/discover/scan-merge.ts";
import { ObjectScan } from "../../jobs/discover/scan.ts";
import type { DiscoverProgram } from "../../jobs/discover/program.ts";
import { KEY, manifestOf, objectsOf } from "../aggregate/table.ts";
import type { Cuts, TestColumn, TestTable } from "../aggregate/table.ts";
import { tableRows } from "../host/answer.ts";
import type { ResultRow } from "../host/answer.ts";

export const PLAN: DiscoverPlan = {
  version: 1,
  kind: "discover",
  inputs: [{ dataset: "test", owner: "" }],
  recipient: KEY,
  release: "clear",
};

export interface Run {
  readonly cuts?: Cuts;
  readonly minUnits?: number;
  readonly maxRows?: number | null;
  /** If not the table's. */
  readonly unit?: UnitKind;
}

export function manifestFor(table: TestTable, { minUnits = 5, unit }: Run = {}): Manifest {
  const manifest = manifestOf(table, { minUnits });
  return unit === undefined ? manifest : { ...manifest, unit };
}

export function scan(table: TestTable, run: Run = {}): { program: DiscoverProgram; merge: ScanMerge } {
  const program = structuredClone(compileDiscovery(PLAN, manifestFor(table, run)));
  const merge = new ScanMerge(program);
  const names = program.columns.map(({ name }) => name);
  for (const batches of objectsOf(table, names, run.cuts ?? [[table.rows]])) {
    const object = new ObjectScan(program);
    for (const batch of batches) object.add(batch);
    merge.add(structuredClone(object.finish()));
  }
  return { program, merge };
}

export interface Profile {
  readonly bytes: Uint8Array;
  readonly mostBytes: number;
  readonly rows: readonly ResultRow[];
}

export function profile(table: TestTable, run: Run = {}): Profile {
  const { program, merge } = scan(table, run);
  const bytes = encodeProfile(program, merge, { maxRows: run.maxRows ?? null });
  return { bytes, mostBytes: mostProfileBytes(program), rows: tableRows(bytes) };
}

/** Of one column, without what is the schema's. */
export function toldOf(table: TestTable, name: string, run: Run = {}): ResultRow {
  const row = profile(table, run).rows.find(({ column }) => column === name) ?? {};
  return Object.fromEntries(
    Object.entries(row).filter(([field]) => !["column", "type", "role", "name_says"].includes(field)),
  );
}

export function told(values: string, share: string, shaped: string, evident: string, also = "-"): ResultRow {
  return { values_say: values, share, shaped, evident, also };
}

/** One column of texts. */
export function textTable(
  cells: readonly (string | null)[],
  units: readonly number[] | null = null,
  over: Partial<TestColumn> = {},
): TestTable {
  return {
    rows: cells.length,
    units,
    columns: [{ name: "value", type: "utf8", role: "hidden", cells, ...over }],
  };
}
