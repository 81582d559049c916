// Jobs built over a data set's schema: the same plan as the job's text, and uses that the compiler does not take.
import assert from "node:assert/strict";
import test from "node:test";
import {
  ask,
  avg,
  correlation,
  count,
  countUnits,
  covariance,
  distinctValues,
  max,
  min,
} from "../../query/build.ts";
import { quantile, stddev, sum, variance } from "../../query/build.ts";
import { askJoined } from "../../query/build-join.ts";
import { compileJob } from "../../query/job.ts";
import { analyst, owner } from "../plan/example.ts";

const VISITS = {
  dataset: "visits",
  owner: owner.thumbprint,
  from: "s3://data/visits/",
  columns: {
    PATIENT: { type: "utf8", role: "unit" },
    CITY: { type: "utf8", role: "dimension" },
    START: { type: "timestamp[UTC]", role: "dimension" },
    AGE: { type: "int32", role: "dimension" },
    COST: { type: "decimal(12,2)", role: "measure" },
    PAID: { type: "decimal(12,2)", role: "measure" },
    NOTE: { type: "utf8", role: "hidden" },
  },
  expressions: ["DUE"],
  bins: ["COST"],
} as const;

async function digestOf(text: string): Promise<string> {
  return (await compileJob(text, () => analyst.publicKey)).digest;
}

test("a built job is the job that its text spells out", async () => {
  const built = ask(VISITS)
    .dimension("YEAR", { part: "year", of: "START" })
    .dimension("BAND", { bin: "COST" })
    .dimension("GROUP", {
      cases: [{ when: { column: "AGE", op: "<", value: 18 }, then: "minor" }],
      otherwise: "adult",
    })
    .measure("NET", { op: "-", of: ["COST", "PAID"] })
    .where({ and: [{ column: "CITY", in: ["Ulm", "Bern"] }, { not: { column: "AGE", is_null: true } }] })
    .groupBy("CITY", "YEAR", "BAND")
    .totals([["CITY"]])
    .select({
      n: count(),
      patients: countUnits(),
      net: sum("NET"),
      due: avg("DUE"),
      spread: stddev("COST"),
      least: min("COST"),
      most: max("COST"),
      wide: variance("PAID"),
      both: covariance("COST", "DUE"),
      together: correlation("PAID", "COST"),
      half: quantile("COST", 0.5),
      cities: distinctValues("CITY"),
    })
    .having({ column: "n", op: ">", value: 5 })
    .orderBy("net", "desc")
    .orderBy("CITY")
    .limitBy(3, "CITY")
    .limit(100)
    .job({ recipient: "analyst.jwk" });
  const text = `
datasets: { visits: { owner: ${owner.thumbprint}, from: s3://data/visits/ } }
computed:
  YEAR: { part: year, of: START }
  BAND: { bin: COST }
  GROUP: { cases: [{ when: { column: AGE, op: "<", value: 18 }, then: minor }], otherwise: adult }
  NET: { arithmetic: { op: "-", of: [COST, PAID] } }
where: { and: [{ column: CITY, in: [Ulm, Bern] }, { not: { column: AGE, is_null: true } }] }
group_by: [CITY, YEAR, BAND]
totals: [[CITY]]
select:
  - { count: "*", as: n }
  - { count_units: "*", as: patients }
  - { sum: NET, as: net }
  - { avg: DUE, as: due }
  - { stddev: COST, as: spread }
  - { min: COST, as: least }
  - { max: COST, as: most }
  - { var: PAID, as: wide }
  - { covar: COST, with: DUE, as: both }
  - { corr: PAID, with: COST, as: together }
  - { approx_quantile: COST, at: 0.5, as: half }
  - { approx_distinct: CITY, as: cities }
having: { column: n, op: ">", value: 5 }
order_by: [{ column: net, direction: desc }, CITY]
limit_by: { columns: [CITY], count: 3 }
limit: 100
recipient: analyst.jwk
`;
  assert.equal(await digestOf(built), await digestOf(text));
});

