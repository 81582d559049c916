// Attacks of an analyst who is allowed to ask, by what he asks for.
import { naiveByCity, openRows, tableRows } from "../host/answer.ts";
import { makeRows } from "../host/dataset.ts";
import type { Row } from "../host/dataset.ts";
import { BY_CITY, compilePlanFor, drawNonce, runHost } from "../host/host.ts";
import { DATASET, sealDataset } from "../host/world.ts";
import { judge } from "./attack.ts";
import type { Attack } from "./attack.ts";

/** One person alone in a city, whom the attacks are after. */
const TARGET: readonly Row[] = [
  { person: "target", city: "hermitage", amount: 321 },
  { person: "target", city: "hermitage", amount: 123 },
];

const smallGroup: Attack = {
  name: "the analyst groups by a column in which one person stands alone",
  case: "A05",
  scene: "enclave",
  expects: "withheld",
  guard: [
    {
      file: "jobs/aggregate/gate/small.ts",
      find: "const isShown = group.units >= minUnits;",
      replace: "const isShown = group.units >= 1;",
    },
  ],
  async run(world) {
    const rows = [[...makeRows(1, 80, "small").flat(), ...TARGET]];
    const dataset = await sealDataset(world, { rows });
    const plan = await compilePlanFor(world, BY_CITY);
    const { event } = await runHost(world, { plan, nonce: drawNonce(), dataset });
    const released = await openRows(event, world.analyst);
    const row = released.find(({ city }) => city === "hermitage");
    if (row === undefined && released.length === naiveByCity(rows.flat()).length) {
      return { outcome: "withheld" };
    }
    if (row?.["count_units"] === 1n) return { outcome: "succeeded" };
    throw new Error("neither withheld nor released");
  },
};

const lonelySum: Attack = {
  name: "the analyst sums a column of a group in which one person stands alone",
  case: "A14",
  scene: "enclave",
  expects: "withheld",
  guard: [
    {
      file: "jobs/aggregate/gate/small.ts",
      find: "const isShown = group.units >= minUnits;",
      replace: "const isShown = group.units >= 1;",
    },
    {
      file: "jobs/aggregate/gate/small.ts",
      find: "(units < minUnits ? EVERY_FIGURE : 0)",
      replace: "(units < 1 ? EVERY_FIGURE : 0)",
    },
  ],
  async run(world) {
    const rows = [[...makeRows(1, 80, "lonely").flat(), ...TARGET]];
    const dataset = await sealDataset(world, { rows });
    const plan = await compilePlanFor(
      world,
      (owner) => `
datasets:
  ${DATASET}: { owner: ${owner} }
where: { column: city, op: "=", value: hermitage }
select: [{ sum: amount, as: total }]
recipient: analyst
`,
    );
    const { event } = await runHost(world, { plan, nonce: drawNonce(), dataset });
    const [row, ...more] = await openRows(event, world.analyst);
    if (more.length > 0) throw new Error("more than one row");
    if (row?.["total"] === null) return { outcome: "withheld" };
    if (row?.["total"] === 444n) return { outcome: "succeeded" };
    throw new Error("neither withheld nor released");
  },
};

const filterByPerson: Attack = {
  name: "the analyst filters by the column that says who somebody is",
  case: "A09",
  scene: "enclave",
  expects: "PLAN_ROLE",
  guard: [
    {
      file: "core/plan/check-column.ts",
      find: "if (!roles.includes(column.role)) {",
      replace: "if (roles.length === 0) {",
    },
  ],
  async run(world) {
    const crowd = makeRows(1, 80, "filter").flat();
    const rows = [...crowd, ...TARGET];
    const dataset = await sealDataset(world, { rows: [rows] });
    // Five whom he knows, and one more.
    const known = [
      ...new Set(crowd.filter(({ city }) => city === "north").map(({ person }) => person)),
    ].slice(0, 5);
    const list = JSON.stringify([...known, "target"]);
    const plan = await compilePlanFor(
      world,
      (owner) => `
datasets:
  ${DATASET}: { owner: ${owner} }
where: { column: person, in: ${list} }
select: [{ sum: amount, as: total }]
recipient: analyst
`,
    );
    const run = await runHost(world, { plan, nonce: drawNonce(), dataset });
    const chosen = rows
      .filter(({ person }) => known.includes(person) || person === "target")
      .map((row) => ({ ...row, city: "any" }));
    const total = naiveByCity(chosen)[0]?.["total"];
    return judge(run, world.analyst, [{ total }]);
  },
};

const inTheClear: Attack = {
  name: "the analyst asks for the result in the clear where the rules say sealed",
  case: "A36",
  scene: "enclave",
  expects: "RULES_RELEASE",
  guard: [
    {
      file: "core/manifest/authority.ts",
      find: 'if (plan.release === "clear" && rules.release !== "clear") {',
      replace: "if (plan.inputs.length === 0) {",
    },
  ],
  async run(world) {
    const dataset = await sealDataset(world);
    const plan = await compilePlanFor(world, (owner) => `${BY_CITY(owner)}release: clear\n`);
    const { event } = await runHost(world, { plan, nonce: drawNonce(), dataset });
    if (event.type === "refused") return { outcome: "refused", code: event.code };
    const rows = dataset.objects.flatMap((object) => object.rows);
    if (tableRows(event.result).length !== naiveByCity(rows).length) throw new Error("not the result");
    return { outcome: "succeeded" };
  },
};

export const ANALYST_ATTACKS: readonly Attack[] = [smallGroup, lonelySum, filterByPerson, inTheClear];
