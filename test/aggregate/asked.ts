// A measure of which nothing is asked, to be spread beneath what a test asks of it.
import type { Measure } from "../../jobs/aggregate/program.ts";

export const NOTHING: Omit<Measure, "name" | "column" | "exact"> = {
  sum: null,
  moments: null,
  beside: null,
  joint: null,
  bins: null,
  distinct: null,
  missing: false,
  extremes: [],
  share: false,
};
