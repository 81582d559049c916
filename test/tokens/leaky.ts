// Run in a copy of the sources in which somebody planted a leak: looks for canaries and prints what was found.
import { KEPT, runCanaries, SECRET } from "./canary-run.ts";
import { ManyCanaries } from "./many.ts";

/** As much as fits what a process may print to another. */
const MOST_HITS = 100;
const { recorded, close } = await runCanaries();
try {
  const hits = new ManyCanaries([...SECRET, ...KEPT]).find(recorded);
  process.stdout.write(JSON.stringify(hits.slice(0, MOST_HITS)));
} finally {
  await close();
}
