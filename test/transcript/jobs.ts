// Shapes of jobs: a plan, rules, a layout of objects and a host that may misbehave; and running one on data of that
// shape, with all that the host saw.
import type { Manifest, ObjectEntry, Rules } from "../../core/manifest/manifest.ts";
import { DATASET_KEYRING } from "../../core/manifest/manifest.ts";
import type { ColumnRule } from "../../core/manifest/tokenization.ts";
import { MessageWriter } from "../../core/seal/writer.ts";
import { Dice } from "../aggregate/generate.ts";
import { FRAME_LENGTH, makeKey, signAs } from "../host/dataset.ts";
import type { SealedObject } from "../host/dataset.ts";
import { bulkAnswer, compilePlanFor, Host } from "../host/host.ts";
import type { Hostility, JobEnd } from "../host/host.ts";
import { DATASET, drawTokenKey, sealDataset } from "../host/world.ts";
import type { World, WorldDataset } from "../host/world.ts";
import { COPIED, COPY, copyRules, DOMAIN } from "./copies.ts";
import { transcriptOf } from "./transcript.ts";
import type { Transcript } from "./transcript.ts";
import { drawObjects, schemaOf } from "./values.ts";
import type { Layout, Style } from "./values.ts";

export interface Shape {
  readonly name: string;
  /** The job but for its data set and recipient. */
  readonly job: string;
  readonly layout: Layout;
  readonly unit?: Manifest["unit"];
  readonly rules?: Partial<Rules>;
  /** Rules of a copy, by column; the rest is kept. */
  readonly copy?: Readonly<Record<string, Partial<ColumnRule>>>;
  /** How it ends, whatever the values. */
  readonly end: "done" | Extract<JobEnd, { type: "refused" }>["code"];
  readonly hostility?: Hostility;
  /** Changes the manifest before it is signed. */
  readonly manifest?: (manifest: Manifest) => Manifest;
  /** For another recipient than the rules name. */
  readonly stranger?: true;
}

export interface Run {
  readonly transcript: readonly Transcript[];
  readonly event: JobEnd;
}

/** The host's name for the job and the analyst's nonce: the same in all runs, so that messages can be compared whole. */
const NAME = "0123456789abcdef";
const NONCE = "5a".repeat(32);

const ONE: Layout = [[60]];
const TWO: Layout = [[50, 30], [70]];
const THREE: Layout = [[40, 40, 9], [33], [64, 1]];

const FIGURES =
  "[count, count_units, { sum: amount }, { avg: price }, { sum: ratio }, { count: ratio, as: known }]";
const CODES = "{ column: code, between: [5, 20] }";

