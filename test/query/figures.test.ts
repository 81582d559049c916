// Aggregates of two columns, and of a column and a number, as SQL spells them.
import assert from "node:assert/strict";
import { test } from "node:test";
import { readQuery } from "../../query/sql/select.ts";
import { assertRefused } from "../manifest/refusal.ts";

async function figuresOf(list: string): Promise<unknown> {
  const { select } = await readQuery(`SELECT ${list} FROM visits`, ["visits"]);
  return select.map((figure) => ({ ...figure }));
}

test("covariances, quantiles and distinct values have the names that jobs give them, or their own", async () => {
  const list =
    "covar_samp(cost, days), corr(days, cost) AS together, approx_quantile(cost, 0.95), approx_count_distinct(city)";
  assert.deepEqual(await figuresOf(list), [
    { as: "covar_cost_days", op: "covar", column: "cost", with: "days" },
    { as: "together", op: "corr", column: "days", with: "cost" },
    { as: "approx_quantile_cost", op: "approx_quantile", column: "cost", at: 0.95 },
    { as: "approx_distinct_city", op: "approx_distinct", column: "city" },
  ]);
});

test("another number of columns is refused with what is allowed", async () => {
  for (const [call, allowed] of [
    ["corr(cost)", "corr(COLUMN, COLUMN)"],
    ["covar_samp(cost, days, cost)", "covar_samp(COLUMN, COLUMN)"],
    ["covar_pop(cost, days)", "covar_samp(COLUMN, COLUMN)"],
    ["approx_quantile(cost)", "approx_quantile(COLUMN, SHARE), a share between 0 and 1"],
    ["approx_quantile(cost, days)", "approx_quantile(COLUMN, SHARE), a share between 0 and 1"],
    ["median(cost)", "approx_quantile(COLUMN, 0.5), or the bins of histogram(COLUMN)"],
  ] as const) {
    const { details } = await assertRefused(figuresOf(call), "SQL_DIALECT", call);
    assert.equal(details["allowed"], allowed, call);
  }
});
