// Runs attacks against the tree that this file lies in, each named by its place in the catalogue, in one world, and
// prints one line of JSON for each. A process of its own, so that it can run in a copy of the sources; it loads no
// other attacks than it is asked for, nor a world for those that need none.
import type { World } from "../host/world.ts";
import type { Attack } from "./attack.ts";
import { GROUPS } from "./groups.ts";

async function find(place: string): Promise<Attack> {
  const [group = "", index] = place.split("/");
  const attack = (await GROUPS[group]?.())?.[Number(index)];
  if (attack === undefined) throw new Error(`no attack ${place}`);
  return attack;
}

const places = process.argv.slice(2);
let running: Promise<World> | undefined;
/** Started for the first attack that needs it. One thread: each would load the worker's sources for itself. */
const startOnce = (): Promise<World> =>
  (running ??= import("../host/world.ts").then(({ startWorld }) => startWorld({ threads: 1 })));
try {
  for (const place of places) {
    const attack = await find(place);
    let line: unknown;
    try {
      line = await (attack.scene === "code" ? attack.run() : attack.run(await startOnce()));
    } catch (error) {
      line = {
        outcome: "failed",
        why: error instanceof Error ? (error.stack ?? error.message) : String(error),
      };
    }
    process.stdout.write(`${JSON.stringify({ place, verdict: line })}\n`);
  }
  if (places.length > 1) {
    const { runHonest } = await import("./honest.ts");
    process.stdout.write(
      `${JSON.stringify({ place: "honest", verdict: await runHonest(await startOnce()) })}\n`,
    );
  }
} finally {
  await (await running)?.close();
}
