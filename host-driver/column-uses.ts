// What a job uses each column of a data set for, also where it computes another from it.
import type { Bounds, ColumnEntry, Manifest, Rules } from "../core/manifest/manifest.ts";
import { aggregatedColumns } from "../core/plan/aggregated.ts";
import { operandsOf } from "../core/plan/arithmetic.ts";
import { sourcesOf } from "../core/plan/computed.ts";
import { sidedName, SIDES } from "../core/plan/join.ts";
import type { AggregatePlan, Plan } from "../core/plan/plan.ts";
import { columnsOf } from "../core/plan/predicate.ts";
import { columnsRead } from "../jobs/discover/compile.ts";
import { unitsOf } from "../jobs/reveal/compile.ts";
import { DROP } from "../jobs/tokenize/compile.ts";

export interface ColumnUse extends ColumnEntry {
  /** `group by`, `where`, `sum` and so on; empty where the job does not use the column. */
  readonly uses: readonly string[];
  /** To which each unit's contribution is clipped, where it is summed. */
  readonly bounds: Bounds | null;
}

/** All of the data set, in the schema's order. `input`: which of the plan's it is. */
export function columnUses(plan: Plan, manifest: Manifest, input = 0): readonly ColumnUse[] {
  const { schema, rules, unit, tokens } = manifest;
  const uses = new Map<string, Set<string>>();
  const add = (column: string, use: string): void => {
    uses.set(column, (uses.get(column) ?? new Set()).add(use));
  };
  switch (plan.kind) {
    case "aggregate":
      for (const [column, use] of namedIn(plan)) {
        for (const source of sourcesNamed(column, plan)) {
          const own = ownName(plan, input, source);
          for (const name of own === null ? [] : operandsNamed(own, rules)) add(name, use);
        }
      }
      for (const key of plan.join?.on ?? []) add(key[SIDES[input] ?? "left"], "join");
      break;
    case "tokenize": {
      const columns = rules.tokenization?.[plan.audience]?.columns ?? {};
      for (const [column, { operator }] of Object.entries(columns)) {
        if (operator !== DROP) add(column, operator);
      }
      break;
    }
    case "reveal":
      for (const column of plan.columns) {
        const facts = tokens !== undefined && Object.hasOwn(tokens, column) ? tokens[column] : undefined;
        add(column, facts === undefined ? "as it is" : `reveal (${facts.operator})`);
      }
      for (const column of unitsOf(plan, manifest)) add(column, "unit of dates");
      if (plan.match !== null) add(plan.match.column, "match");
      break;
    case "discover":
      for (const { name } of columnsRead({ schema, unit })) add(name, "discover");
  }
  return schema.map((entry) => {
    const found = [...(uses.get(entry.name) ?? [])];
    const isClipped = found.some((use) => CLIPPED.includes(use)) && Object.hasOwn(rules.bounds, entry.name);
    return { ...entry, uses: found, bounds: (isClipped ? rules.bounds[entry.name] : undefined) ?? null };
  });
}

/** Every name of a column that an aggregate plan uses, and for what. */
function namedIn({ groupBy, select, where }: AggregatePlan): readonly (readonly [string, string])[] {
  return [
    ...groupBy.map((column) => [column, "group by"] as const),
    ...select.flatMap((aggregate) =>
      aggregatedColumns(aggregate).map((column) => [column, aggregate.op] as const),
    ),
    ...(where === null ? [] : [...columnsOf(where)].map((column) => [column, "where"] as const)),
  ];
}

/** The columns, or declared expressions, that a name stands for: itself, or what it is computed from. */
function sourcesNamed(name: string, plan: AggregatePlan): Iterable<string> {
  const computed = plan.computed?.find(({ as }) => as === name);
  return computed === undefined ? [name] : sourcesOf(computed);
}

/** What the data set itself calls it; null of what is of another. */
function ownName({ join }: AggregatePlan, input: number, name: string): string | null {
  const side = SIDES[input];
  if (join === undefined || side === undefined) return name;
  return name.startsWith(sidedName(side, "")) ? name.slice(sidedName(side, "").length) : null;
}

function operandsNamed(name: string, { expressions = {} }: Rules): Iterable<string> {
  return Object.hasOwn(expressions, name) ? operandsOf(expressions[name] ?? name) : [name];
}

const CLIPPED: readonly string[] = ["sum", "avg", "var", "stddev", "covar", "corr"];