/** Jobs that are done. */
const DONE: readonly Omit<Shape, "end">[] = [
  { name: "one group", job: `select: ${FIGURES}`, layout: THREE },
  { name: "one group of a filter", job: `where: ${CODES}\nselect: ${FIGURES}`, layout: TWO },
  {
    name: "a filter that no row passes",
    job: `where: { column: street, op: "=", value: nowhere }\nselect: ${FIGURES}`,
    layout: THREE,
  },
  { name: "by dictionary", job: `group_by: [city]\nselect: ${FIGURES}`, layout: TWO },
  {
    name: "by dictionary, filtered by it",
    job: `where: { column: city, in: [north, tiny, nowhere] }\ngroup_by: [city]\nselect: ${FIGURES}`,
    layout: THREE,
  },
  { name: "by plain text", job: `group_by: [street]\nselect: ${FIGURES}`, layout: TWO },
  {
    name: "by plain text, filtered by a range of it",
    job: `where: { column: street, op: ">=", value: b }\ngroup_by: [street]\nselect: [count]`,
    layout: THREE,
  },
  { name: "by int64", job: `group_by: [code]\nselect: [count_units, { sum: amount }]`, layout: TWO },
  {
    name: "by a nullable bool",
    job: `group_by: [flag]\nselect: [{ avg: ratio }, { sum: price }]`,
    layout: THREE,
  },
  { name: "by date", job: `group_by: [day]\nselect: [count]\norder_by: [day]\nlimit: 5`, layout: TWO },
  {
    name: "by two columns",
    job: `where: { or: [${CODES}, { not: { column: flag, is_null: true } }] }\ngroup_by: [city, flag]\nselect: ${FIGURES}`,
    layout: THREE,
  },
  {
    name: "by text and date, ordered, cut off",
    job: `group_by: [street, day]\nselect: [{ sum: amount, as: total }, count]\norder_by: [{ column: total, direction: desc }, street]\nlimit: 3`,
    layout: TWO,
  },
  {
    name: "by declared keys",
    job: `group_by: [city]\nselect: ${FIGURES}`,
    layout: TWO,
    rules: { groupKeys: { city: ["north", "tiny", "elsewhere"] } },
  },
  {
    name: "by declared keys of two columns, ordered",
    job: `where: ${CODES}\ngroup_by: [city, flag]\nselect: [count_units, { sum: amount, as: total }]\norder_by: [{ column: total, direction: desc }]`,
    layout: ONE,
    rules: { groupKeys: { city: ["north", "south"], flag: [true, false] } },
  },
  { name: "each row a unit", job: `group_by: [city]\nselect: ${FIGURES}`, layout: THREE, unit: "row" },
  {
    name: "each row a unit, filtered",
    job: `where: { and: [${CODES}, { column: flag, op: "=", value: true }] }\ngroup_by: [street]\nselect: [count]`,
    layout: ONE,
    unit: "row",
  },
  {
    name: "few units suffice",
    job: `group_by: [city, code]\nselect: [count]`,
    layout: ONE,
    rules: { minUnits: 2 },
  },
  {
    name: "no group is large enough",
    job: `group_by: [city]\nselect: ${FIGURES}`,
    layout: TWO,
    rules: { minUnits: 900 },
  },
  {
    name: "with totals",
    job: `group_by: [city, flag]\ntotals: all\nselect: ${FIGURES}`,
    layout: TWO,
    rules: { minUnits: 5 },
  },
  {
    name: "with totals of declared keys, rounded, ordered",
    job: `where: ${CODES}\ngroup_by: [city, flag]\ntotals: rollup\nselect: [count, { sum: amount, as: total }]\norder_by: [{ column: total, direction: desc }]\nlimit: 9`,
    layout: THREE,
    rules: {
      groupKeys: { city: ["north", "tiny"], flag: [true, false] },
      rounding: { counts: 5, sums: { amount: 10 } },
    },
  },
  {
    name: "moments and extremes, where nobody may dominate",
    job: `group_by: [city]\nselect: [{ var: amount }, { stddev: ratio }, { min: price }, { max: amount }, { avg: ratio }, { covar: amount, with: ratio }, { corr: price, with: amount }, { approx_quantile: ratio, at: 0.5 }, { approx_distinct: street }]`,
    layout: TWO,
    rules: {
      extremes: ["price", "amount"],
      maxShare: 0.5,
      bins: { ratio: [-1.5, 0, 7] },
      distinct: { street: 2 },
    },
  },
  {
    name: "many figures with long names",
    job: `group_by: [city]\nselect: [${Array.from({ length: 40 }, (_, at) => `{ sum: amount, as: ${"n".repeat(120)}${at} }`).join(", ")}]`,
    layout: ONE,
  },
];

/** Jobs that are refused when data has been read, or on the way to it. */
const REFUSED: readonly Shape[] = [
  {
    name: "a recipient whom the rules do not name",
    job: "select: [count]",
    layout: ONE,
    stranger: true,
    end: "RULES_RECIPIENT",
  },
  {
    name: "a measure without bounds",
    job: "select: [{ sum: amount }]",
    layout: ONE,
    rules: { bounds: {} },
    end: "PLAN_BOUNDS",
  },
  {
    name: "a damaged frame in the middle of the work",
    job: `where: ${CODES}\ngroup_by: [city]\nselect: ${FIGURES}`,
    layout: [[50], [40, 40, 40]],
    hostility: {
      read: ({ object, offset }, bytes) => (object === 1 && offset > 0 ? flipped(bytes, 40) : bytes),
    },
    end: "SEAL_FRAME_TAG",
  },
  {
    name: "a swapped object",
    job: `group_by: [city]\nselect: ${FIGURES}`,
    layout: [[50]],
    manifest: (manifest) => withObjects(manifest, (entry) => ({ ...entry, digest: "ab".repeat(48) })),
    end: "OBJECT_DIGEST",
  },
  {
    name: "rows that the manifest does not have",
    job: `group_by: [street]\nselect: ${FIGURES}`,
    layout: [[50, 20]],
    manifest: (manifest) => withObjects(manifest, (entry) => ({ ...entry, rows: entry.rows + 1 })),
    end: "OBJECT_ROWS",
  },
  {
    name: "columns in another order than the manifest's",
    job: `group_by: [street]\nselect: ${FIGURES}`,
    layout: [[50, 20]],
    manifest: (manifest) => ({ ...manifest, schema: manifest.schema.toReversed() }),
    end: "COLUMN_SCHEMA",
  },
  {
    name: "an answer of another length than was asked for",
    job: `group_by: [code]\nselect: [count]`,
    layout: [[30, 30]],
    hostility: { answer: ({ offset }, honest) => bulkAnswer(offset > 0 ? honest.subarray(1) : honest) },
    end: "WIRE_LENGTH",
  },
  {
    name: "more declared keys than groups may be",
    job: `group_by: [city, flag]\nselect: [count]`,
    layout: ONE,
    rules: { groupKeys: { city: ["a", "b"], flag: [true, false] }, maxGroups: 3 },
    end: "PLAN_GROUP_KEYS",
  },
];

