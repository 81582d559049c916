// What is asked of each engine: our query as an analyst writes it, and the same question for DuckDB and polars. Ours counts
// distinct units in every group and clips each unit's total, always; theirs count rows instead, which costs them less.
import type { PeerTable } from "./tables.ts";

/** Groups of fewer units are not released; the others' questions leave groups of fewer rows out where that leaves out some. */
export const MIN_UNITS = 10;

export interface Question {
  readonly name: string;
  readonly table: "groups" | "lines";
  /** `FROM t`. */
  readonly ours: string;
  readonly theirs: string;
  /** Columns that are aggregated, or named expressions, and how large one unit's total may be: none is clipped here. */
  readonly bounds: Readonly<Record<string, number>>;
  readonly most: number | null;
}

const SUMS = "sum(v1) AS s1, sum(v2) AS s2, sum(v3) AS s3";
const COUNTS = "count(*) AS n";
const UNITS = `${COUNTS}, count_units(*) AS u`;
const V = { v1: 100, v2: 1000, v3: 10_000 };

function byKeys(name: string, keys: string, figures: string, goal: number | null, having: string): Question {
  return {
    name,
    table: "groups",
    ours: `SELECT ${keys}, ${UNITS}, ${figures} FROM t GROUP BY ${keys}`,
    theirs: `SELECT ${keys}, ${COUNTS}, ${figures} FROM t GROUP BY ${keys}${having}`,
    bounds: V,
    most: goal,
  };
}

const LARGE = ` HAVING count(*) >= ${String(MIN_UNITS)}`;
const DISC_PRICE = "extendedprice * (1 - discount)";
const CHARGE = "extendedprice * (1 - discount) * (1 + tax)";
const LINE_BOUNDS = {
  extendedprice: 1e7,
  disc_price: 1e7,
  charge: 1e7,
  revenue: 1e7,
  quantities: 1000,
  discounts: 10,
};

const Q1 = (
  rowsOf: string,
): string => `SELECT returnflag, linestatus, ${rowsOf}, sum(quantity * 1) AS sum_qty,
  sum(extendedprice) AS sum_price, sum(${DISC_PRICE}) AS sum_disc_price, sum(${CHARGE}) AS sum_charge,
  avg(quantity * 1) AS avg_qty, avg(extendedprice) AS avg_price, avg(discount * 1) AS avg_disc
  FROM t WHERE shipdate <= DATE '1998-09-02' GROUP BY returnflag, linestatus`;
const Q6 = (rowsOf: string): string => `SELECT ${rowsOf}, sum(extendedprice * discount) AS revenue FROM t
  WHERE shipdate >= DATE '1994-01-01' AND shipdate < DATE '1995-01-01'
  AND discount BETWEEN 0.05 AND 0.07 AND quantity < 24`;
const plain = (sql: string): string => sql.replaceAll(" * 1)", ")");

export const QUESTIONS: readonly Question[] = [
  byKeys("sum by 100 texts", "id1", "sum(v1) AS s1", 1, ""),
  byKeys("3 averages by 100 integers", "id4", "avg(v1) AS a1, avg(v2) AS a2, avg(v3) AS a3", 1, ""),
  byKeys("sum by two of 100 texts each", "id1, id2", "sum(v1) AS s1", 1, ""),
  byKeys("3 sums by 10^5 integers", "id6", SUMS, null, LARGE),
  byKeys("3 sums by 10^6 integers", "id7", SUMS, 1.5, LARGE),
  {
    ...{ name: "TPC-H Q1", table: "lines", bounds: LINE_BOUNDS, most: 0.6 },
    ours: Q1(UNITS),
    theirs: plain(Q1(COUNTS)),
  },
  {
    ...{ name: "TPC-H Q6", table: "lines", bounds: LINE_BOUNDS, most: 1 },
    ours: Q6(UNITS),
    theirs: Q6(COUNTS),
  },
];

const SIX = "sum(v1) AS s1, sum(v2) AS s2, avg(v3) AS a3";
const WHERE = "WHERE id4 <= 90 AND id6 > 1000";

/** Of two columns, and of six. */
export const SOCKET_QUESTIONS: readonly Question[] = [
  { ...byKeys("2 columns", "id1", "sum(v1) AS s1", null, "") },
  {
    ...{ name: "6 columns", table: "groups", bounds: V, most: null },
    ours: `SELECT id1, ${UNITS}, ${SIX} FROM t ${WHERE} GROUP BY id1`,
    theirs: `SELECT id1, ${COUNTS}, ${SIX} FROM t ${WHERE} GROUP BY id1`,
  },
];

/** By the name that bounds speak of, as rules declare it. */
export const EXPRESSIONS: Readonly<Record<PeerTable["name"], Readonly<Record<string, string>>>> = {
  groups: {},
  lines: {
    disc_price: DISC_PRICE,
    charge: CHARGE,
    revenue: "extendedprice * discount",
    quantities: "quantity * 1",
    discounts: "discount * 1",
  },
};
