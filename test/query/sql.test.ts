// Queries and the jobs that they stand for: the same plan, byte for byte; and what the dialect does not have is refused
// by its place, with the nearest that there is.
import assert from "node:assert/strict";
import test from "node:test";
import { SealroomError } from "../../core/errors.ts";
import { compileJob, readJob } from "../../query/job.ts";
import { readExpression } from "../../query/sql/expression.ts";
import { MAX_SQL_CHARS } from "../../query/sql/syntax.ts";
import { analyst, owner } from "../plan/example.ts";

const BASE = `datasets: { visits: { owner: ${owner.thumbprint} } }\nrecipient: analyst.jwk\n`;

async function digestOf(job: string): Promise<string> {
  return (await compileJob(BASE + job, () => analyst.publicKey)).digest;
}

function sqlJob(query: string): string {
  return `sql: ${JSON.stringify(query.split("\n"))}`;
}

const SAME: readonly (readonly [sql: string, job: string])[] = [
  ["SELECT count(*) FROM visits", "select: [count]"],
  [
    "SELECT A AS B, count(*) FROM visits GROUP BY A ORDER BY B",
    "computed: { B: { same: A } }\ngroup_by: [B]\nselect: [count]\norder_by: [B]",
  ],
  ["SELECT count_units(*) AS n FROM visits;", 'select: [{ count_units: "*", as: n }]'],
  [
    "SELECT CITY, sum(COST) total, avg(COST), stddev(COST) FROM visits GROUP BY CITY",
    "group_by: [CITY]\nselect: [{ sum: COST, as: total }, { avg: COST }, { stddev: COST }]",
  ],
  [
    'SELECT v."Ward No", count(v.COST) FROM Visits AS v GROUP BY 1 ORDER BY 2 DESC NULLS LAST, "ward no" LIMIT 3',
    'group_by: ["Ward No"]\nselect: [{ count: COST }]\norder_by: [{ column: count_COST, direction: desc }, "Ward No"]\nlimit: 3',
  ],
  [
    "SELECT count(*) FROM visits WHERE (A = 'x' OR 5 <= B) AND NOT C IN (1, 2) AND D BETWEEN 1 AND 2 AND E IS NOT NULL AND F",
    `where:
  and:
    - or: [{ column: A, op: "=", value: x }, { column: B, op: ">=", value: 5 }]
    - not: { column: C, in: [1, 2] }
    - { column: D, between: [1, 2] }
    - { column: E, is_null: false }
    - { column: F, op: "=", value: true }
select: [count]`,
  ],
  [
    "SELECT count(*) FROM visits WHERE C NOT IN (-1, 2.50) AND D NOT BETWEEN DATE '2022-01-31' AND TIMESTAMP '2022-02-01 12:00:00'",
    `where:
  and:
    - not: { column: C, in: [-1, 2.5] }
    - not: { column: D, between: ["2022-01-31", "2022-02-01T12:00:00"] }
select: [count]`,
  ],
  [
    "SELECT A, B, count(*) AS n FROM visits GROUP BY ROLLUP (A, B) HAVING n > 3 AND count(*) <> 7 ORDER BY grouping",
    `group_by: [A, B]
totals: rollup
select: [{ count: "*", as: n }]
having: { and: [{ column: n, op: ">", value: 3 }, { column: n, op: "!=", value: 7 }] }
order_by: [grouping]`,
  ],
  ["SELECT count(*) FROM visits GROUP BY CUBE (A, B)", "group_by: [A, B]\ntotals: all\nselect: [count]"],
  [
    "SELECT count(*) FROM visits GROUP BY A, GROUPING SETS ((B, C), B, ())",
    "group_by: [A, B, C]\ntotals: [[A, B], [A]]\nselect: [count]",
  ],
  [
    "SELECT extract(year FROM D) AS y, date_part('dow', D) AS w, year(D), count(*) FROM visits GROUP BY y, w",
    `computed: { y: { part: year, of: D }, w: { part: dow, of: D } }
group_by: [y, w]
select: [count]`,
  ],
  [
    "SELECT date_trunc('month', D), width_bucket(COST) AS band, count(*) FROM visits GROUP BY 1, band",
    `computed: { month_of_D: { truncate: month, of: D }, band: { bin: COST } }
group_by: [month_of_D, band]
select: [count]`,
  ],
  [
    "SELECT CASE A WHEN 1 THEN 'one' WHEN 2 THEN 'two' END AS name, count(*) FROM visits GROUP BY name",
    `computed:
  name:
    cases:
      - { when: { column: A, op: "=", value: 1 }, then: one }
      - { when: { column: A, op: "=", value: 2 }, then: two }
    otherwise: null
group_by: [name]
select: [count]`,
  ],
  [
    "SELECT sum(PRICE * (1 - DISCOUNT)) AS revenue, max(-COST) AS least FROM visits",
    `computed:
  expression: { arithmetic: { op: "*", of: [PRICE, { op: "-", of: [1, DISCOUNT] }] } }
  expression_2: { arithmetic: { op: "-", of: [0, COST] } }
select: [{ sum: expression, as: revenue }, { max: expression_2, as: least }]`,
  ],
  [
    "SELECT CITY, top_k(REASON, 3) FROM visits GROUP BY CITY",
    `group_by: [CITY, REASON]
select: [count]
order_by: [CITY, { column: count, direction: desc }]
limit_by: { columns: [CITY], count: 3 }`,
  ],
  [
    "SELECT top_k(REASON, 3), count_units(*), count(*) AS n FROM visits",
    `group_by: [REASON]
select: [count_units, { count: "*", as: n }]
order_by: [{ column: n, direction: desc }]
limit: 3`,
  ],
  [
    "SELECT histogram(COST) FROM visits",
    "computed: { bin_COST: { bin: COST } }\ngroup_by: [bin_COST]\nselect: [count]\norder_by: [bin_COST]",
  ],
  ["-- a comment\nSELECT /* and another */ count(*)\nFROM visits -- the end", "select: [count]"],
];

