// The job of the benches: one dimension, one measure, distinct units, over data sets of the eight columns.
import type { Manifest, ObjectEntry, Rules } from "../core/manifest/manifest.ts";
import type { PublicJwk } from "../core/manifest/jwk.ts";
import { compileJob } from "../query/job.ts";
import { compileProgram } from "../jobs/registry.ts";
import type { Program } from "../jobs/registry.ts";
import { SCHEMA } from "./columns.ts";

export const DATASET = "bench";

export function rulesFor(recipient: PublicJwk): Rules {
  return {
    minUnits: 10,
    maxGroups: 1000,
    adhoc: true,
    plans: [],
    bounds: {
      visits: { lower: 0, upper: 1000 },
      price: { lower: 0, upper: 100 },
      score: { lower: 0, upper: 2000 },
    },
    maxShare: null,
    extremes: [],
    rounding: { counts: null, sums: {} },
    interval: 10,
    groupKeys: {},
    recipients: [recipient],
    release: "sealed",
  };
}

export function jobText(owner: string, dimension: string, measure: string): string {
  return [
    `datasets: { ${DATASET}: { owner: ${owner} } }`,
    `group_by: [${dimension}]`,
    `select: [count_units, { sum: ${measure}, as: total }]`,
    "recipient: analyst",
    "",
  ].join("\n");
}

/** One that reads most of an object. */
export function wideJob(owner: string): string {
  return [
    `datasets: { ${DATASET}: { owner: ${owner} } }`,
    "group_by: [city]",
    "select:",
    "  - count_units",
    "  - { sum: visits, as: visits }",
    "  - { avg: price, as: price }",
    "  - { sum: score, as: score }",
    'where: { column: street, op: "!=", value: nowhere }',
    "recipient: analyst",
    "",
  ].join("\n");
}

export const NOBODY: PublicJwk = {
  kty: "EC",
  crv: "P-256",
  x: "MKBCTNIcKUSDii11ySs3526iDZ8AiTo7Tu6KPAqv7D4",
  y: "4Etl6SRW2YiLUrN5vfvVHuhp7x8PxltmWWlbbM4IFyM",
};

/** What a thread runs, without the documents that a whole job needs. */
export async function programFor(
  objects: readonly ObjectEntry[],
  dimension: string,
  measure: string,
): Promise<Program> {
  const owner = "A".repeat(43);
  const manifest: Manifest = {
    version: 1,
    dataset: DATASET,
    epoch: 1,
    keyArn: "",
    wrappedKey: "",
    objects,
    ownerKey: NOBODY,
    notAfter: 1,
    unit: "column",
    schema: SCHEMA,
    rules: rulesFor(NOBODY),
  };
  const { plan } = await compileJob(jobText(owner, dimension, measure), () => NOBODY);
  return compileProgram(plan, [manifest]);
}
