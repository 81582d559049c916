// Run in a copy of the sources in which somebody planted a leak: looks for canaries and prints what was found.
import { KEPT, runCanaries, SECRET } from "./canary-run.ts";
import { ManyCanaries } from "./many.ts";

const { recorded, close } = await runCanaries();
try {
  process.stdout.write(JSON.stringify(new ManyCanaries([...SECRET, ...KEPT]).find(recorded)));
} finally {
  await close();
}
