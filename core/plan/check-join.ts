// Holds the keys of a join against both schemas: each is a column that may be a key, and both of a pair have values of one
// kind. Whether the owners let their data sets be joined is manifest/joins.ts's matter.
import type { ColumnType } from "../column/type.ts";
import { SealroomError } from "../errors.ts";
import type { Manifest, Role } from "../manifest/manifest.ts";
import { findColumn, unfit } from "./check-column.ts";
import type { NamedColumn } from "./check-column.ts";
import { SIDES } from "./join.ts";
import type { Join, JoinKind, Side } from "./join.ts";
import { getColumnType } from "./source-columns.ts";

/** Names people or things; nobody adds them up. */
export const KEY_ROLES: readonly Role[] = ["unit", "identifier", "dimension"];

export interface CheckedJoin {
  readonly kind: JoinKind;
  /** By side, columns as their data set names them. */
  readonly keys: readonly Readonly<Record<Side, KeyColumn>>[];
}

export interface KeyColumn {
  readonly name: string;
  readonly type: ColumnType;
}

/** Errors: PLAN_COLUMN, PLAN_TYPE; PolicyError PLAN_ROLE. */
export function checkJoin({ kind, on }: Join, manifests: readonly Manifest[]): CheckedJoin {
  return {
    kind,
    keys: on.map((key) => {
      const [left, right] = SIDES.map((side, input) => keyColumn(key[side], manifests[input]));
      if (left === undefined || right === undefined) throw new Error("internal: a join of one data set");
      if (!isComparable(left.type, right.type)) {
        throw new SealroomError("PLAN_TYPE", { column: right.name, type: right.type.kind, use: "join" });
      }
      return { left, right };
    }),
  };
}

function keyColumn(name: string, manifest: Manifest | undefined): KeyColumn {
  const columns = (manifest?.schema ?? []).map((entry): NamedColumn => ({
    ...entry,
    type: getColumnType(entry.type),
  }));
  const column = findColumn(name, "join", KEY_ROLES, columns);
  if (!isKeyType(column.type)) throw unfit(column, "join");
  return { name, type: column.type };
}

/** Equal floats are a matter of rounding; equal truth values join nobody to anybody. */
export function isKeyType({ kind }: ColumnType): boolean {
  return kind !== "float" && kind !== "bool";
}

/** Whole numbers of any width; of all else, one type. */
function isComparable(one: ColumnType, other: ColumnType): boolean {
  switch (one.kind) {
    case "decimal":
      return other.kind === "decimal" && one.scale === other.scale;
    case "timestamp":
      return other.kind === "timestamp" && one.zone === other.zone;
    default:
      return one.kind === other.kind;
  }
}
