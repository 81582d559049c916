// Run in a copy of the sources in which somebody planted a leak: prints how transcripts of one shape differ.
import { startWorld } from "../host/world.ts";
import { openSource, runShape, SHAPES } from "./jobs.ts";
import type { Run } from "./jobs.ts";
import { differences } from "./transcript.ts";
import { STYLES } from "./values.ts";

const SHOWN = 200;

const world = await startWorld({ threads: 1 });
try {
  const source = await openSource(world);
  const lines: string[] = [];
  for (const shape of SHAPES.filter(({ name }) => name === "by a nullable bool" || name === "by int64")) {
    let first: Run | undefined;
    for (const [seed, style] of STYLES.entries()) {
      const run = await runShape(world, source, shape, { style, seed });
      first ??= run;
      lines.push(...differences(first.transcript, run.transcript).map((line) => line.slice(0, SHOWN)));
    }
  }
  process.stdout.write(JSON.stringify(lines));
} finally {
  await world.close();
}
