// Run in a copy of the sources whose threads die in jobs of these names, each at a place of its own: all of them, each
// with a job beside it and one after it, as one line.
import { openRows } from "../host/answer.ts";
import { BY_CITY, compilePlanFor, drawNonce, Host } from "../host/host.ts";
import type { HonestJob } from "../host/host.ts";
import { sealDataset, startWorld } from "../host/world.ts";

/** Job names by where a thread dies over the third object. */
export const DOOMED = {
  "before it connects": "d00ed00ed00ed001",
  "before it asks for anything": "d00ed00ed00ed002",
  "when the object's header is verified": "d00ed00ed00ed003",
  "with rows in its hands": "d00ed00ed00ed004",
  "when the partial is made and not handed over": "d00ed00ed00ed005",
} as const;

if (process.argv[2] === "run") {
  const world = await startWorld();
  const dataset = await sealDataset(world);
  const plan = await compilePlanFor(world, BY_CITY);
  const host = await Host.open(world);
  const rowsOf = async (job: HonestJob): Promise<number> => {
    const { event } = await host.submit(job);
    return event.type === "done" ? (await openRows(event, world.analyst)).length : -1;
  };
  const job = (): HonestJob => ({ plan, nonce: drawNonce(), dataset });
  const told: Record<string, unknown> = {};
  for (const [place, name] of Object.entries(DOOMED)) {
    const [doomed, beside] = await Promise.all([host.submit({ ...job(), name }), rowsOf(job())]);
    told[place] = { doomed: doomed.event, beside, next: await rowsOf(job()) };
  }
  const printed = Buffer.from(world.enclave.stderr()).toString();
  process.stdout.write(JSON.stringify({ ...told, printed }));
  await host.close();
  await world.close();
}
