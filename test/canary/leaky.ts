// Run in a copy of the sources in which somebody planted a leak: looks for canaries and prints what was found.
import { startWorld } from "../host/world.ts";
import { plant, runJobs } from "./jobs.ts";
import { findCanaries } from "./search.ts";

const release = process.argv[2] === "clear" ? "clear" : "sealed";
const world = await startWorld();
try {
  const planted = await plant(world, release);
  const { recorded } = await runJobs(world, planted, release);
  const canaries = release === "clear" ? planted.secret : [...planted.secret, ...planted.released];
  process.stdout.write(JSON.stringify(findCanaries(recorded, canaries)));
} finally {
  await world.close();
}
