// What an enclave must still do after all that was tried on it: an honest job.
import { naiveByCity } from "../host/answer.ts";
import { BY_CITY, compilePlanFor, drawNonce, runHost } from "../host/host.ts";
import { sealDataset } from "../host/world.ts";
import type { World } from "../host/world.ts";
import { judge } from "./attack.ts";
import type { Verdict } from "./attack.ts";

export async function runHonest(world: World): Promise<Verdict> {
  const dataset = await sealDataset(world);
  const plan = await compilePlanFor(world, BY_CITY);
  const run = await runHost(world, { plan, nonce: drawNonce(), dataset });
  return judge(run, world.analyst, naiveByCity(dataset.objects.flatMap(({ rows }) => rows)));
}
