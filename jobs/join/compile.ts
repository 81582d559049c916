// A plan that joins two data sets to what workers do. Which side is held, and in how many passes, follows from the
// manifests alone: the host sees it in what is read.
import { SealroomError } from "../../core/errors.ts";
import type { Manifest } from "../../core/manifest/manifest.ts";
import { checkPlan } from "../../core/plan/check.ts";
import type { CheckedPlan } from "../../core/plan/check.ts";
import type { CheckedJoin } from "../../core/plan/check-join.ts";
import { SIDES } from "../../core/plan/join.ts";
import type { Join } from "../../core/plan/join.ts";
import type { AggregatePlan } from "../../core/plan/plan.ts";
import { compileChecked, compileUnitColumns } from "../aggregate/compile.ts";
import type { UnitRules } from "../aggregate/compile.ts";
import type { AggregateProgram, ProgramColumn } from "../aggregate/program.ts";
import type { BuildProgram, InputShape, JoinProgram, KeyType } from "./program.ts";

/** What a pass is to hold, by the manifest's word. */
export const ROWS_A_PASS: number = 2 ** 20;
/** Held rows by streamed objects: each object's thread puts all held rows where their keys are found. */
const MOST_LOOKED_UP: number = 2 ** 34;
/** Each reads all of both inputs. */
export const MOST_PASSES = 64;

/** Errors: PLAN_*, of checkPlan; JOIN_SIZE. */
export function compileJoin(plan: AggregatePlan, manifests: readonly Manifest[]): JoinProgram {
  const checked = checkPlan(plan, manifests);
  const [left, right] = manifests;
  const { join } = checked;
  if (join === null || left === undefined || right === undefined) {
    throw new Error("internal: no two data sets to join");
  }
  const shapes = [inputShape(checked, join, left, 0), inputShape(checked, join, right, 1)] as const;
  const streamed = streamedInput(join, manifests);
  const held = streamed === 0 ? 1 : 0;
  const passes = passesOver(join, manifests);
  if (passes > MOST_PASSES) throw new SealroomError("JOIN_SIZE", { rows: MOST_PASSES * ROWS_A_PASS });
  const [heldRows, objects] = [rowsOf(held === 0 ? left : right), (held === 0 ? right : left).objects.length];
  if (heldRows * objects > MOST_LOOKED_UP) throw new SealroomError("JOIN_SIZE", { rows: heldRows, objects });
  const sides = [left, right].map((manifest, input) =>
    compileChecked(checked, manifests, unitRules(checked, shapes, manifest, { input, streamed, passes })),
  );
  const [first, second] = sides;
  if (first === undefined || second === undefined) throw new Error("internal: a side is missing");
  return {
    kind: "join",
    ...shapes[streamed],
    join: join.kind,
    streamed,
    held: shapes[held],
    keyTypes: join.keys.map(({ left: one, right: other }) => ({
      kind: kindOf(one.type.kind),
      types: [one.type, other.type],
    })),
    share: { pass: 0, passes },
    sides: [first, second],
    owners: ownersOf(checked, first),
  };
}

/** Rows without a partner are known when all partners have been looked for; of an inner join the larger side streams. */
function streamedInput({ kind }: Pick<Join, "kind">, manifests: readonly Manifest[]): 0 | 1 {
  const [left = 0, right = 0] = manifests.map(rowsOf);
  return kind === "inner" && left < right ? 1 : 0;
}

/** How often both data sets are read. */
export function passesOver(join: Pick<Join, "kind">, manifests: readonly Manifest[]): number {
  const held = manifests[streamedInput(join, manifests) === 0 ? 1 : 0];
  return Math.max(1, Math.ceil((held === undefined ? 0 : rowsOf(held)) / ROWS_A_PASS));
}

/** The first part of a pass. */
export function buildProgram({ held, keyTypes, share }: JoinProgram, pass: number): BuildProgram {
  return { kind: "build", ...held, keyTypes, share: { ...share, pass } };
}

function inputShape(checked: CheckedPlan, join: CheckedJoin, manifest: Manifest, input: 0 | 1): InputShape {
  const used = checked.columns.flatMap((column): ProgramColumn[] =>
    column.input === input && column.ruled !== null ? [{ name: column.ruled, type: column.type }] : [],
  );
  const columns = [...used];
  const place = (wanted: ProgramColumn): number => {
    const at = columns.findIndex(({ name }) => name === wanted.name);
    return at >= 0 ? at : columns.push(wanted) - 1;
  };
  const side = SIDES[input];
  const keys = join.keys.map((key) => place(key[side]));
  const [unit] = compileUnitColumns(manifest.unit, manifest.schema);
  const unitColumn = unit === undefined ? null : place(unit);
  return { columns, used: used.length, keys, unit: manifest.unit, unitColumn };
}

interface Way {
  readonly input: number;
  readonly streamed: number;
  readonly passes: number;
}

/**
 * Rows of one unit lie together in what is streamed, once: there marks serve. Elsewhere each joined row says whose it is,
 * and exact sets of (group, unit) are kept within a bound.
 */
function unitRules(
  { columns }: CheckedPlan,
  shapes: readonly [InputShape, InputShape],
  { unit, rules }: Manifest,
  { input, streamed, passes }: Way,
): UnitRules {
  const marked = input === streamed && passes === 1 && unit !== "scattered";
  return {
    columns: [...columns.map(({ name, type }) => ({ name, type })), ...shapes.map(unitIds)],
    unit: marked ? "column" : "scattered",
    unitColumn: marked ? null : columns.length + input,
    minUnits: rules.minUnits,
    maxShare: rules.maxShare,
  };
}

/** A number of the unit's own, or its name. */
function unitIds({ columns, unitColumn }: InputShape): ProgramColumn {
  const named = unitColumn === null ? undefined : columns[unitColumn];
  return { name: "sealroom:unit", type: named?.type ?? { kind: "int", bits: 64, signed: true } };
}

function kindOf(kind: string): KeyType["kind"] {
  return kind === "utf8" ? "text" : kind === "decimal" ? "decimal" : "integer";
}

function ownersOf({ columns, computed }: CheckedPlan, { measures }: AggregateProgram): readonly (0 | 1)[] {
  const all = [...columns, ...computed.map(({ column }) => column)];
  return measures.map(({ column }) => (all.find(({ slot }) => slot === column)?.input === 1 ? 1 : 0));
}

function rowsOf({ objects }: Manifest): number {
  return objects.reduce((sum, { rows }) => sum + rows, 0);
}
