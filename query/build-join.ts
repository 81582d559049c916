// Jobs built over two data sets that are joined: columns go by their side, and the compiler knows both schemas.
import type { JsonObject } from "../core/json.ts";
import type { Role } from "../core/manifest/manifest.ts";
import type { JoinKind, Side } from "../core/plan/join.ts";
import { Ask } from "./build.ts";
import type { Askable, DatasetSchema, Measures, Named } from "./build.ts";

type Sided<S extends Side, T extends Askable> = {
  readonly [N in keyof T["columns"] & string as `${S}.${N}`]: T["columns"][N];
};

/** Of a semi join only the left one may be asked. */
export interface Joined<L extends Askable, R extends Askable, K extends JoinKind> {
  readonly columns: K extends "semi" ? Sided<"left", L> : Sided<"left", L> & Sided<"right", R>;
  readonly expressions: readonly (
    `left.${L["expressions"][number]}` | (K extends "semi" ? never : `right.${R["expressions"][number]}`)
  )[];
  readonly bins: readonly (
    `left.${L["bins"][number]}` | (K extends "semi" ? never : `right.${R["bins"][number]}`)
  )[];
}

type Key = Extract<Role, "unit" | "identifier" | "dimension">;

export interface JoinOf<L extends Askable, R extends Askable, K extends JoinKind> {
  readonly kind: K;
  /** The left one's columns and, for each, the right one's: all are equal. */
  readonly on: Readonly<Partial<Record<Named<L, Key>, Named<R, Key>>>>;
}

/** A job over two joined data sets, which groups nothing and asks nothing yet. */
export function askJoined<
  const L extends DatasetSchema,
  const R extends DatasetSchema,
  const K extends JoinKind,
>(
  left: L,
  right: R,
  { kind, on }: JoinOf<L, R, K>,
): Ask<Joined<L, R, K>, Named<Joined<L, R, K>, "dimension">, Measures<Joined<L, R, K>>, never, never> {
  const datasets = Object.fromEntries(
    [left, right].map(({ dataset, owner, from }): [string, JsonObject] => [dataset, { owner, from }]),
  );
  return new Ask({
    datasets,
    join: { left: left.dataset, right: right.dataset, kind, on: on as JsonObject },
  });
}
