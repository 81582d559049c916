// A small data set whose owner's rules say how it may be copied, and jobs on it: the code that the enclave runs, from the
// manifest's bytes to the released rows, without the sealing around it.
import { randomBytes } from "node:crypto";
import { parseTable } from "../../core/column/table.ts";
import { cellText } from "../../core/column/text.ts";
import type { Vector } from "../../core/column/vector.ts";
import { encodeCanonical } from "../../core/json.ts";
import { authorize } from "../../core/manifest/authority.ts";
import type { Grant, Manifest, VerifiedGrant } from "../../core/manifest/manifest.ts";
import { parseManifest } from "../../core/manifest/parse.ts";
import type { ColumnRule, TokenFacts } from "../../core/manifest/tokenization.ts";
import { parsePlan, planDigest } from "../../core/plan/parse.ts";
import { sha384Hex } from "../../core/text/digest.ts";
import { compileProgram, releaseResult, startKernel, startMerge, tokenKeysOf } from "../../jobs/registry.ts";
import type { Program } from "../../jobs/registry.ts";
import { texts } from "../../jobs/tokenize/quarantine.ts";
import { columnRules } from "../host/dataset.ts";
import { exampleManifest, KEY_ARN, makeParty, NOW, NOT_AFTER } from "../manifest/example.ts";

export const [OWNER, ANALYST] = await Promise.all([makeParty(), makeParty()]);
export const AUDIENCE = "research";
export const PERSON = { domain: "person", version: 1 } as const;
const OBJECT = { key: "part-0.sealed", format: "arrow", digest: "0a".repeat(48), bytes: 1_000_000 } as const;
const MASTER = new Uint8Array(randomBytes(32));

/** Cells by column. */
export type Rows = Readonly<Record<string, readonly string[]>>;
export type Cells = Readonly<Record<string, readonly (string | null)[]>>;

export interface Ruled {
  readonly rows: Rows;
  /** What the owner's rules say of columns; the rest is kept, but for those of which they say nothing. */
  readonly columns?: Readonly<Record<string, Partial<ColumnRule>>>;
  readonly unruled?: readonly string[];
  readonly tokens?: Readonly<Record<string, TokenFacts>>;
  readonly plans?: readonly string[];
  readonly vaults?: Manifest["rules"]["vaults"];
  readonly unit?: Manifest["unit"];
  readonly schema?: Manifest["schema"];
}

/** Signed or not, a manifest is parsed as this one is. Errors: MANIFEST_*. */
export function manifestOf({
  rows,
  columns = {},
  unruled = [],
  tokens = {},
  plans = [],
  vaults,
  ...given
}: Ruled): Manifest {
  const { rules, ...example } = exampleManifest(ANALYST.publicKey);
  const plain: Manifest["schema"] = Object.keys(rows).map((name) => ({
    name,
    type: "utf8",
    role: "dimension",
  }));
  const { schema = plain, unit = "row" } = given;
  const ruled = columnRules(schema, columns);
  const told = Object.entries(ruled).filter(([name]) => !unruled.includes(name));
  const manifest = {
    ...example,
    unit,
    schema,
    objects: [{ ...OBJECT, rows: Object.values(rows)[0]?.length ?? 0 }],
    tokens,
    rules: {
      ...rules,
      adhoc: plans.length === 0,
      plans,
      ...{ bounds: {}, extremes: [], groupKeys: {}, rounding: { counts: null, sums: {} } },
      tokenKeys: [{ ...PERSON, keyArn: KEY_ARN, wrappedKey: Buffer.alloc(184, 9).toString("base64url") }],
      tokenization: { [AUDIENCE]: { dataset: "copy", keyArn: KEY_ARN, columns: Object.fromEntries(told) } },
      ...(vaults === undefined ? {} : { vaults }),
    },
  };
  return parseManifest(encodeCanonical(manifest));
}

export function planOf(part: object): Uint8Array {
  const inputs = [{ dataset: "encounters", owner: OWNER.thumbprint }];
  return encodeCanonical({ version: 1, inputs, recipient: ANALYST.publicKey, release: "sealed", ...part });
}

export const COPY_PLAN: Uint8Array = planOf({ kind: "tokenize", audience: AUDIENCE });

/** The copy's cells, by column. Errors: those of a tokenization job. */
export function copyOf(ruled: Ruled): Cells {
  const program = compileProgram(parsePlan(COPY_PLAN), [manifestOf(ruled)]);
  if (program.kind !== "tokenize") throw new Error("another kind");
  const [kernel, merge] = [startKernel(program, secretsOf(program)), startMerge(program)];
  const made = kernel.add(batchOf(program, ruled.rows));
  if (made === null) throw new Error("no copy");
  merge.add(kernel.finish());
  releaseResult(program, merge, { maxRows: null });
  return cellsOf(
    program.outputs.map(({ name }) => name),
    made.vectors,
  );
}

/** The rows that a reveal job releases; `maxRows` of a grant of the owner's, null where there is none. */
export async function revealedOf(ruled: Ruled, plan: Uint8Array, maxRows: number | null): Promise<Cells> {
  const manifest = manifestOf(ruled);
  const [digest, manifestDigest] = [await planDigest(plan), await sha384Hex(encodeCanonical(manifest))];
  const verified = { manifest, digest: manifestDigest, owner: OWNER.thumbprint };
  const grants = maxRows === null ? [] : [grantOf(digest, manifestDigest, maxRows)];
  const parsed = parsePlan(plan);
  const authority = await authorize(parsed, digest, verified, grants, NOW);
  const release = { maxRows: authority.basis === "grant" ? authority.maxRows : null };
  const program = compileProgram(parsed, [manifest], release);
  const [kernel, merge] = [startKernel(program, secretsOf(program)), startMerge(program)];
  kernel.add(batchOf(program, ruled.rows));
  merge.add(kernel.finish());
  const { fields, batches } = parseTable(releaseResult(program, merge, release));
  return cellsOf(
    fields.map(({ name }) => name),
    batches[0]?.columns ?? [],
  );
}

function grantOf(plan: string, manifest: string, maxRows: number): VerifiedGrant {
  const base = { version: 1, plan, manifests: [manifest], recipient: ANALYST.thumbprint } as const;
  const grant: Grant = { ...base, notAfter: NOT_AFTER, maxRows };
  return { grant, digest: "0e".repeat(48), owner: OWNER.thumbprint };
}

function secretsOf(program: Program): Parameters<typeof startKernel>[1] & object {
  return { masters: tokenKeysOf(program).map(() => MASTER.slice()), maps: [] };
}

function batchOf({ columns }: Program, rows: Rows) {
  const vectors = columns.map(({ name }) => texts(rows[name] ?? []));
  return { rows: vectors[0]?.rows ?? 0, columns: vectors, unitStart: null };
}

function cellsOf(names: readonly string[], vectors: readonly Vector[]): Cells {
  return Object.fromEntries(
    names.map((name, at) => {
      const vector = vectors[at];
      if (vector === undefined) return [name, []];
      return [name, Array.from({ length: vector.rows }, (_, row) => cellText(vector, row))];
    }),
  );
}
