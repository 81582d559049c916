// Jobs built in TypeScript, over a data set whose columns the compiler knows: a name that is not there, or a use that its
// role does not allow, is an error before anything runs. Gives a job's text; what it may do is checked as of any job.
import { encodeCanonical } from "../core/json.ts";
import type { JsonObject, JsonValue } from "../core/json.ts";
import type { Role } from "../core/manifest/manifest.ts";
import type { ArithmeticOp } from "../core/plan/arithmetic.ts";
import type { DatePart, DateUnit } from "../core/plan/computed.ts";
import type { Comparison, JointOp, Literal } from "../core/plan/plan.ts";

/** What may be asked: of one data set, or of two that are joined (build-join.ts). */
export interface Askable {
  readonly columns: Readonly<Record<string, { readonly type: string; readonly role: Role }>>;
  /** Expressions that the owner lets jobs compute; measures, by these names. */
  readonly expressions: readonly string[];
  /** Columns for which the owner declares bins. */
  readonly bins: readonly string[];
}

/** What `sealroom schema` writes of a data set. */
export interface DatasetSchema extends Askable {
  readonly dataset: string;
  /** Thumbprint of the owner's key. */
  readonly owner: string;
  readonly from: string;
}

export type Named<S extends Askable, R extends Role> = {
  [N in keyof S["columns"]]: S["columns"][N]["role"] extends R ? N : never;
}[keyof S["columns"]] &
  string;
type Typed<S extends Askable, T extends string> = {
  [N in keyof S["columns"]]: S["columns"][N]["type"] extends T ? N : never;
}[keyof S["columns"]] &
  string;
type NumberType = `int${string}` | `uint${string}` | `float${string}` | `decimal${string}`;
type TimeType = "date" | "timestamp" | "timestamp[UTC]";
type Times<S extends Askable> = Named<S, "dimension"> & Typed<S, TimeType>;
type Operands<S extends Askable> = Named<S, "dimension" | "measure"> & Typed<S, NumberType>;
export type Measures<S extends Askable> =
  (Named<S, "measure"> & Typed<S, NumberType>) | S["expressions"][number];

/** A condition over columns of these names, as in a job's text. */
export type Condition<N extends string> =
  | { readonly and: readonly Condition<N>[] }
  | { readonly or: readonly Condition<N>[] }
  | { readonly not: Condition<N> }
  | { readonly column: N; readonly op: Comparison; readonly value: Literal }
  | { readonly column: N; readonly in: readonly Literal[] }
  | { readonly column: N; readonly between: readonly [Literal, Literal] }
  | { readonly column: N; readonly is_null: boolean };

export type Expression<N extends string> =
  N | number | { readonly op: ArithmeticOp; readonly of: readonly [Expression<N>, Expression<N>] };

/** What makes a dimension of others, or gives one another name. */
export type DimensionOf<S extends Askable> =
  | { readonly same: Named<S, "dimension"> }
  | { readonly part: DatePart; readonly of: Times<S> }
  | { readonly truncate: DateUnit; readonly of: Times<S> }
  | { readonly bin: S["bins"][number] }
  | {
      readonly cases: readonly {
        readonly when: Condition<Named<S, "dimension">>;
        readonly then: Literal | null;
      }[];
      readonly otherwise: Literal | null;
    };

export interface Figure<Op extends string, N extends string> {
  readonly op: Op;
  readonly column: N;
}

/** Of the rows where both columns have a value. */
export interface JointFigure<N extends string> extends Figure<JointOp, N> {
  readonly with: N;
}

/** Told by the edges that the owner declares for the column. */
export interface QuantileFigure<N extends string> extends Figure<"approx_quantile", N> {
  readonly at: number;
}

type Counted = "count" | "count_units";
type Measured = "sum" | "avg" | "var" | "stddev" | "min" | "max";