test("the compiler takes no name that is not there, and no use that a column's role or type does not allow", async () => {
  const visits = ask(VISITS);
  const uses = [
    // @ts-expect-error no such column
    visits.groupBy("CITTY"),
    // @ts-expect-error a measure is not grouped by
    visits.groupBy("COST"),
    // @ts-expect-error the unit is never shown
    visits.groupBy("PATIENT"),
    // @ts-expect-error a measure is not filtered
    visits.where({ column: "COST", op: ">", value: 3 }),
    // @ts-expect-error a text has no sum
    visits.select({ s: sum("CITY") }),
    // @ts-expect-error a dimension has no sum
    visits.select({ s: sum("AGE") }),
    // @ts-expect-error a dimension has no covariance
    visits.select({ c: covariance("COST", "AGE") }),
    // @ts-expect-error the owner declares no edges by which it is told
    visits.select({ q: quantile("PAID", 0.5) }),
    // @ts-expect-error values of a hidden column are not counted
    visits.select({ d: distinctValues("NOTE") }),
    // @ts-expect-error an age has no year
    visits.dimension("Y", { part: "year", of: "AGE" }),
    // @ts-expect-error the owner declares no bins of it
    visits.dimension("B", { bin: "AGE" }),
    // @ts-expect-error a text is no operand
    visits.measure("M", { op: "+", of: ["CITY", 1] }),
    // @ts-expect-error the result has no such column
    visits.groupBy("CITY").select({ n: count() }).orderBy("m"),
    // @ts-expect-error what is not grouped by is not in the result
    visits.groupBy("CITY").select({ n: count() }).having({ column: "AGE", op: ">", value: 3 }),
  ];
  // Types are for people: what gets past them is checked against the manifest, as of any job.
  assert.equal(uses.length, 14);
  await assert.rejects(digestOf(visits.job({ recipient: "analyst.jwk" })), { code: "JOB_FIELD" });
});

const PEOPLE = {
  dataset: "people",
  owner: analyst.thumbprint,
  from: "s3://registry/people/",
  columns: {
    ID: { type: "utf8", role: "unit" },
    GENDER: { type: "utf8", role: "dimension" },
    INCOME: { type: "int32", role: "measure" },
  },
  expressions: [],
  bins: [],
} as const;

test("a built join is the job that its text spells out", async () => {
  const built = askJoined(VISITS, PEOPLE, { kind: "left", on: { PATIENT: "ID" } })
    .dimension("gender", { same: "right.GENDER" })
    .where({ column: "left.CITY", op: "=", value: "Ulm" })
    .groupBy("gender", "left.CITY")
    .select({ n: count(), income: avg("right.INCOME"), due: sum("left.DUE") })
    .orderBy("gender")
    .job({ recipient: "analyst.jwk" });
  const text = `datasets:
  visits: { owner: ${owner.thumbprint} }
  people: { owner: ${analyst.thumbprint} }
join: { left: visits, right: people, on: { PATIENT: ID }, kind: left }
computed: { gender: { same: right.GENDER } }
where: { column: left.CITY, op: "=", value: Ulm }
group_by: [gender, left.CITY]
select: [{ count: "*", as: n }, { avg: right.INCOME, as: income }, { sum: left.DUE, as: due }]
order_by: [gender]
recipient: analyst.jwk
`;
  assert.equal(await digestOf(built), await digestOf(text));
});

test("the compiler takes no column of another side, role or data set in a join", () => {
  const inner = askJoined(VISITS, PEOPLE, { kind: "inner", on: { PATIENT: "ID" } });
  const semi = askJoined(VISITS, PEOPLE, { kind: "semi", on: { PATIENT: "ID" } });
  assert.ok(semi.groupBy("left.CITY"));
  // @ts-expect-error: columns go by their side
  assert.ok(inner.groupBy("CITY"));
  // @ts-expect-error: a unit is not grouped by
  assert.ok(inner.groupBy("right.ID"));
  // @ts-expect-error: of whom rows have met nothing is asked
  assert.ok(semi.groupBy("right.GENDER"));
  // @ts-expect-error: a measure is no key
  assert.ok(askJoined(VISITS, PEOPLE, { kind: "inner", on: { COST: "ID" } }));
});
