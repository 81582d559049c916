// A job that is right in every respect, for tests to spoil; and what it needs to compile.
import { compileJob } from "../../query/job.ts";
import type { CompiledPlan } from "../../core/plan/compile.ts";
import type { AggregatePlan } from "../../core/plan/plan.ts";
import { makeParty } from "../manifest/example.ts";

export const owner = await makeParty();
export const analyst = await makeParty();

export const JOB = `
# Costs by city.
datasets:
  encounters:
    owner: ${owner.thumbprint}
    from: s3://hospital/sealed/
where:
  and:
    - { column: city, in: [Ulm, Bern] }
    - not: { column: urgent, op: "=", value: true }
    - or:
        - { column: admitted, between: [2026-01-01, 2026-06-30] }
        - { column: ward, is_null: true }
group_by: [city]
select:
  - count
  - count_units
  - { count: minutes, as: timed }
  - { sum: cost, as: total }
  - { avg: minutes }
order_by:
  - { column: total, direction: desc }
  - city
limit: 10
recipient: analyst.jwk
`;

export interface CompiledAggregate extends CompiledPlan {
  readonly plan: AggregatePlan;
}

export async function compile(text: string): Promise<CompiledAggregate> {
  const { plan, ...rest } = await compileJob(text, () => analyst.publicKey);
  if (plan.kind !== "aggregate") throw new Error(`a job of kind ${plan.kind}`);
  return { ...rest, plan };
}

/** The job as a JSON value, in its longest form. */
export function jobValue(): Record<string, unknown> {
  return {
    datasets: { encounters: { owner: owner.thumbprint } },
    where: { column: "city", op: "=", value: "Ulm" },
    group_by: ["city"],
    select: ["count", { sum: "cost", as: "total" }],
    order_by: [{ column: "total", direction: "desc" }],
    limit: 10,
    recipient: { ...analyst.publicKey },
    release: "sealed",
  };
}