export const count = <N extends string = "*">(column: N = "*" as N): Figure<"count", N> => ({
  op: "count",
  column,
});
export const countUnits = (): Figure<"count_units", "*"> => ({ op: "count_units", column: "*" });
export const sum = <N extends string>(column: N): Figure<"sum", N> => ({ op: "sum", column });
export const avg = <N extends string>(column: N): Figure<"avg", N> => ({ op: "avg", column });
export const variance = <N extends string>(column: N): Figure<"var", N> => ({ op: "var", column });
export const stddev = <N extends string>(column: N): Figure<"stddev", N> => ({ op: "stddev", column });
export const min = <N extends string>(column: N): Figure<"min", N> => ({ op: "min", column });
export const max = <N extends string>(column: N): Figure<"max", N> => ({ op: "max", column });
export const distinctValues = <N extends string>(column: N): Figure<"approx_distinct", N> => ({
  op: "approx_distinct",
  column,
});
export const covariance = <N extends string>(column: N, other: N): JointFigure<N> => ({
  op: "covar",
  column,
  with: other,
});
export const correlation = <N extends string>(column: N, other: N): JointFigure<N> => ({
  op: "corr",
  column,
  with: other,
});
export const quantile = <N extends string>(column: N, at: number): QuantileFigure<N> => ({
  op: "approx_quantile",
  column,
  at,
});

/** A job over a data set, which groups nothing and asks nothing yet. */
export function ask<const S extends DatasetSchema>(
  schema: S,
): Ask<S, Named<S, "dimension">, Measures<S>, never, never> {
  const { dataset, owner, from } = schema;
  return new Ask({ datasets: { [dataset]: { owner, from } } });
}

/** D and M: names of dimensions and of measures that there are. G and F: those that the result has. Never changes. */
export class Ask<S extends Askable, D extends string, M extends string, G extends string, F extends string> {
  readonly #asked: JsonObject;

  /** `asked`: the job so far, its data sets at least. */
  constructor(asked: JsonObject) {
    this.#asked = asked;
  }

  /** A dimension that is computed of others, or of the owner's bins. */
  dimension<N extends string>(name: N, of: DimensionOf<S>): Ask<S, D | N, M, G, F> {
    return new Ask(this.#computed(name, of));
  }

  /** Arithmetic, which the owner has to have declared. */
  measure<N extends string>(name: N, of: Expression<Operands<S>>): Ask<S, D, M | N, G, F> {
    return new Ask(this.#computed(name, { arithmetic: of }));
  }

  where(condition: Condition<D>): this {
    return this.#with({ where: condition });
  }

  groupBy<N extends D>(...columns: readonly N[]): Ask<S, D, M, N, F> {
    return new Ask(this.#and({ group_by: columns }));
  }

  totals(totals: "all" | "rollup" | readonly (readonly G[])[]): Ask<S, D, M, G | "grouping", F> {
    return new Ask(this.#and({ totals }));
  }

  /** By the names that the result has for them. */
  select<N extends string>(
    figures: Readonly<
      Record<
        N,
        | Figure<Counted, D | M | "*">
        | Figure<Measured, M>
        | Figure<"approx_distinct", Named<S, "dimension" | "measure">>
        | JointFigure<M>
        | QuantileFigure<Named<S, "measure"> & S["bins"][number]>
      >
    >,
  ): Ask<S, D, M, G, N> {
    const entries = Object.entries<Figure<string, string>>(figures);
    return new Ask(
      this.#and({ select: entries.map(([as, { op, column, ...rest }]) => ({ [op]: column, ...rest, as })) }),
    );
  }

  having(condition: Condition<G | F>): this {
    return this.#with({ having: condition });
  }

  /** After those that were named before. */
  orderBy(column: G | F, direction: "asc" | "desc" = "asc"): this {
    const before = (this.#asked["order_by"] ?? []) as readonly JsonValue[];
    return this.#with({ order_by: [...before, { column, direction }] });
  }

  limitBy(most: number, ...columns: readonly (G | F)[]): this {
    return this.#with({ limit_by: { columns, count: most } });
  }

  limit(rows: number): this {
    return this.#with({ limit: rows });
  }

  /** The job's text. `recipient`: a public key, or what the job's reader finds one by. */
  job(to: { readonly recipient: string | JsonObject; readonly release?: "sealed" | "clear" }): string {
    const job = { ...this.#asked, ...to };
    return new TextDecoder().decode(encodeCanonical(job));
  }

  #with(part: Readonly<Record<string, unknown>>): this {
    return new Ask<S, D, M, G, F>(this.#and(part)) as this;
  }

  #and(part: Readonly<Record<string, unknown>>): JsonObject {
    return { ...this.#asked, ...(part as Readonly<Record<string, JsonValue>>) };
  }

  #computed(name: string, of: unknown): JsonObject {
    const known = (this.#asked["computed"] ?? {}) as JsonObject;
    return this.#and({ computed: { ...known, [name]: of } });
  }
}
