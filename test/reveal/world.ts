// A data set, the copy with tokens that a job makes of it, and jobs that reveal that copy: compiled, cloned into threads,
// written and read as files, merged. Manifests are parsed as the enclave parses them.
import { cellText } from "../../core/column/text.ts";
import { encodeTable, parseTable } from "../../core/column/table.ts";
import type { ColumnTable } from "../../core/column/table.ts";
import type { ColumnBatch, Vector } from "../../core/column/vector.ts";
import { encodeCanonical } from "../../core/json.ts";
import type { Manifest } from "../../core/manifest/manifest.ts";
import { parseManifest } from "../../core/manifest/parse.ts";
import type { ColumnRule, TokenKeyEntry } from "../../core/manifest/tokenization.ts";
import { parsePlan } from "../../core/plan/parse.ts";
import type { RevealPlan } from "../../core/plan/plan.ts";
import {
  compileProgram,
  mostResultBytes,
  outputOf,
  releaseResult,
  startKernel,
  startMerge,
  tokenKeysOf,
} from "../../jobs/registry.ts";
import type { Program } from "../../jobs/registry.ts";
import { objectsOf } from "../aggregate/table.ts";
import type { Cuts, TestTable } from "../aggregate/table.ts";
import { exampleManifest, KEY_ARN, makeParty } from "../manifest/example.ts";

export const [OWNER, ANALYST] = await Promise.all([makeParty(), makeParty()]);
export const AUDIENCE = "research";

/** By domain and version; drawn anew for each run. */
export const MASTERS: ReadonlyMap<string, Uint8Array> = new Map(
  ["person:1", "person:2", "card:1"].map((name) => [name, crypto.getRandomValues(new Uint8Array(32))]),
);

export function tokenKey(domain: string, version: number): TokenKeyEntry {
  return { domain, version, keyArn: KEY_ARN, wrappedKey: Buffer.alloc(184, 9).toString("base64url") };
}

export const KEYS: readonly TokenKeyEntry[] = [
  tokenKey("person", 1),
  tokenKey("person", 2),
  tokenKey("card", 1),
];

export type RuleText = Partial<ColumnRule> & Pick<ColumnRule, "operator">;

/** A data set as its owner signs it. */
export interface World {
  readonly manifest: Manifest;
  /** The batches of each object, in the manifest's order; all columns, by name. */
  readonly objects: readonly (readonly NamedBatch[])[];
}

export interface NamedBatch {
  readonly rows: number;
  readonly unitStart: Uint8Array | null;
  readonly columns: ReadonlyMap<string, Vector>;
}

export function sealedWorld(table: TestTable, cuts: Cuts): World {
  const names = table.columns.map(({ name }) => name);
  const objects = objectsOf(table, names, cuts).map((batches) =>
    batches.map(({ columns, ...batch }) => ({
      ...batch,
      columns: new Map(columns.map((vector, at) => [names[at] ?? "", vector])),
    })),
  );
  const schema = table.columns.map(({ name, type, role }) => ({ name, type, role }));
  const unit = table.units === null ? "row" : "column";
  return { manifest: signed({ dataset: "people", unit, schema }, objects), objects };
}

type Signed = Pick<Manifest, "dataset" | "unit" | "schema"> & Partial<Manifest>;

function signed(part: Signed, objects: World["objects"]): Manifest {
  const { rules, ...example } = exampleManifest(OWNER.publicKey);
  const entries = objects.map((batches, at) => ({
    key: `part-${String(at)}.sealed`,
    format: "arrow",
    digest: String(at).padStart(96, "0"),
    bytes: 1_000_000,
    rows: batches.reduce((sum, { rows }) => sum + rows, 0),
  }));
  const plain = { ...rules, bounds: {}, extremes: [], groupKeys: {}, rounding: { counts: null, sums: {} } };
  const manifest = { ...example, rules: { ...plain, tokenKeys: KEYS }, ...part, objects: entries };
  return parseManifest(encodeCanonical(manifest));
}

/** As the owner signs it again, with other facts or rules. */
export function resigned({ manifest, objects }: World, changes: Partial<Manifest>): World {
  return { manifest: signed({ ...manifest, ...changes }, objects), objects };
}