for (const [sql, job] of SAME) {
  test(`gives the plan of the job that is spelt out: ${sql.slice(0, 70)}`, async () => {
    assert.equal(await digestOf(sqlJob(sql)), await digestOf(job));
  });
}

const REFUSED: readonly (readonly [sql: string, at: string, found: string, allowed: RegExp])[] = [
  ["SELECT * FROM visits", "1:8", "*", /columns by name/],
  ["SELECT DISTINCT A FROM visits", "1:8", "DISTINCT", /GROUP BY/],
  ["SELECT count(DISTINCT A) FROM visits", "1:8", "count(DISTINCT ...)", /count_units/],
  ["SELECT A, count(*) FROM visits", "1:8", "A", /GROUP BY/],
  ["SELECT A FROM visits GROUP BY A", "1:1", "no aggregate", /count/],
  ["SELECT A AS B, A AS C, count(*) FROM visits GROUP BY A", "1:16", "AS C", /^B,/],
  ["SELECT count(*)", "1:1", "no FROM", /FROM visits/],
  ["SELECT count(*) FROM other", "1:22", "other", /FROM visits/],
  ["SELECT count(*) FROM a.visits", "1:22", "a", /FROM visits/],
  ["SELECT count(*) FROM visits, more", "1:30", "more", /no other table/],
  ["SELECT count(*) FROM visits JOIN more ON true", "1:34", "more", /FROM visits/],
  ["SELECT count(*) FROM (SELECT 1) AS x", "1:17", "FROM", /no other table or query/],
  ["SELECT count(*) FROM ONLY visits", "1:27", "ONLY", /FROM visits/],
  ["WITH x AS (SELECT 1) SELECT count(*) FROM visits", "1:1", "WITH", /one SELECT/],
  ["SELECT count(*) FROM visits UNION SELECT 1", "1:29", "UNION", /ROLLUP/],
  ["SELECT count(*) FROM visits LIMIT 3 OFFSET 4", "1:37", "OFFSET", /LIMIT/],
  ["SELECT count(*) FROM visits LIMIT 0", "1:35", "0", /from 1/],
  ["SELECT count(*) FROM visits LIMIT 1.5", "1:35", "1.5", /whole/],
  ["SELECT count(*) FROM visits FOR UPDATE", "1:29", "FOR", /SELECT/],
  ["SELECT sum(A) OVER () FROM visits", "1:8", "OVER", /without it/],
  ["SELECT sum(A) FILTER (WHERE B > 1) FROM visits", "1:8", "FILTER", /WHERE/],
  ["SELECT sum(A ORDER BY A) FROM visits", "1:8", "ORDER BY in an aggregate", /without it/],
  ["SELECT sum(*) FROM visits", "1:8", "sum(*)", /sum\(COLUMN\)/],
  ["SELECT sum(A, B) FROM visits", "1:8", "sum", /one column/],
  ["SELECT sum(1) FROM visits", "1:12", "1", /columns and numbers/],
  ["SELECT sum(A || B) FROM visits", "1:14", "||", /\+ - \* \//],
  ["SELECT median(A) FROM visits", "1:8", "median", /histogram/],
  ["SELECT var_pop(A) FROM visits", "1:8", "var_pop", /var_samp/],
  ["SELECT count_units(A) FROM visits", "1:8", "count_units", /\(\*\)/],
  ["SELECT upper(A), count(*) FROM visits GROUP BY 1", "1:8", "upper", /CASE/],
  ["SELECT A::text, count(*) FROM visits GROUP BY 1", "1:9", "::", /a column/],
  ["SELECT grouping(A), count(*) FROM visits GROUP BY A", "1:8", "grouping", /column grouping/],
  ["SELECT extract(epoch FROM A), count(*) FROM visits GROUP BY 1", "1:8", "epoch", /year/],
  ["SELECT date_trunc('decade', A), count(*) FROM visits GROUP BY 1", "1:8", "decade", /month/],
  ["SELECT extract(year FROM lower(A)), count(*) FROM visits GROUP BY 1", "1:26", "lower", /COLUMN/],
  ["SELECT width_bucket(A, 0, 10, 5), count(*) FROM visits GROUP BY 1", "1:8", "width_bucket", /owner's/],
  ["SELECT CASE WHEN A = 1 THEN B END AS c, count(*) FROM visits GROUP BY c", "1:29", "B", /a text/],
  ["SELECT CASE WHEN A + 1 = 1 THEN 2 END AS c, count(*) FROM visits GROUP BY c", "1:20", "+", /dimension/],
  ["SELECT count(*) FROM visits WHERE A LIKE 'x%'", "1:37", "LIKE", /IN/],
  ["SELECT count(*) FROM visits WHERE A = B", "1:39", "B", /constant/],
  ["SELECT count(*) FROM visits WHERE 1 = 1", "1:39", "1", /column compared/],
  ["SELECT count(*) FROM visits WHERE A = NULL", "1:39", "NULL", /IS NULL/],
  ["SELECT count(*) FROM visits WHERE A IN (NULL)", "1:41", "NULL", /IS NULL/],
  ["SELECT count(*) FROM visits WHERE A IN (SELECT 1)", "1:37", "IN", /IN \(SELECT b\.COLUMN/],
  ["SELECT count(*) FROM visits WHERE A = $1", "1:39", "$1", /constant/],
  ["SELECT count(*) FROM visits WHERE b.A = 1", "1:35", "b.A", /visits\.COLUMN/],
  ["SELECT A, count(*) FROM visits GROUP BY 2", "1:41", "2", /place of one/],
  ["SELECT count(*) FROM visits GROUP BY GROUPING SETS (A, B)", "1:38", "GROUPING", /all the columns/],
  ["SELECT count(*) FROM visits GROUP BY GROUPING SETS (A, A)", "1:38", "GROUPING", /once/],
  ["SELECT A, count(*) FROM visits GROUP BY A HAVING sum(B) > 1", "1:50", "sum", /^A, count$/],
  ["SELECT A, count(*) FROM visits GROUP BY A ORDER BY B", "1:52", "B", /^A, count$/],
  ["SELECT A, count(*) FROM visits GROUP BY A ORDER BY 3", "1:52", "3", /1 to 2/],
  ["SELECT A, count(*) FROM visits GROUP BY A ORDER BY A NULLS FIRST", "1:52", "A", /NULLS LAST/],
  ["SELECT top_k(A) FROM visits", "1:8", "top_k", /top_k\(COLUMN, K\)/],
  ["SELECT top_k(A, 2), top_k(B, 2) FROM visits", "1:21", "top_k", /one top_k/],
  ["SELECT A, top_k(A, 2) FROM visits GROUP BY A", "1:17", "A", /not in GROUP BY/],
  ["SELECT top_k(A, 2), sum(B) FROM visits", "1:14", "A", /count\(\*\)/],
  ["SELECT top_k(A, 2) FROM visits LIMIT 5", "1:14", "A", /without ORDER BY and LIMIT/],
  ["SELECT A, histogram(B) FROM visits GROUP BY ROLLUP (A)", "1:21", "B", /without totals/],
  ["SELECT count(*) FROM visits; SELECT 1", "1:30", "a second statement", /one SELECT/],
  ["DROP TABLE visits", "1:1", "DROP", /one SELECT/],
  ["SELECT\n  count(*),\n  'é' || \"ä\"\nFROM visits", "3:7", "||", /a column/],
];

for (const [sql, at, found, allowed] of REFUSED) {
  test(`refuses, at ${at}: ${sql.replaceAll("\n", " ").slice(0, 70)}`, async () => {
    const { code, details } = await refusal(readJob(BASE + sqlJob(sql)));
    const [line, column] = at.split(":");
    assert.equal(code, "SQL_DIALECT", JSON.stringify(details));
    assert.equal(details["at"], `line ${line ?? ""}, column ${column ?? ""}`);
    assert.equal(details["found"], found);
    assert.match(String(details["allowed"]), allowed);
  });
}

async function refusal(work: Promise<unknown>): Promise<SealroomError> {
  const error: unknown = await work.then(
    () => assert.fail("nothing was refused"),
    (cause: unknown) => cause,
  );
  if (error instanceof SealroomError) return error;
  throw error;
}

test("what is no SQL is refused by its place, in PostgreSQL's words", async () => {
  const { code, details } = await refusal(readJob(BASE + sqlJob("SELECT count(*)\nFORM visits")));
  assert.deepEqual(
    [code, details["at"], details["fault"]],
    ["SQL_SYNTAX", "line 2, column 6", 'syntax error at or near "visits"'],
  );
  for (const text of [" ", "SELECT 'open", 'SELECT "', "SELECT (", "\\"]) {
    assert.equal((await refusal(readJob(BASE + sqlJob(text)))).code, "SQL_SYNTAX", text);
  }
});

test("names longer than PostgreSQL keeps them, and queries longer than may be, are refused", async () => {
  const long = "x".repeat(64);
  const cut = await refusal(readJob(BASE + sqlJob(`SELECT count(*) FROM visits WHERE ${long} = 1`)));
  assert.deepEqual([cut.code, cut.details["at"]], ["SQL_DIALECT", "line 1, column 35"]);
  const line = `${Array.from({ length: 100 }, () => "1").join(",")},`;
  const lines = Array.from({ length: MAX_SQL_CHARS / line.length }, () => line);
  const query = `SELECT count(*) FROM visits WHERE A IN (${lines.join("\n")}1)`;
  assert.equal((await refusal(readJob(BASE + sqlJob(query)))).code, "SQL_SYNTAX");
});

test("a query takes no other member that asks something beside it, and no other kind", async () => {
  for (const more of ["select: [count]", "where: null", "limit: 3", "kind: tokenize"]) {
    const { code } = await refusal(readJob(`${BASE}${sqlJob("SELECT count(*) FROM visits")}\n${more}`));
    assert.equal(code, "JOB_FIELD", more);
  }
});

test("an expression in the rules is one of columns and numbers", async () => {
  assert.deepEqual(await readExpression('price * (1 - "Discount rate") / 2'), {
    op: "/",
    of: [{ op: "*", of: ["price", { op: "-", of: [1, "Discount rate"] }] }, 2],
  });
  for (const [text, at] of [
    ["price *", undefined],
    ["price FROM visits", "line 1, column 1"],
    ["a, b", "line 1, column 1"],
    ["a AS b", "line 1, column 1"],
    ["sum(a)", "line 1, column 1"],
    ["a + b.c", "line 1, column 5"],
    ["a + 'x'", "line 1, column 5"],
    ["a; DROP TABLE x", "line 1, column 4"],
  ] as const) {
    const { code, details } = await refusal(readExpression(text));
    assert.match(code, /^SQL_/, text);
    if (at !== undefined) assert.equal(details["at"], at, text);
  }
});
