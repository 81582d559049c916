// Data full of canaries, and jobs on it that end in every way that a job can; all that left the enclave is kept.
import { createHash } from "node:crypto";
import { writeJobRequest } from "../../core/wire/job.ts";
import { makeKey, signAs } from "../host/dataset.ts";
import type { Row } from "../host/dataset.ts";
import { endpointIdentity, playEndpoint } from "../host/endpoint.ts";
import { BY_CITY, compilePlanFor, drawNonce, Host } from "../host/host.ts";
import type { Hostility, HonestJob, JobEnd } from "../host/host.ts";
import type { Recorded } from "../host/recording.ts";
import { sealDataset } from "../host/world.ts";
import type { World, WorldDataset } from "../host/world.ts";
import { textCanary } from "./search.ts";
import type { Canary } from "./search.ts";

const NAMES = [
  "Canary Wilhelmina Quastenflosser",
  "Canary \u00d8lga \u010cern\u00e1-Nov\u00e1kov\u00e1",
  "Canary Bartholomew Fennimore-Quill",
];
/** Of so few people that no rules let them out. */
const RARE_CITIES = ["Zwischenwasser an der Quelle", "Lower Slaughter-under-Wychwood"];
/** Of many people: they leave, but sealed. */
const CITIES = ["Obertiefenbach am Berge", "Llanfairpwllgwyngyll"];
const AMOUNTS = [918_273_645, 135_792_468, 864_209_753];
const PEOPLE = 60;

export interface Planted {
  readonly dataset: WorldDataset;
  /** Must never leave. */
  readonly secret: readonly Canary[];
  /** May leave sealed, or in the clear where the rules say so. */
  readonly released: readonly Canary[];
}

export async function plant(world: World, release: "sealed" | "clear"): Promise<Planted> {
  const objects = [0, 1, 2].map((object) => plantRows(object));
  const dataset = await sealDataset(world, {
    rows: objects,
    rules: { release, bounds: { amount: { lower: 0, upper: 2_000_000_000 } } },
  });
  return {
    dataset,
    secret: [
      ...NAMES.map(textCanary),
      ...RARE_CITIES.map(textCanary),
      ...AMOUNTS.map((amount) => textCanary(String(amount))),
      textCanary("anonymous-1-0030"),
      { name: "dataset key", bytes: dataset.datasetKey },
      ...dataset.objects.flatMap(({ plain }, object) => windows(plain, `object ${object}`)),
    ],
    released: CITIES.map(textCanary),
  };
}

function plantRows(object: number): readonly Row[] {
  // In two objects only: four of them in the first rare city, fewer than any rules ask for.
  const names = object === 2 ? [] : NAMES;
  const canaries = names.map((name, index): readonly Row[] => {
    const person = object === 0 ? name : `${name} ${object}`;
    const city = RARE_CITIES[index % RARE_CITIES.length] ?? "";
    return AMOUNTS.map((amount) => ({ person, city, amount }));
  });
  const crowd = Array.from({ length: PEOPLE }, (_, index): Row => {
    const person = `anonymous-${object}-${String(index).padStart(4, "0")}`;
    const amount = createHash("sha256").update(person).digest().readUInt32BE(0) >>> 2;
    return { person, city: CITIES[index % CITIES.length] ?? "", amount };
  });
  return [...canaries.flat(), ...crowd];
}

/** Pieces of the plaintext unlike anything else: no long runs, nothing that stands in a manifest or may be released. */
function windows(plain: Uint8Array, name: string): readonly Canary[] {
  const found: Canary[] = [];
  for (let at = 0; at + 24 <= plain.length; at += 64) {
    const bytes = plain.slice(at, at + 24);
    const text = Buffer.from(plain.subarray(Math.max(0, at - 30), at + 54)).toString("latin1");
    const isPublic = [/amount|person|city|sealroom|ARROW/, ...CITIES].some(
      (known) => text.search(known) >= 0,
    );
    if (!isPublic && new Set(bytes).size >= 12) found.push({ name: `${name} at ${at}`, bytes });
  }
  return found;
}

