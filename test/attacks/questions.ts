// Attacks of an analyst by what he asks: questions that the rules' roles and caps do not allow, and that would tell of
// one person if they did.
import { makeRows } from "../host/dataset.ts";
import type { Row } from "../host/dataset.ts";
import { ask } from "./ask.ts";
import type { Attack } from "./attack.ts";

function crowd(seed: string): readonly Row[] {
  return makeRows(1, 80, seed).flat();
}

const filterByAmount: Attack = {
  name: "the analyst halves the range of an amount with filters until one person's is left",
  case: "A11",
  scene: "enclave",
  expects: "PLAN_ROLE",
  guard: [
    {
      file: "core/plan/resolver.ts",
      find: 'this.#column(predicate.column, "filter", ["dimension"], columns)',
      replace: 'this.#column(predicate.column, "filter", ["dimension", "measure"], columns)',
    },
  ],
  run(world) {
    const rows = crowd("halves");
    const above = new Set(rows.filter(({ amount }) => amount > 250).map(({ person }) => person)).size;
    return ask(world, {
      rows,
      text: 'where: { column: amount, op: ">", value: 250 }\nselect: [count_units]',
      tells: ([row]) => row?.["count_units"] === BigInt(above),
    });
  },
};

const groupByPerson: Attack = {
  name: "the analyst groups by the column that says who somebody is, where people have many rows",
  case: "A09",
  scene: "enclave",
  expects: "PLAN_ROLE",
  guard: [
    {
      file: "core/plan/check-column.ts",
      find: "if (!roles.includes(column.role)) {",
      replace: "if (roles.length === 0) {",
    },
    // One group is one person: the threshold is the second line.
    {
      file: "jobs/aggregate/gate/small.ts",
      find: "const isShown = group.units >= minUnits;",
      replace: "const isShown = group.units >= 1;",
    },
  ],
  run(world) {
    const rows = crowd("persons");
    return ask(world, {
      rows,
      rules: { maxGroups: 1000 },
      text: "group_by: [person]\nselect: [count]",
      tells: (answer) => answer.length === new Set(rows.map(({ person }) => person)).size,
    });
  },
};

const sumWithoutBounds: Attack = {
  name: "the analyst sums a column for which the owner has set no bounds, so that one person's row is the sum",
  case: "A14",
  scene: "enclave",
  expects: "PLAN_BOUNDS",
  guard: [
    {
      file: "core/plan/resolver.ts",
      find: 'if (own === undefined) throw new PolicyError("PLAN_BOUNDS", { column: column.name, use });',
      replace: "if (own === undefined) return { lower: -1e9, upper: 1e9 };",
    },
  ],
  run(world) {
    const rows = [...crowd("bounds"), { person: "rich", city: "north", amount: 500_000_000 }];
    return ask(world, {
      rows,
      rules: { bounds: {} },
      text: "select: [{ sum: amount, as: total }]",
      tells: ([row]) => Number(row?.["total"]) > 500_000_000,
    });
  },
};

const expressionAroundAValue: Attack = {
  name: "the analyst sums an expression that is large for whoever has just the amount that he asks of",
  case: "A10",
  scene: "enclave",
  expects: "PLAN_EXPRESSION",
  guard: [
    {
      file: "core/plan/check-computed.ts",
      find: "if (expression === undefined) {",
      replace: "if (operandsOf(arithmetic).size === 0) {",
    },
    {
      file: "core/plan/check-computed.ts",
      find: "const { ruled, input } = expression;",
      replace: 'const { ruled, input } = expression ?? { ruled: "amount", input: 0 };',
    },
  ],
  run(world) {
    const rows = [...crowd("expression"), { person: "known", city: "north", amount: 777_777 }];
    return ask(world, {
      rows,
      text: [
        "computed:",
        '  near: { arithmetic: { op: "/", of: [1, { op: "-", of: [amount, 777776.999] }] } }',
        "select: [{ sum: near, as: total }]",
      ].join("\n"),
      tells: ([row]) => Number(row?.["total"]) > 0.9,
    });
  },
};

const binsOfHisOwn: Attack = {
  name: "the analyst asks of an amount by bins, whose edges are not the owner's",
  case: "A11",
  scene: "enclave",
  expects: "PLAN_BINS",
  guard: [
    {
      file: "core/plan/check-computed.ts",
      find: 'if (edges === undefined) throw new PolicyError("PLAN_BINS", { column: of, use: "bin" });',
      replace:
        'if (edges === undefined) return { ...facts, type: INT32, computation: { kind: "bin", of, edges: [251] } };',
    },
  ],
  run(world) {
    const rows = crowd("bins");
    const above = new Set(rows.filter(({ amount }) => amount > 250).map(({ person }) => person)).size;
    return ask(world, {
      rows,
      text: 'computed: { half: { bin: amount } }\nwhere: { column: half, op: "=", value: 1 }\nselect: [count_units]',
      tells: ([row]) => row?.["count_units"] === BigInt(above),
    });
  },
};

const manyGroups: Attack = {
  name: "the analyst asks for more groups than the owner lets out at once",
  case: "A26",
  scene: "enclave",
  expects: "GATE_GROUPS",
  guard: [
    {
      file: "jobs/aggregate/gate/listing.ts",
      find: 'if (listed.length > maxGroups) throw new PolicyError("GATE_GROUPS");',
      replace: "void maxGroups;",
    },
  ],
  run(world) {
    return ask(world, {
      rows: crowd("groups"),
      rules: { maxGroups: 2 },
      text: "group_by: [city]\nselect: [count]",
      tells: (answer) => answer.length === 3,
    });
  },
};

export const QUESTION_ATTACKS: readonly Attack[] = [
  filterByAmount,
  groupByPerson,
  sumWithoutBounds,
  expressionAroundAValue,
  binsOfHisOwn,
  manyGroups,
];