/** The copy that the rules make; columns that they do not name are kept. */
export function copyOf(
  world: World,
  rules: Readonly<Record<string, RuleText>>,
  audience: string = AUDIENCE,
): World {
  const { manifest } = world;
  const columns = Object.fromEntries(
    manifest.schema.map(({ name, role }): [string, ColumnRule] => {
      const keep = { operator: "keep", domain: null, version: null, parameters: {}, class: null, unit: null };
      return [name, { ...keep, invalid: "null", role, ...rules[name] }];
    }),
  );
  // A copy of a copy is called otherwise.
  const tokenization = { [audience]: { dataset: `${manifest.dataset}-copy`, keyArn: KEY_ARN, columns } };
  const ruled = resigned(world, { rules: { ...manifest.rules, tokenization } });
  const plan = planOf({ kind: "tokenize", audience }, manifest.dataset);
  const program = structuredClone(compileProgram(parsePlan(plan), [ruled.manifest]));
  const shape = outputOf(program);
  if (shape === null) throw new Error("a copy of nothing");
  const objects = ruled.objects.map((batches) => copyObject(program, batches));
  const { dataset, unit, schema, tokens } = shape;
  return { manifest: signed({ dataset, unit, schema, tokens }, objects), objects };
}

function copyObject(program: Program, batches: readonly NamedBatch[]): readonly NamedBatch[] {
  const kernel = startKernel(program, { masters: mastersOf(program), maps: [] });
  const made = batches.flatMap((batch) => kernel.add(neededOf(program, batch)) ?? []);
  const [first] = made;
  if (first === undefined) return [];
  const file = encodeTable(
    first.fields,
    made.map(({ rows, vectors }) => ({ rows, columns: vectors })),
  );
  const { fields, batches: read } = parseTable(file);
  return read.map(({ rows, columns }) => {
    const named = new Map(columns.map((vector, at) => [fields[at]?.name ?? "", vector]));
    const marks = named.get("sealroom:unit_start");
    return { rows, unitStart: marks?.layout === "bits" ? marks.values : null, columns: named };
  });
}

/** The columns that a program reads, in its order. */
export function neededOf({ columns }: Program, { columns: known, ...batch }: NamedBatch): ColumnBatch {
  const needed = columns.map(({ name }) => {
    const vector = known.get(name);
    if (vector === undefined) throw new Error(`no column ${name}`);
    return vector;
  });
  return { ...batch, columns: needed };
}

export function mastersOf(program: Program): readonly Uint8Array[] {
  return tokenKeysOf(program).map(({ domain, version }) => {
    const master = MASTERS.get(`${domain}:${String(version)}`);
    if (master === undefined) throw new Error(`no key of ${domain}`);
    return master.slice();
  });
}

function planOf(part: object, dataset: string): Uint8Array {
  const inputs = [{ dataset, owner: OWNER.thumbprint }];
  const base = { version: 1, inputs, recipient: ANALYST.publicKey, release: "sealed" };
  return encodeCanonical({ ...base, ...part });
}

export function revealPlan(
  { manifest }: World,
  columns: readonly string[],
  match: RevealPlan["match"] = null,
): RevealPlan {
  const plan = parsePlan(planOf({ kind: "reveal", columns, match }, manifest.dataset));
  if (plan.kind !== "reveal") throw new TypeError("another kind");
  return plan;
}

export interface Job {
  readonly columns: readonly string[];
  readonly match?: RevealPlan["match"];
  readonly maxRows?: number | null;
}

/** The program as the enclave compiles it. */
export function compileJob(world: World, { columns, match = null, maxRows = 1_000 }: Job): Program {
  return structuredClone(compileProgram(revealPlan(world, columns, match), [world.manifest], { maxRows }));
}

export interface Revealed {
  readonly table: ColumnTable;
  readonly bytes: number;
  /** The length that is promised. */
  readonly mostBytes: number;
  /** Cells as text, by row; the last one says what was not revealed. */
  readonly rows: readonly (readonly (string | null)[])[];
}

/** The job as the enclave runs it. */
export function reveal(world: World, job: Job): Revealed {
  const program = compileJob(world, job);
  const merge = startMerge(program);
  for (const batches of world.objects) {
    const kernel = startKernel(program, { masters: mastersOf(program), maps: [] });
    for (const batch of batches) kernel.add(neededOf(program, batch));
    merge.add(structuredClone(kernel.finish()));
  }
  const file = releaseResult(program, merge, { maxRows: job.maxRows ?? 1_000 });
  const table = parseTable(file);
  return { table, bytes: file.length, mostBytes: mostResultBytes(program), rows: rowsOf(table.batches) };
}

function rowsOf(batches: ColumnTable["batches"]): Revealed["rows"] {
  return batches.flatMap(({ rows, columns }) =>
    Array.from({ length: rows }, (_, row) => columns.map((vector) => cellText(vector, row))),
  );
}

/** The cells of these columns as they lie in a data set. */
export function cellsOf({ objects }: World, names: readonly string[]): Revealed["rows"] {
  const batches = objects.flat().map(({ rows, unitStart, columns }) => ({
    rows,
    unitStart,
    columns: names.flatMap((name) => columns.get(name) ?? []),
  }));
  return rowsOf(batches);
}