export interface CanaryRun {
  readonly recorded: readonly Recorded[];
  /** How each job ended, by what was done to it; null where nobody waited. */
  readonly ends: Readonly<Record<string, JobEnd | null>>;
}

/** All of it on one enclave, with what the enclave printed. */
export async function runJobs(
  world: World,
  { dataset }: Planted,
  release: "sealed" | "clear",
): Promise<CanaryRun> {
  const recorded: Recorded[] = [];
  const ends: Record<string, JobEnd | null> = {};
  const plan = await compilePlanFor(world, (owner) => `${BY_CITY(owner)}release: ${release}\n`);
  const honest: HonestJob = { plan, nonce: drawNonce(), dataset };
  const run = async (name: string, job: HonestJob, hostility: Hostility = {}): Promise<void> => {
    const host = await Host.open(world, hostility);
    // A leaking enclave may break the protocol too; what it sent is recorded all the same.
    try {
      ends[name] = (await host.submit(job)).event;
    } catch {
      ends[name] = null;
    } finally {
      await host.close();
    }
    recorded.push(...host.recording.all());
  };
  await run("done", honest);
  const identity = await endpointIdentity(world, world.state);
  const tunnel = await playEndpoint(world, identity, ({ relay }) => relay());
  await run("done, TLS ended by the test", honest, { tunnel });
  await run("done, TLS ended by the test, again", honest, { tunnel });
  const recipient = await makeKey();
  await run("refused by the rules", { ...honest, plan: await compilePlanFor(world, BY_CITY, { recipient }) });
  await run("refused by its groups", { ...honest, dataset: await changed(dataset, { maxGroups: 1 }) });
  await run("malformed", honest, { request: (request) => ({ ...request, plan: Buffer.from("{}") }) });
  await run("damaged", honest, {
    read: ({ object }, bytes) => (object === 1 ? bytes.map((byte) => byte ^ 1) : bytes),
  });
  await run("damaged at its end", honest, {
    read: ({ object, offset }, bytes) => damaged(object, offset, bytes),
  });
  await run("short of rows", { ...honest, dataset: await withRows(dataset, 1) });
  recorded.push(...(await runAbandoned(world, honest)));
  ends["abandoned"] = null;
  await run("done after all that", honest);
  recorded.push(
    { channel: "stdout", bytes: world.enclave.stdout() },
    { channel: "stderr", bytes: world.enclave.stderr() },
  );
  return { recorded, ends };
}

/** The footer comes whole and the columns broken: it fails in the middle of the work. */
function damaged(object: number, offset: number, bytes: Uint8Array): Uint8Array {
  if (object !== 2 || offset === 0) return bytes;
  const changedBytes = bytes.slice();
  changedBytes[40] = (changedBytes[40] ?? 0) ^ 0xff;
  return changedBytes;
}

async function changed(
  dataset: WorldDataset,
  rules: Partial<WorldDataset["manifest"]["rules"]>,
): Promise<WorldDataset> {
  const manifest = { ...dataset.manifest, rules: { ...dataset.manifest.rules, ...rules } };
  return { ...dataset, manifest, jws: await signAs(dataset.owner, manifest) };
}

async function withRows(dataset: WorldDataset, more: number): Promise<WorldDataset> {
  const objects = dataset.manifest.objects.map((entry) => ({ ...entry, rows: entry.rows + more }));
  const manifest = { ...dataset.manifest, objects };
  return { ...dataset, manifest, jws: await signAs(dataset.owner, manifest) };
}

/** The host hangs up when the first object is done and another is being read. */
async function runAbandoned(world: World, job: HonestJob): Promise<readonly Recorded[]> {
  let stalled: () => void = () => undefined;
  const reading = new Promise<void>((resolve) => {
    stalled = resolve;
  });
  const host = await Host.open(world, {
    read: (_, bytes) => {
      stalled();
      return bytes;
    },
  });
  const stream = await host.connect();
  await writeJobRequest(stream, host.request(job));
  await Promise.race([reading, new Promise((resolve) => setTimeout(resolve, 5000).unref())]);
  stream.destroy();
  await host.quiet();
  await host.close();
  return host.recording.all();
}
