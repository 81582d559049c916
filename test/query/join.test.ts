// Queries over two data sets: the plan of the job that is spelt out, or a refusal by its place.
import assert from "node:assert/strict";
import test from "node:test";
import { SealroomError } from "../../core/errors.ts";
import { compileJob } from "../../query/job.ts";
import { analyst, owner } from "../plan/example.ts";

const BASE = `datasets:
  visits: { owner: ${owner.thumbprint} }
  people: { owner: ${owner.thumbprint} }
recipient: analyst.jwk
`;

const digestOf = async (job: string): Promise<string> =>
  (await compileJob(BASE + job, () => analyst.publicKey)).digest;

const sqlJob = (query: string): string => `sql: ${JSON.stringify(query.split("\n"))}`;

const SAME: readonly (readonly [sql: string, job: string])[] = [
  [
    "SELECT p.CITY, count(*), sum(v.COST) FROM visits v JOIN people p ON v.PERSON = p.ID GROUP BY p.CITY",
    `join: { left: visits, right: people, on: { PERSON: ID } }
computed: { CITY: { same: right.CITY } }
group_by: [CITY]
select: [count, { sum: left.COST, as: sum_COST }]`,
  ],
  [
    "SELECT people.CITY AS town, avg(visits.COST) AS cost FROM people LEFT JOIN visits ON visits.PERSON = people.ID AND visits.SITE = people.SITE WHERE people.AGE > 3 GROUP BY 1 ORDER BY town",
    `join: { left: people, right: visits, on: { SITE: SITE, ID: PERSON }, kind: left }
computed: { town: { same: left.CITY } }
where: { column: left.AGE, op: ">", value: 3 }
group_by: [town]
select: [{ avg: right.COST, as: cost }]
order_by: [town]`,
  ],
  [
    "SELECT count(*) FROM visits JOIN people USING (ID, SITE)",
    "join: { left: visits, right: people, on: { ID: ID, SITE: SITE } }\nselect: [count]",
  ],
  [
    "SELECT KIND, count_units(*) FROM visits v WHERE COST IS NOT NULL AND v.PERSON IN (SELECT ID FROM people) GROUP BY KIND",
    `join: { left: visits, right: people, on: { PERSON: ID }, kind: semi }
computed: { KIND: { same: left.KIND } }
where: { column: left.COST, is_null: false }
group_by: [KIND]
select: [count_units]`,
  ],
  [
    "SELECT count(*) FROM visits v WHERE EXISTS (SELECT 1 FROM people p WHERE p.ID = v.PERSON AND v.SITE = p.SITE)",
    "join: { left: visits, right: people, on: { PERSON: ID, SITE: SITE }, kind: semi }\nselect: [count]",
  ],
  [
    "SELECT year(v.D), count(*) FROM visits v JOIN people p ON v.PERSON = p.ID GROUP BY 1",
    `join: { left: visits, right: people, on: { PERSON: ID } }
computed: { year_D: { part: year, of: left.D } }
group_by: [year_D]
select: [count]`,
  ],
];

for (const [sql, job] of SAME) {
  test(`gives the plan of the job that is spelt out: ${sql.slice(0, 70)}`, async () => {
    assert.equal(await digestOf(sqlJob(sql)), await digestOf(job));
  });
}

const JOINED = "FROM visits v JOIN people p ON v.PERSON = p.ID";
const REFUSED: readonly (readonly [sql: string, at: string, found: string, allowed: RegExp])[] = [
  [`SELECT count(*) ${JOINED} WHERE CITY = 'x'`, "1:70", "CITY", /v\.COLUMN or p\.COLUMN/],
  [`SELECT count(*) ${JOINED} WHERE q.CITY = 'x'`, "1:70", "q.CITY", /v\.COLUMN or p\.COLUMN/],
  ["SELECT count(*) FROM visits, people", "1:30", "people", /JOIN dataset ON/],
  ["SELECT count(*) FROM visits v RIGHT JOIN people p ON v.A = p.B", "1:37", "RIGHT", /LEFT JOIN/],
  ["SELECT count(*) FROM visits NATURAL JOIN people", "1:37", "NATURAL", /JOIN dataset ON/],
  ["SELECT count(*) FROM visits v CROSS JOIN people p", "1:37", "no ON", /ON a\.COLUMN/],
  ["SELECT count(*) FROM visits v JOIN people p ON v.A < p.B", "1:52", "<", /a\.COLUMN = b\.COLUMN/],
  ["SELECT count(*) FROM visits v JOIN people p ON v.A = v.B", "1:52", "=", /a\.COLUMN = b\.COLUMN/],
  ["SELECT count(*) FROM visits v JOIN people p ON v.A = p.B OR v.C = p.D", "1:58", "OR", /AND/],
  ["SELECT count(*) FROM visits v JOIN visits w ON v.A = w.A", "1:36", "visits", /each appears once/],
  ["SELECT count(*) FROM visits v JOIN others p ON v.A = p.B", "1:36", "others", /visits or people/],
  ["SELECT count(*) FROM visits WHERE NOT A IN (SELECT B FROM people)", "1:41", "IN", /constant/],
  ["SELECT count(*) FROM visits WHERE A IN (SELECT B FROM people WHERE C = 1)", "1:70", "=", /IN \(SELECT/],
];

for (const [sql, at, found, allowed] of REFUSED) {
  test(`refuses by its place: ${sql}`, async () => {
    await assert.rejects(digestOf(sqlJob(sql)), (error) => {
      assert.ok(error instanceof SealroomError);
      assert.equal(error.code, "SQL_DIALECT");
      const [line, column] = at.split(":");
      assert.equal(error.details["at"], `line ${line}, column ${column}`, JSON.stringify(error.details));
      assert.equal(error.details["found"], found);
      assert.match(String(error.details["allowed"]), allowed);
      return true;
    });
  });
}

test("a data set that the query does not name is refused", async () => {
  await assert.rejects(digestOf(sqlJob("SELECT count(*) FROM visits")), { code: "JOB_FIELD" });
});
