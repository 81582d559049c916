// Attacks by way of a join: with whom an owner did not agree, and on the people of one data set by the other's.
import { openRows } from "../host/answer.ts";
import { makeKey, makeRows } from "../host/dataset.ts";
import type { KeyPair, Row } from "../host/dataset.ts";
import { compilePlanFor, drawNonce, runHost } from "../host/host.ts";
import type { HostRun } from "../host/host.ts";
import { DATASET, sealDataset } from "../host/world.ts";
import type { World, WorldDataset } from "../host/world.ts";
import type { JoinRule } from "../../core/manifest/joins.ts";
import type { Attack } from "./attack.ts";

/** By this name, the other data set. */
const PLACES = "places";

interface Joined {
  readonly visits: WorldDataset;
  readonly places: WorldDataset;
  readonly holder: KeyPair;
}

/** Visits of many people, and places, which an owner of his own protects: the city is the one's column, the other's unit. */
async function sealBoth(world: World, agrees: "both" | "visits"): Promise<Joined> {
  const holder = await makeKey();
  const rows = makeRows(1, 80, "joined").flat();
  const cities = [...new Set(rows.map(({ city }) => city))];
  const secrets: readonly Row[] = cities.map((city, at) => ({ person: city, city: "x", amount: 700 + at }));
  const rule = (owner: string, dataset: string, own: string, theirs: string): JoinRule => ({
    owner,
    dataset,
    keys: [{ own, theirs }],
  });
  const visits = await sealDataset(world, {
    rows: [rows],
    rules: { joins: [rule(holder.thumbprint, PLACES, "city", "person")] },
  });
  const named = rule(world.owner.thumbprint, DATASET, "person", "city");
  const places = await sealDataset(world, {
    owner: holder,
    dataset: PLACES,
    rows: [secrets],
    rules: agrees === "both" ? { joins: [named] } : {},
  });
  return { visits, places, holder };
}

async function runJoined(world: World, { visits, places, holder }: Joined, text: string): Promise<HostRun> {
  const plan = await compilePlanFor(
    world,
    (owner) => `datasets:
  ${DATASET}: { owner: ${owner} }
  ${PLACES}: { owner: ${holder.thumbprint} }
join: { left: ${DATASET}, right: ${PLACES}, on: { city: person } }
${text}
recipient: analyst
`,
  );
  return runHost(world, { plan, nonce: drawNonce(), dataset: visits, beside: places });
}

const uninvited: Attack = {
  name: "an owner joins his data to another's, who has not agreed",
  case: "A28",
  scene: "enclave",
  expects: "RULES_JOIN",
  guard: [{ file: "core/manifest/joins.ts", find: "if (!isNamed) {", replace: "if (asked.length === 0) {" }],
  async run(world) {
    const joined = await sealBoth(world, "visits");
    // Of the places there are too few for a figure; that the job runs is what he is after.
    const { event } = await runJoined(world, joined, "select: [count]");
    if (event.type === "refused") return { outcome: "refused", code: event.code };
    return { outcome: "succeeded" };
  },
};

const partnersOne: Attack = {
  name: "the analyst groups the many of one data set so that each group has one unit of the other",
  case: "A28",
  scene: "enclave",
  expects: "withheld",
  guard: [
    {
      file: "jobs/join/judged-groups.ts",
      find: "const { minUnits } = this.#program.sides[input === 0 ? 0 : 1];",
      replace: "const minUnits = input === 0 ? this.#program.sides[0].minUnits : 1;",
    },
    {
      file: "jobs/join/judged-groups.ts",
      find: "if (hasTotals || group.units >= right.minUnits)",
      replace: "if (hasTotals || group.units >= 1)",
    },
    {
      file: "jobs/join/judged-groups.ts",
      find: "(other?.units ?? 0) < right.minUnits;",
      replace: "(other?.units ?? 0) < 1;",
    },
  ],
  async run(world) {
    const joined = await sealBoth(world, "both");
    const { event } = await runJoined(
      world,
      joined,
      "group_by: [left.city]\nselect: [{ avg: right.amount, as: secret }]",
    );
    if (event.type === "refused") return { outcome: "refused", code: event.code };
    return { outcome: (await openRows(event, world.analyst)).length > 0 ? "succeeded" : "withheld" };
  },
};

export const JOIN_ATTACKS: readonly Attack[] = [uninvited, partnersOne];
