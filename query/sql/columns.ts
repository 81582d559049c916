// The columns that a query names, and those that it computes: each computation once, under the name that it is given, or
// under one that says what it is.
import type { Node } from "@pgsql/types";
import type { Computation, ComputedColumn } from "../../core/plan/computed.ts";
import { canonicalText } from "../../core/json.ts";
import { sidedName, SIDES } from "../../core/plan/join.ts";
import { foldName } from "../../core/text/name.ts";
import { locationOf } from "./node.ts";
import type { Source } from "./source.ts";

export interface Table {
  /** As the job names it. */
  readonly dataset: string;
  /** What else the query may call it. */
  readonly alias: string | undefined;
}

/** A column by the input that has it, and the name that it has there. */
export interface SidedColumn {
  readonly input: number;
  readonly column: string;
}

export class Columns {
  readonly #source: Source;
  /** One, or the left and the right one of a join. */
  readonly #tables: readonly Table[];
  /** Those whose columns need no table before them, and whose alone may be asked; null where all may, with one. */
  readonly #only: number | null;
  readonly #computed = new Map<string, ComputedColumn>();

  constructor(source: Source, tables: readonly Table[], only: number | null = tables.length > 1 ? null : 0) {
    this.#source = source;
    this.#tables = tables;
    this.#only = only;
  }

  /** Of a semi join, what may be asked. */
  ofFirst(): Columns {
    return new Columns(this.#source, this.#tables, 0);
  }

  ofSecond(): Columns {
    return new Columns(this.#source, this.#tables, 1);
  }

  get computed(): readonly ComputedColumn[] {
    return [...this.#computed.values()];
  }

  /** The name of the column that a node is; undefined if it is none. Errors: SQL_DIALECT. */
  nameOf(node: Node | undefined): string | undefined {
    const found = this.sideOf(node);
    return found && this.#planned(found);
  }

  /** As nameOf. */
  sideOf(node: Node | undefined): SidedColumn | undefined {
    if (node === undefined || !("ColumnRef" in node)) return undefined;
    const names = this.#source.names(node.ColumnRef);
    if (names === null) throw this.#source.refusal(locationOf(node), "*", "the columns by name");
    const [first = "", second, ...more] = names;
    if (second === undefined && this.#only !== null) return { input: this.#only, column: first };
    // Of joined data sets nobody knows here which has a column of that name; what is computed has one of its own.
    if (second === undefined && this.#isComputed(first)) return undefined;
    const input = this.#tables.findIndex(({ dataset, alias }) =>
      [dataset, alias].some((name) => name !== undefined && foldName(name) === foldName(first)),
    );
    const isOurs = input >= 0 && (this.#only === null || this.#only === input);
    if (second === undefined || more.length > 0 || !isOurs) {
      const known = this.#tables.flatMap(({ dataset, alias }, at) =>
        this.#only === null || this.#only === at ? [`${alias ?? dataset}.COLUMN`] : [],
      );
      const allowed = this.#only === null ? known.join(" or ") : `a column, or ${known.join("")}`;
      throw this.#source.refusal(locationOf(node), names.join("."), allowed);
    }
    return { input, column: second };
  }

  /** The name by which a result has a column: AS, or of a joined one the name that it has in its data set. */
  keyOf(node: Node, alias: string | undefined): string | undefined {
    const written = this.#computedName(node);
    if (written !== undefined) return written;
    const found = this.sideOf(node);
    if (found === undefined) return undefined;
    const name = this.#planned(found);
    const wanted = alias ?? found.column;
    const isNamed = this.#computed.has(canonicalText({ same: name }));
    return wanted === name && !isNamed ? name : this.compute({ same: name }, wanted);
  }

  /** Without the side that it is of. */
  plainName(name: string): string {
    if (this.#tables.length === 1) return name;
    const side = SIDES.find((known) => name.startsWith(sidedName(known, "")));
    return side === undefined ? name : name.slice(sidedName(side, "").length);
  }

  #planned({ input, column }: SidedColumn): string {
    const side = SIDES[input];
    return this.#tables.length === 1 || side === undefined ? column : sidedName(side, column);
  }

  /** Of a name without a table, where columns have one. */
  #computedName(node: Node): string | undefined {
    if (!("ColumnRef" in node)) return undefined;
    const [first, second] = this.#source.names(node.ColumnRef) ?? [];
    if (first === undefined || second !== undefined) return undefined;
    return this.computed.find(({ as }) => foldName(as) === foldName(first))?.as;
  }

  #isComputed(name: string): boolean {
    return this.computed.some(({ as }) => foldName(as) === foldName(name));
  }

  /** The name of a computed column, which is new or known. `alias`: the one that the query gives it. */
  compute(computation: Computation, alias?: string): string {
    const identity = canonicalText(computation);
    const known = this.#computed.get(identity);
    if (known !== undefined) return known.as;
    const as = alias ?? this.#free(describe(computation, (name) => this.plainName(name)));
    this.#computed.set(identity, { as, ...computation });
    return as;
  }

  /** What a name is computed as, if it is. */
  computationOf(name: string): ComputedColumn | undefined {
    return this.computed.find(({ as }) => as === name);
  }

  #free(wanted: string): string {
    const taken = new Set(this.computed.map(({ as }) => as));
    for (let number = 1; ; number += 1) {
      const name = number === 1 ? wanted : `${wanted}_${number}`;
      if (!taken.has(name)) return name;
    }
  }
}

function describe(computation: Computation, plainName: (name: string) => string): string {
  if ("same" in computation) return plainName(computation.same);
  if ("part" in computation) return `${computation.part}_${plainName(computation.of)}`;
  if ("truncate" in computation) return `${computation.truncate}_of_${plainName(computation.of)}`;
  if ("bin" in computation) return `bin_${plainName(computation.bin)}`;
  return "cases" in computation ? "case" : "expression";
}
