// Run in a copy of the sources whose threads die over an object of the job of this name: three jobs, as one line.
import { openRows } from "../host/answer.ts";
import { BY_CITY, compilePlanFor, drawNonce, Host } from "../host/host.ts";
import type { HonestJob } from "../host/host.ts";
import { sealDataset, startWorld } from "../host/world.ts";

export const DOOMED = "dddddddddddddddd";

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
  const [doomed, beside] = await Promise.all([host.submit({ ...job(), name: DOOMED }), rowsOf(job())]);
  const next = await rowsOf(job());
  const printed = Buffer.from(world.enclave.stderr()).toString();
  process.stdout.write(JSON.stringify({ doomed: doomed.event, beside, next, printed }));
  await host.close();
  await world.close();
}
