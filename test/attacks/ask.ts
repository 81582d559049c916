// A question that an analyst asks of one small data set, and whether its answer tells what he is after.
import type { Rules } from "../../core/manifest/manifest.ts";
import { openRows } from "../host/answer.ts";
import type { ResultRow } from "../host/answer.ts";
import type { Row } from "../host/dataset.ts";
import { compilePlanFor, drawNonce, runHost } from "../host/host.ts";
import { DATASET, sealDataset } from "../host/world.ts";
import type { World } from "../host/world.ts";
import type { Verdict } from "./attack.ts";

export interface Question {
  readonly rows: readonly Row[];
  readonly rules?: Partial<Rules>;
  /** The job's text below its data set. */
  readonly text: string;
  /** Whether the answer tells the analyst what he is after. */
  readonly tells: (answer: readonly ResultRow[]) => boolean;
}

export async function ask(world: World, { rows, rules = {}, text, tells }: Question): Promise<Verdict> {
  const dataset = await sealDataset(world, { rows: [rows], rules });
  const plan = await compilePlanFor(
    world,
    (owner) => `datasets:\n  ${DATASET}: { owner: ${owner} }\n${text}\nrecipient: analyst\n`,
  );
  const { event } = await runHost(world, { plan, nonce: drawNonce(), dataset });
  if (event.type === "refused") return { outcome: "refused", code: event.code };
  return { outcome: tells(await openRows(event, world.analyst)) ? "succeeded" : "withheld" };
}
