// A discover plan and the manifest it runs on to a program: every column of the data set, whatever its role. The plan
// chooses nothing.
import { findColumnType } from "../../core/column/type.ts";
import type { ColumnType } from "../../core/column/type.ts";
import { SealroomError } from "../../core/errors.ts";
import type { ColumnEntry, Manifest } from "../../core/manifest/manifest.ts";
import type { DiscoverPlan } from "../../core/plan/plan.ts";
import type { DiscoverProgram, ListedColumn, ProgramColumn } from "./program.ts";

/** Errors: PLAN_INPUT. */
export function compileDiscovery({ inputs }: DiscoverPlan, manifest: Manifest): DiscoverProgram {
  const { dataset, schema, unit, rules } = manifest;
  if (!inputs.some((input) => input.dataset === dataset)) throw new SealroomError("PLAN_INPUT", { dataset });
  const read = columnsRead(manifest);
  const unitEntry = unitToRead(manifest);
  return {
    kind: "discover",
    columns: read.map((entry): ProgramColumn => ({ name: entry.name, type: typeOf(entry) })),
    listed: schema.map((entry): ListedColumn => ({
      ...entry,
      scanned: isScanned(entry) ? read.indexOf(entry) : null,
    })),
    unit,
    unitColumn: unitEntry === undefined ? null : read.indexOf(unitEntry),
    minUnits: rules.minUnits,
  };
}

/** The columns whose values the job reads. */
export function columnsRead(manifest: Pick<Manifest, "schema" | "unit">): readonly ColumnEntry[] {
  const unitEntry = unitToRead(manifest);
  return manifest.schema.filter((entry) => isScanned(entry) || entry === unitEntry);
}

/** Where nothing else tells units apart. */
function unitToRead({ schema, unit }: Pick<Manifest, "schema" | "unit">): ColumnEntry | undefined {
  return unit === "scattered" ? schema.find(({ role }) => role === "unit") : undefined;
}

/** Texts, and whole numbers, whose decimal digits may be those of an identifier. */
function isScanned(entry: Pick<ColumnEntry, "type">): boolean {
  const type = typeOf(entry);
  return type.kind === "utf8" || type.kind === "int" || (type.kind === "decimal" && type.scale === 0);
}

function typeOf({ type }: Pick<ColumnEntry, "type">): ColumnType {
  const found = findColumnType(type);
  if (found === undefined) throw new Error("internal: a manifest with an unknown type");
  return found;
}