export const SHAPES: readonly Shape[] = [
  ...DONE.map((shape): Shape => ({ ...shape, end: "done" })),
  ...REFUSED,
  ...COPIED,
];

/** The parts of a data set that need KMS; every data set of a world has the same ones. */
export async function openSource(world: World): Promise<WorldDataset> {
  return sealDataset(world, {
    rows: [[{ person: "p", city: "c", amount: 1 }]],
    rules: async (keyArn) => ({ tokenKeys: [await drawTokenKey(world, world.owner, keyArn, DOMAIN)] }),
    tokens: [DOMAIN],
    outputs: [COPY],
  });
}

/** One job on data of a style. */
export async function runShape(
  world: World,
  source: WorldDataset,
  shape: Shape,
  { style, seed }: { readonly style: Style; readonly seed: number },
): Promise<Run> {
  const plan = await compilePlanFor(
    world,
    (owner) => `datasets: { ${DATASET}: { owner: ${owner} } }\nrecipient: analyst\n${shape.job}\n`,
    shape.stranger ? { recipient: await strangerOf(world) } : {},
  );
  const dataset = await sealShape(source, shape, style, seed);
  const host = await Host.open(world, shape.hostility);
  try {
    const { event } = await host.submit({ plan, nonce: NONCE, dataset, name: NAME });
    await host.quiet();
    return { transcript: transcriptOf(host.recording.conversations()), event };
  } finally {
    await host.close();
  }
}

async function sealShape(
  source: WorldDataset,
  shape: Shape,
  style: Style,
  seed: number,
): Promise<WorldDataset> {
  const { unit = "column", rules = {}, copy, layout } = shape;
  const files = drawObjects(layout, style, unit, new Dice(seed));
  const objects = files.map((plain, object): SealedObject => {
    const rows = (layout[object] ?? []).reduce((sum, count) => sum + count, 0);
    return sealFile(plain, rows, source.datasetKey, `part-${object}.sealed`);
  });
  const bounds = {
    amount: { lower: -1000, upper: 1000 },
    price: { lower: 0, upper: 99.5 },
    ratio: { lower: -1, upper: 1 },
  };
  const plain: Manifest = {
    ...source.manifest,
    unit,
    schema: schemaOf(unit),
    objects: objects.map(({ entry }) => entry),
    rules: {
      ...source.manifest.rules,
      minUnits: 3,
      bounds,
      ...rules,
      ...(copy === undefined ? {} : copyRules(source.manifest.keyArn, schemaOf(unit), copy)),
    },
  };
  const manifest = shape.manifest?.(plain) ?? plain;
  return { ...source, manifest, jws: await signAs(source.owner, manifest), objects };
}

function sealFile(plain: Uint8Array, rows: number, datasetKey: Uint8Array, key: string): SealedObject {
  const writer = new MessageWriter({
    wrappingKey: datasetKey,
    keyNamespace: DATASET_KEYRING.namespace,
    keyName: DATASET_KEYRING.name,
    encryptionContext: new Map([["sealroom:object", key]]),
    frameLength: FRAME_LENGTH,
  });
  const pieces = [writer.header(), ...writer.push(plain), ...writer.finish()];
  const bytes = new Uint8Array(Buffer.concat(pieces));
  const digest = Buffer.from(writer.digest).toString("hex");
  return { entry: { key, format: "arrow", digest, bytes: bytes.length, rows }, bytes, rows: [], plain };
}

const strangers = new WeakMap<World, Promise<World["analyst"]>>();

/** The same for all data of a world, so that the plan is. */
function strangerOf(world: World): Promise<World["analyst"]> {
  const known = strangers.get(world) ?? makeKey();
  strangers.set(world, known);
  return known;
}

function withObjects(manifest: Manifest, change: (entry: ObjectEntry) => ObjectEntry): Manifest {
  return { ...manifest, objects: manifest.objects.map(change) };
}

function flipped(bytes: Uint8Array, at: number): Uint8Array {
  return bytes.map((byte, index) => (index === at ? byte ^ 1 : byte));
}
