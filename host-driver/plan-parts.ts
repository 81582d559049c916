// An aggregate plan cut to one thing that it asks each, so that `explain` tells every fault of it and not the first alone.
import type { Aggregate, AggregatePlan } from "../core/plan/plan.ts";
import { columnsOf } from "../core/plan/predicate.ts";

/** The filter, each group column and each aggregate, with the computed columns that they name. */
export function partsOf(plan: AggregatePlan): readonly AggregatePlan[] {
  const { version, kind, inputs, join, recipient, release } = plan;
  const counted: readonly Aggregate[] = [{ as: "rows", op: "count" }];
  const part = (names: Iterable<string>, asked: Partial<AggregatePlan>): AggregatePlan => {
    const used = new Set(names);
    const computed = plan.computed?.filter(({ as }) => used.has(as)) ?? [];
    const joined = join === undefined ? {} : { join };
    const base = {
      version,
      kind,
      inputs,
      ...joined,
      recipient,
      release,
      where: null,
      groupBy: [],
      totals: [],
    };
    const whole = { ...base, select: counted, orderBy: [], limit: null, ...asked };
    return computed.length === 0 ? whole : { ...whole, computed };
  };
  return [
    ...(plan.where === null ? [] : [part(columnsOf(plan.where), { where: plan.where })]),
    ...plan.groupBy.map((column) => part([column], { groupBy: [column] })),
    ...plan.select.map((aggregate) =>
      part("column" in aggregate ? [aggregate.column] : [], { select: [aggregate] }),
    ),
  ];
}
