// Attacks of an analyst on the release gate: figures that are one person's or nearly, and what totals give away of the
// groups that are left out.
import { makeRows } from "../host/dataset.ts";
import type { Row } from "../host/dataset.ts";
import { ask } from "./ask.ts";
import type { Attack } from "./attack.ts";

/** Six people of one place, one of whom has nearly all. */
const MANOR: readonly Row[] = Array.from({ length: 6 }, (_, index) => ({
  person: `manor-${String(index)}`,
  city: "manor",
  amount: index === 0 ? 987 : 1,
}));

function crowdAnd(more: readonly Row[], seed: string): readonly Row[] {
  return [...makeRows(1, 80, seed).flat(), ...more];
}

const dominated: Attack = {
  name: "the analyst sums a group of which one person has nearly all, and knows about what the others have",
  case: "A14",
  scene: "enclave",
  expects: "withheld",
  guard: [
    {
      file: "jobs/aggregate/gate/dominance.ts",
      find: "if (maxShare === null) return;",
      replace: "if (maxShare !== -1) return;",
    },
  ],
  run(world) {
    return ask(world, {
      rows: crowdAnd(MANOR, "manor"),
      rules: { maxShare: 0.8 },
      text: "group_by: [city]\nselect: [{ sum: amount, as: total }]",
      tells: (answer) => answer.find(({ city }) => city === "manor")?.["total"] === 992n,
    });
  },
};

const lonelyExtreme: Attack = {
  name: "the analyst asks for the greatest amount, which is one person's",
  case: "A12",
  scene: "enclave",
  expects: "withheld",
  guard: [
    {
      file: "jobs/aggregate/gate/extremes.ts",
      find: "if ((measure[extreme]?.units ?? 0) < minUnits) withhold",
      replace: "if ((measure[extreme]?.units ?? 0) < 0) withhold",
    },
  ],
  run(world) {
    return ask(world, {
      rows: crowdAnd(MANOR, "greatest"),
      rules: { extremes: ["amount"] },
      text: "select: [{ max: amount, as: most }]",
      tells: ([row]) => Number(row?.["most"]) === 987,
    });
  },
};

const forbiddenExtreme: Attack = {
  name: "the analyst asks for an extreme of a column whose extremes the owner does not let out",
  case: "A12",
  scene: "enclave",
  expects: "PLAN_EXTREMES",
  guard: [
    {
      file: "core/plan/resolver.ts",
      find: "if (column.ruled === null || !extremes.includes(column.ruled)) {",
      replace: "if (extremes.length < 0) {",
    },
  ],
  run(world) {
    const cheap = crowdAnd([], "cheapest").map((row) => ({ ...row, amount: Math.max(row.amount, 7) }));
    return ask(world, {
      // So many have the least amount that the gate would let it pass.
      rows: cheap.map((row, at) => (at % 6 === 0 ? { ...row, amount: 7 } : row)),
      text: "select: [{ min: amount, as: least }]",
      tells: ([row]) => Number(row?.["least"]) === 7,
    });
  },
};

const totalLessOthers: Attack = {
  name: "the analyst takes the shown groups from their total, to have the one that was left out",
  case: "A15",
  scene: "enclave",
  expects: "withheld",
  guard: [
    { file: "jobs/aggregate/gate.ts", find: "  withholdDeducible(program, candidates);\n", replace: "" },
  ],
  run(world) {
    const rows = crowdAnd([], "margins");
    const tiny = rows.filter(({ city }) => city === "tiny").reduce((sum, { amount }) => sum + amount, 0);
    return ask(world, {
      rows,
      rules: { bounds: { amount: { lower: 0, upper: 100_000 } } },
      text: "group_by: [city]\ntotals: all\nselect: [{ sum: amount, as: total }]",
      tells: (answer) => {
        const sums = answer.map(({ grouping, total }) => ({
          isTotal: grouping === 1,
          sum: typeof total === "bigint" ? Number(total) : Number.NaN,
        }));
        const whole = sums.find(({ isTotal }) => isTotal)?.sum ?? Number.NaN;
        const parts = sums.filter(({ isTotal }) => !isTotal).reduce((sum, { sum: part }) => sum + part, 0);
        return whole - parts === tiny;
      },
    });
  },
};

const leftOver: Attack = {
  name: "the analyst takes the shown places from their total, where one person has all the rows of two that are left",
  case: "A15",
  scene: "enclave",
  expects: "withheld",
  guard: [
    {
      file: "jobs/aggregate/gate/deducible.ts",
      find: "    withholdRemainders(program, candidates, lattice.relations, figures);\n",
      replace: "",
    },
  ],
  run(world) {
    const at = (city: string, rows: number): Row[] =>
      Array.from({ length: rows }, () => ({ person: "traveller", city, amount: 3 }));
    const others = makeRows(1, 80, "places")
      .flat()
      .filter(({ city }) => city !== "tiny");
    return ask(world, {
      rows: [...others, ...at("inn", 30), ...at("port", 40)],
      text: 'where: { column: city, op: "!=", value: nowhere }\ngroup_by: [city]\ntotals: all\nselect: [count]',
      tells: (answer) => {
        const rows = answer.map(({ grouping, count }) => Number(count) * (grouping === 1 ? 1 : -1));
        return rows.reduce((sum, count) => sum + count, 0) === 70;
      },
    });
  },
};

