// polars' side of the comparison. Its package is none of the project's: it stands in this folder, is installed when it is
// first asked for, by npm and as the lock file here says, and takes no part in anything else.
import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import type { Question } from "./questions.ts";

const HERE = fileURLToPath(new URL(".", import.meta.url));

/** As much of the package's interface as is used here. */
interface Polars {
  readonly col: (name: string) => Expression;
  readonly lit: (value: unknown) => Expression;
  readonly len: () => Expression;
  readonly readParquet: (file: string) => Frame;
}

interface Expression {
  sum(): Expression;
  mean(): Expression;
  alias(name: string): Expression;
  cast(type: unknown): Expression;
  mul(other: Expression): Expression;
  plus(other: Expression): Expression;
  minus(other: Expression): Expression;
  gtEq(value: unknown): Expression;
  gt(value: unknown): Expression;
  ltEq(value: unknown): Expression;
  lt(value: unknown): Expression;
  and(other: Expression): Expression;
}

interface Frame {
  readonly height: number;
  filter(predicate: Expression): Frame;
  groupBy(...by: string[]): { agg(...figures: Expression[]): Frame };
  select(...figures: Expression[]): Frame;
  withColumns(...columns: Expression[]): Frame;
}

/** One thread, as the others have. */
export async function openPolars(): Promise<Polars> {
  process.env["POLARS_MAX_THREADS"] = "1";
  const name = "./node_modules/nodejs-polars/bin/index.js";
  try {
    return await load(name);
  } catch {
    // Not `npm ci`: some registries lack packages of other platforms, which a lock file made there then lacks as well.
    const install = ["install", "--no-save", "--no-audit", "--no-fund", "--ignore-scripts"];
    await promisify(execFile)("npm", install, { cwd: HERE });
    return load(name);
  }
}

async function load(name: string): Promise<Polars> {
  const loaded = (await import(name)) as { readonly default: Polars };
  return loaded.default;
}

/** The table, of a Parquet file, texts as categories, all of it in memory. */
export function loadFrame(polars: Polars, file: string, texts: readonly string[]): Frame {
  const { Categorical } = polars as unknown as { readonly Categorical: unknown };
  return polars.readParquet(file).withColumns(...texts.map((text) => polars.col(text).cast(Categorical)));
}

const DAY_MS = 86_400_000;
const day = (date: string): Date => new Date(Date.parse(date) - (Date.parse(date) % DAY_MS));

/** The question, by its name; returns the rows of the answer. */
export function askPolars(polars: Polars, frame: Frame, { name }: Question): number {
  const { col, lit, len } = polars;
  const sums = (...columns: readonly string[]): Expression[] =>
    columns.map((column) => col(column).sum().alias(`sum_${column}`));
  const rows = len().alias("n");
  switch (name) {
    case "sum by 100 texts":
      return frame.groupBy("id1").agg(rows, ...sums("v1")).height;
    case "3 averages by 100 integers":
      return frame.groupBy("id4").agg(rows, col("v1").mean(), col("v2").mean(), col("v3").mean()).height;
    case "sum by two of 100 texts each":
      return frame.groupBy("id1", "id2").agg(rows, ...sums("v1")).height;
    case "3 sums by 10^5 integers":
      return frame.groupBy("id6").agg(rows, ...sums("v1", "v2", "v3")).height;
    case "3 sums by 10^6 integers":
      return frame.groupBy("id7").agg(rows, ...sums("v1", "v2", "v3")).height;
    case "TPC-H Q1": {
      const price = col("extendedprice").mul(lit(1).minus(col("discount")));
      return frame
        .filter(col("shipdate").ltEq(lit(day("1998-09-02"))))
        .groupBy("returnflag", "linestatus")
        .agg(
          rows,
          ...sums("quantity", "extendedprice"),
          price.sum().alias("disc_price"),
          price
            .mul(lit(1).plus(col("tax")))
            .sum()
            .alias("charge"),
          ...["quantity", "extendedprice", "discount"].map((column) =>
            col(column).mean().alias(`avg_${column}`),
          ),
        ).height;
    }
    default:
      return frame
        .filter(
          col("shipdate")
            .gtEq(lit(day("1994-01-01")))
            .and(col("shipdate").lt(lit(day("1995-01-01"))))
            .and(col("discount").gtEq(lit(0.05)))
            .and(col("discount").ltEq(lit(0.07)))
            .and(col("quantity").lt(lit(24))),
        )
        .select(len().alias("n"), col("extendedprice").mul(col("discount")).sum().alias("revenue")).height;
  }
}
