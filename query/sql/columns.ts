// The columns that a query names, and those that it computes: each computation once, under the name that it is given, or
// under one that says what it is.
import type { Node } from "@pgsql/types";
import type { Computation, ComputedColumn } from "../../core/plan/computed.ts";
import { canonicalText } from "../../core/json.ts";
import { foldName } from "../../core/text/name.ts";
import { locationOf } from "./node.ts";
import type { Source } from "./source.ts";

export interface Table {
  /** As the job names it. */
  readonly dataset: string;
  /** What else the query may call it. */
  readonly alias: string | undefined;
}

export class Columns {
  readonly #source: Source;
  readonly #table: Table;
  readonly #computed = new Map<string, ComputedColumn>();

  constructor(source: Source, table: Table) {
    this.#source = source;
    this.#table = table;
  }

  get computed(): readonly ComputedColumn[] {
    return [...this.#computed.values()];
  }

  /** The name of the column that a node is; undefined if it is none. Errors: SQL_DIALECT. */
  nameOf(node: Node | undefined): string | undefined {
    if (node === undefined || !("ColumnRef" in node)) return undefined;
    const names = this.#source.names(node.ColumnRef);
    if (names === null) throw this.#source.refusal(locationOf(node), "*", "the columns by name");
    const [first = "", second, ...more] = names;
    if (second === undefined) return first;
    const { dataset, alias } = this.#table;
    const isOurs = [dataset, alias].some((name) => name !== undefined && foldName(name) === foldName(first));
    if (more.length > 0 || !isOurs) {
      const allowed = `a column, or ${alias ?? dataset}.COLUMN`;
      throw this.#source.refusal(locationOf(node), names.join("."), allowed);
    }
    return second;
  }

  /** The name of a computed column, which is new or known. `alias`: the one that the query gives it. */
  compute(computation: Computation, alias?: string): string {
    const identity = canonicalText(computation);
    const known = this.#computed.get(identity);
    if (known !== undefined) return known.as;
    const as = alias ?? this.#free(describe(computation));
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

function describe(computation: Computation): string {
  if ("part" in computation) return `${computation.part}_${computation.of}`;
  if ("truncate" in computation) return `${computation.truncate}_of_${computation.of}`;
  if ("bin" in computation) return `bin_${computation.bin}`;
  return "cases" in computation ? "case" : "expression";
}
