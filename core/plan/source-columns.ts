// The columns and the declared expressions that a plan may name: those of its data set, or, where it joins two, those of
// both by their sides. Each says whose rules speak of it, and by which name.
import { findColumnType } from "../column/type.ts";
import type { ColumnType } from "../column/type.ts";
import type { Manifest } from "../manifest/manifest.ts";
import type { Arithmetic } from "./arithmetic.ts";
import type { NamedColumn } from "./check-column.ts";
import { sidedName, SIDES } from "./join.ts";
import type { AggregatePlan } from "./plan.ts";

/** What the rules of one input say something of. */
export interface Ruled {
  /** The input whose rules speak of it. */
  readonly input: number;
  /** By this name; null where none do. */
  readonly ruled: string | null;
}

export interface SourceColumn extends NamedColumn, Ruled {
  readonly ruled: string;
}

/** An expression of an owner's, over names as the plan has them. */
export interface SourceExpression extends Ruled {
  readonly name: string;
  readonly ruled: string;
  readonly arithmetic: Arithmetic;
}

/** In the order of the inputs, and of their schemas. */
export function sourceColumns(plan: AggregatePlan, manifests: readonly Manifest[]): readonly SourceColumn[] {
  return manifests.flatMap(({ schema }, input) => {
    // Of whom a row has met nothing can be asked.
    if (plan.join?.kind === "semi" && input > 0) return [];
    return schema.map(({ name, type, role }) => ({
      name: plannedName(plan, input, name),
      type: getColumnType(type),
      role,
      input,
      ruled: name,
    }));
  });
}

export function sourceExpressions(
  plan: AggregatePlan,
  manifests: readonly Manifest[],
): readonly SourceExpression[] {
  return manifests.flatMap(({ rules: { expressions = {} } }, input) =>
    Object.entries(expressions).map(([ruled, arithmetic]) => ({
      name: plannedName(plan, input, ruled),
      arithmetic: renamed(arithmetic, (name) => plannedName(plan, input, name)),
      input,
      ruled,
    })),
  );
}

/** What a plan calls a column of one of its inputs. */
export function plannedName({ join }: Pick<AggregatePlan, "join">, input: number, name: string): string {
  const side = SIDES[input];
  return join === undefined || side === undefined ? name : sidedName(side, name);
}

function renamed(arithmetic: Arithmetic, rename: (name: string) => string): Arithmetic {
  if (typeof arithmetic === "string") return rename(arithmetic);
  if (typeof arithmetic === "number") return arithmetic;
  const [left, right] = arithmetic.of;
  return { op: arithmetic.op, of: [renamed(left, rename), renamed(right, rename)] };
}

/** What the rules have of a column. */
export function ownEntry<T>(table: Readonly<Record<string, T>> | undefined, { ruled }: Ruled): T | undefined {
  return table !== undefined && ruled !== null && Object.hasOwn(table, ruled) ? table[ruled] : undefined;
}

/** A manifest is parsed before it gets here, so its types have names that are known. */
export function getColumnType(name: string): ColumnType {
  const type = findColumnType(name);
  if (type === undefined) throw new Error("internal: a manifest with an unknown type");
  return type;
}
