// Runs attacks against the tree that this file lies in, each named by its place in the catalogue, in one world, and
// prints one line of JSON for each. A process of its own, so that it can run in a copy of the sources.
import { startWorld } from "../host/world.ts";
import { runHonest } from "./honest.ts";
import { ATTACKS } from "./catalogue.ts";

const places = process.argv.slice(2);
const world = await startWorld();
try {
  for (const place of places) {
    const attack = ATTACKS[Number(place)];
    if (attack === undefined) throw new Error(`no attack ${place}`);
    let line: unknown;
    try {
      line = await attack.run(world);
    } catch (error) {
      line = {
        outcome: "failed",
        why: error instanceof Error ? (error.stack ?? error.message) : String(error),
      };
    }
    process.stdout.write(`${JSON.stringify({ place: Number(place), verdict: line })}\n`);
  }
  if (places.length > 1) {
    process.stdout.write(`${JSON.stringify({ place: "honest", verdict: await runHonest(world) })}\n`);
  }
} finally {
  await world.close();
}