const manyRows: Attack = {
  name: "the analyst groups by a place that has many rows, all of them one person's",
  case: "A06",
  scene: "enclave",
  expects: "withheld",
  guard: [
    {
      file: "jobs/aggregate/unit-tally.ts",
      find: " - (state[group * WIDTH + REPEATS] ?? 0)",
      replace: "",
    },
    {
      file: "jobs/aggregate/record/record-pass.ts",
      find: "rows.map((count, at) => count - (repeats[at] ?? 0))",
      replace: "rows.map((count, at) => count - 0 * at)",
    },
  ],
  run(world) {
    const hermit = Array.from({ length: 12 }, () => ({ person: "hermit", city: "hermitage", amount: 3 }));
    return ask(world, {
      rows: crowdAnd(hermit, "hermit"),
      text: "group_by: [city]\nselect: [count]",
      tells: (answer) => answer.find(({ city }) => city === "hermitage")?.["count"] === 12n,
    });
  },
};

const oneRichRow: Attack = {
  name: "a person's one row of half a billion stands out of a sum of thousands, whose bounds are a thousand",
  case: "A17",
  scene: "enclave",
  expects: "withheld",
  guard: [
    {
      file: "jobs/aggregate/compile-measures.ts",
      find: "upper: smallestUnits(upper, type)",
      replace: "upper: Number.MAX_SAFE_INTEGER",
    },
  ],
  run(world) {
    return ask(world, {
      rows: crowdAnd([{ person: "rich", city: "north", amount: 500_000_000 }], "rich"),
      text: "select: [{ sum: amount, as: total }]",
      tells: ([row]) => Number(row?.["total"]) > 500_000_000,
    });
  },
};

const weighedByFew: Attack = {
  name: "the analyst weighs amounts by what is at its bound for all but one person, whose amount is what is left",
  case: "A14",
  scene: "enclave",
  expects: "withheld",
  guard: [
    {
      file: "jobs/aggregate/gate/lopsided.ts",
      find: "units - joint.atEnd >= minUnits",
      replace: "units >= minUnits",
    },
  ],
  run(world) {
    const people = makeRows(1, 80, "weighed").flat();
    const rows = [...people, { person: "rich", city: "north", amount: 950 }];
    const mean = rows.reduce((sum, { amount }) => sum + Math.min(amount, 1000), 0) / rows.length;
    return ask(world, {
      rows,
      rules: {
        expressions: { excess: { op: "*", of: ["amount", 1] } },
        bounds: { amount: { lower: 0, upper: 1000 }, excess: { lower: 900, upper: 1000 } },
      },
      text: "select: [{ covar: amount, with: excess, as: weighed }]",
      tells: ([row]) =>
        Math.abs((Number(row?.["weighed"] ?? 0) * (rows.length - 1)) / 50 + mean - 950) < 1e-6,
    });
  },
};

const betweenEdges: Attack = {
  name: "the analyst asks for the quantile at which one person's amount lies alone between two edges",
  case: "A14",
  scene: "enclave",
  expects: "withheld",
  guard: [
    {
      file: "jobs/aggregate/gate/quantile.ts",
      find: "Math.max(least, greatest) < minUnits) continue",
      replace: "Math.max(least, greatest) < 1) continue",
    },
  ],
  run(world) {
    const many = makeRows(1, 80, "edges").flat();
    const others = Array.from({ length: 9 }, (_, at) => ({
      person: `far ${at}`,
      city: "north",
      amount: 2000,
    }));
    const rows = [...many, { person: "rich", city: "north", amount: 950 }, ...others];
    const share = ((many.length + 0.5) / rows.length).toFixed(6);
    return ask(world, {
      rows,
      rules: { bins: { amount: [600, 900, 1000] } },
      text: `select: [{ approx_quantile: amount, at: ${share}, as: edge }]`,
      tells: ([row]) => Number(row?.["edge"]) === 1000,
    });
  },
};

/** All have paid the same, but for one perhaps. */
function sameBut(amount: number): readonly Row[] {
  const same = makeRows(1, 80, "same")
    .flat()
    .map((row) => ({ ...row, amount: 7 }));
  return [...same, { person: "other", city: "north", amount }];
}

const oneOtherValue: Attack = {
  name: "the analyst counts distinct amounts, where all but one person are known to have paid the same",
  case: "A14",
  scene: "enclave",
  expects: "withheld",
  guard: [
    {
      file: "jobs/aggregate/gate/distinct.ts",
      find: "Math.max(minUnits * rule.perUnit, counts ?? 0)",
      replace: "counts ?? 1",
    },
  ],
  run(world) {
    return ask(world, {
      rows: sameBut(8),
      rules: { distinct: { amount: 1 } },
      text: "select: [{ approx_distinct: amount, as: values }]",
      tells: ([row]) => Math.round(Number(row?.["values"])) === 2,
    });
  },
};

const forbiddenCount: Attack = {
  name: "the analyst counts distinct values of a column of which the owner does not let them be counted",
  case: "A14",
  scene: "enclave",
  expects: "PLAN_DISTINCT",
  guard: [
    {
      file: "core/plan/resolver.ts",
      find: 'if (own === undefined) throw new PolicyError("PLAN_DISTINCT", { column: column.name, use });',
      replace: "if (own === undefined) return 1;",
    },
  ],
  run(world) {
    return ask(world, {
      rows: makeRows(1, 80, "counted").flat(),
      text: "select: [{ approx_distinct: amount, as: values }]",
      tells: ([row]) => Number(row?.["values"]) > 20,
    });
  },
};

export const GATE_ATTACKS: readonly Attack[] = [
  dominated,
  lonelyExtreme,
  forbiddenExtreme,
  totalLessOthers,
  leftOver,
  manyRows,
  oneRichRow,
  weighedByFew,
  betweenEdges,
  oneOtherValue,
  forbiddenCount,
];
