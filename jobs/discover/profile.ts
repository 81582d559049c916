// What is released of a scan: one row a column, whatever the data. All that hangs on values is told in coarse steps, and
// nothing of few (core/detect/classify.ts); the rest is public.
import type { ArrowField } from "../../core/column/schema.ts";
import { encodeTable } from "../../core/column/table.ts";
import type { ColumnType } from "../../core/column/type.ts";
import type { Vector } from "../../core/column/vector.ts";
import { classifyColumn, limitsFor } from "../../core/detect/classify.ts";
import type { ColumnClass, Finding, Share } from "../../core/detect/classify.ts";
import { DETECTORS } from "../../core/detect/detectors.ts";
import { IDENTIFIER_OF, IDENTIFIERS } from "../../core/detect/identifier.ts";
import type { IdentifierName } from "../../core/detect/identifier.ts";
import { findIdentifier } from "../../core/detect/lexicon.ts";
import { PolicyError } from "../../core/errors.ts";
import type { DiscoverProgram, ListedColumn } from "./program.ts";
import type { ScanMerge } from "./scan-merge.ts";

/** In the place of a name, where there is none. */
const NOTHING = "-";
/** In the place of a share: the column has fewer values than the limit, or is of a type that is not scanned. */
const TOO_FEW = "too few";
const BY_TYPE = "by type";

const FIELDS = [
  "column",
  "type",
  "role",
  "name_says",
  "values_say",
  "share",
  "shaped",
  "evident",
  "also",
] as const;
type Row = Readonly<Record<(typeof FIELDS)[number], string>>;
type Told = Pick<Row, "values_say" | "share" | "shaped" | "evident" | "also">;

/** An Arrow file of texts. Error: GATE_ROWS, when the data set has more columns than the grant allows rows. */
export function encodeProfile(
  program: DiscoverProgram,
  merge: ScanMerge,
  { maxRows }: { readonly maxRows: number | null },
): Uint8Array {
  const { listed, minUnits } = program;
  if (maxRows !== null && listed.length > maxRows) throw new PolicyError("GATE_ROWS", { maxRows });
  // A unit weighs at most one, so that a limit of values is one of units.
  const limits = limitsFor(minUnits);
  const rows = listed.map((column, at): Row => {
    const named = findIdentifier(column.name);
    const told =
      column.scanned === null ? toldByType(column) : toldOf(classifyColumn(merge.tally(at), limits), named);
    const { name, type, role } = column;
    return { column: name, type, role, name_says: named ?? NOTHING, ...told };
  });
  const fields = FIELDS.map((name): ArrowField => ({ name, type: UTF8, dictionary: null }));
  const columns = FIELDS.map((name) => textsOf(rows.map((row) => row[name])));
  return encodeTable(fields, [{ rows: rows.length, columns }]);
}

function toldByType({ type }: ListedColumn): Told {
  const isDate = type === "date" || type.startsWith("timestamp");
  return {
    values_say: isDate ? "date" : NOTHING,
    share: BY_TYPE,
    shaped: NOTHING,
    evident: NOTHING,
    also: NOTHING,
  };
}

function toldOf(found: ColumnClass | null, named: IdentifierName | null): Told {
  const nothing = { values_say: NOTHING, shaped: NOTHING, evident: NOTHING, also: NOTHING };
  if (found === null) return { ...nothing, share: TOO_FEW };
  const shown = chooseFinding(found, named);
  if (shown === null) return { ...nothing, share: "none" satisfies Share };
  const others = found.findings.filter((finding) => finding !== shown && finding.isEvident);
  return {
    values_say: shown.detector,
    share: shown.matched,
    shaped: shown.shaped,
    evident: shown.isEvident ? "yes" : "no",
    also: others.length === 0 ? NOTHING : others.map(({ detector }) => detector).join(" "),
  };
}

/** The column's type; else an evident kind, the most matched; else the kind that the name says; else the most matched. */
function chooseFinding({ type, findings }: ColumnClass, named: IdentifierName | null): Finding | null {
  return (
    findings.find(({ detector }) => detector === type) ??
    findings.find(({ isEvident }) => isEvident) ??
    findings.find(({ detector }) => IDENTIFIER_OF[detector] === named) ??
    findings[0] ??
    null
  );
}

const UTF8: ColumnType = { kind: "utf8" };

function textsOf(values: readonly string[]): Vector {
  const encoder = new TextEncoder();
  const texts = values.map((value) => encoder.encode(value));
  const offsets = new Int32Array(values.length + 1);
  for (const [row, text] of texts.entries()) offsets[row + 1] = (offsets[row] ?? 0) + text.length;
  const bytes = new Uint8Array(offsets[values.length] ?? 0);
  for (const [row, text] of texts.entries()) bytes.set(text, offsets[row]);
  return { type: UTF8, rows: values.length, validity: null, layout: "utf8", offsets, bytes };
}

const HEAD_BYTES = 8192;
/** Offsets, and every text but the names, at its longest. */
const ROW_BYTES: number =
  4 * FIELDS.length +
  64 +
  Math.max(...Object.keys(IDENTIFIERS).map(({ length }) => length)) +
  DETECTORS.reduce((sum, { name }) => sum + name.length + 1, 0);

/** What the largest such table takes, whatever the data. */
export function mostProfileBytes({ listed }: DiscoverProgram): number {
  const encoder = new TextEncoder();
  return HEAD_BYTES + listed.reduce((sum, { name }) => sum + ROW_BYTES + encoder.encode(name).length, 0);
}
