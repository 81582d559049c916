// Runs attacks against the tree that this file lies in, each named by its place in the catalogue, in one world, and
// prints one line of JSON for each. A process of its own, so that it can run in a copy of the sources.
import { startWorld } from "../host/world.ts";
import type { World } from "../host/world.ts";
import { runHonest } from "./honest.ts";
import { ATTACKS } from "./catalogue.ts";

const places = process.argv.slice(2);
let running: Promise<World> | undefined;
/** Started for the first attack that needs it. */
const startOnce = (): Promise<World> => (running ??= startWorld());
try {
  for (const place of places) {
    const attack = ATTACKS[Number(place)];
    if (attack === undefined) throw new Error(`no attack ${place}`);
    let line: unknown;
    try {
      line = await (attack.scene === "code" ? attack.run() : attack.run(await startOnce()));
    } catch (error) {
      line = {
        outcome: "failed",
        why: error instanceof Error ? (error.stack ?? error.message) : String(error),
      };
    }
    process.stdout.write(`${JSON.stringify({ place: Number(place), verdict: line })}\n`);
  }
  if (places.length > 1) {
    process.stdout.write(
      `${JSON.stringify({ place: "honest", verdict: await runHonest(await startOnce()) })}\n`,
    );
  }
} finally {
  await (await running)?.close();
}
