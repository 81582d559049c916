// What is told of a column: a type only where chance does not explain it, shares in steps, nothing of few values.
import assert from "node:assert/strict";
import test from "node:test";
import { DETECTORS } from "../../core/detect/detectors.ts";
import type { DetectorName } from "../../core/detect/detector.ts";
import { classifyColumn, DEFAULT_LIMITS, lowerBound } from "../../core/detect/classify.ts";
import type { ColumnClass, Finding } from "../../core/detect/classify.ts";
import { ColumnCounter } from "../../core/detect/tally.ts";
import type { ColumnTally } from "../../core/detect/tally.ts";
import { IDENTIFIER_OF, IDENTIFIERS } from "../../core/detect/identifier.ts";
import { EXAMPLES } from "./examples.ts";
import { TWINS } from "./twins.ts";

function tallyOf(values: readonly string[]): ColumnTally {
  const counter = new ColumnCounter();
  for (const value of values) {
    const bytes = new TextEncoder().encode(value);
    counter.addValue(bytes, 0, bytes.length, 1);
  }
  return counter.tally();
}

/** A tally in which one detector has these counts, and no other any. */
function counts(name: DetectorName, values: number, matched: number, failed: number): ColumnTally {
  const only = (count: number): readonly number[] => DETECTORS.map((one) => (one.name === name ? count : 0));
  return { values, matched: only(matched), failed: only(failed) };
}

function findingOf(told: ColumnClass | null, name: DetectorName): Finding | undefined {
  return told?.findings.find(({ detector }) => detector === name);
}

/** Numbers of a fixed sequence, below `limit`. */
function sequence(count: number, limit: number): readonly number[] {
  let state = 1;
  return Array.from({ length: count }, () => (state = (state * 48_271) % 2_147_483_647) % limit);
}

/** Numbers of `digits` digits, as a column of identifiers without check digit has them. */
function numbers(digits: number, count: number, first = ""): readonly string[] {
  const draws = sequence(count * 2, 1_000_000_000);
  return Array.from({ length: count }, (_, at) => {
    const tail = `${draws[2 * at]}`.padStart(9, "0") + `${draws[2 * at + 1]}`.padStart(9, "0");
    return first + tail.slice(-(digits - first.length));
  });
}

test("a column of one kind of values is of that type", () => {
  for (const { name } of DETECTORS) {
    const values = Array.from(
      { length: 200 },
      (_, at) => EXAMPLES[name].matched[at % EXAMPLES[name].matched.length] ?? "",
    );
    const told = classifyColumn(tallyOf(values));
    assert.equal(told?.type, name);
    assert.equal(findingOf(told, name)?.matched, ">95%");
  }
});

test("numbers that pass a check digit as often as chance has it are of no type", () => {
  for (const [digits, first] of [
    [16, "4"],
    [15, "37"],
    [10, "1"],
    [9, ""],
    [10, ""],
  ] as const) {
    const told = classifyColumn(tallyOf(numbers(digits, 5_000, first)));
    assert.equal(told?.type, null, `${digits} digits: ${JSON.stringify(told)}`);
    assert.ok(told.findings.every(({ isEvident }) => !isEvident));
  }
});

test("numbers of which a third pass by more than chance are told, but are not the column's type", () => {
  const cards = numbers(16, 12_000, "4").filter((value) => TWINS.pan(value) === "matched");
  const told = classifyColumn(tallyOf([...numbers(16, 3_000, "4"), ...cards.slice(0, 1_000)]));
  assert.equal(told?.type, null);
  assert.deepEqual(findingOf(told, "pan"), {
    detector: "pan",
    matched: "<=50%",
    shaped: ">95%",
    isEvident: true,
  });
});

test("routing numbers are told from SSNs, which nearly all of them could be", () => {
  const routing = numbers(9, 10_000).filter((value) => TWINS.aba(value) === "matched");
  assert.equal(classifyColumn(tallyOf(routing))?.type, "aba");
  const issued = numbers(9, 3_000).filter((value) => TWINS.ssn(value) === "matched");
  assert.equal(classifyColumn(tallyOf(issued))?.type, "ssn");
});

test("values of the shape that all fail are told as shaped, and are no type", () => {
  const told = classifyColumn(
    tallyOf(numbers(7, 500).map((tail) => `999-${tail.slice(0, 2)}-${tail.slice(2, 6)}`)),
  );
  assert.equal(findingOf(told, "ssn")?.shaped, ">95%");
  assert.equal(findingOf(told, "ssn")?.matched, "none");
  assert.notEqual(told?.type, "ssn");
});

test("nothing is told of a column with fewer values than the limit, whatever they are", () => {
  const values = Array<string>(DEFAULT_LIMITS.minValues - 1).fill("4111111111111111");
  assert.equal(classifyColumn(tallyOf(values)), null);
  assert.equal(classifyColumn(tallyOf([...values, "", "  "])), null, "blank values are none");
  assert.notEqual(classifyColumn(tallyOf([...values, "x"])), null);
});

test("as many values as the limit, all matching, are evidence enough for every detector", () => {
  for (const { name } of DETECTORS) {
    assert.equal(
      classifyColumn(counts(name, DEFAULT_LIMITS.minValues, DEFAULT_LIMITS.minValues, 0))?.type,
      name,
    );
  }
});

test("fewer matches than the limit read as none, so that no single row of its kind shows", () => {
  for (let matched = 0; matched < DEFAULT_LIMITS.minMatches; matched++) {
    const told = classifyColumn(counts("email", 1_000, matched, 0));
    assert.deepEqual(told, { type: null, findings: [] });
  }
  assert.equal(
    findingOf(classifyColumn(counts("email", 1_000, DEFAULT_LIMITS.minMatches, 0)), "email")?.matched,
    "<=25%",
  );
});

test("fewer matches than the limit are no evidence, however few fail", () => {
  const { minMatches } = DEFAULT_LIMITS;
  const told = classifyColumn(counts("pan", 1_000, minMatches - 1, 2));
  assert.deepEqual(findingOf(told, "pan"), {
    detector: "pan",
    matched: "none",
    shaped: "<=25%",
    isEvident: false,
  });
});

test("shares are steps, and all counts within a step are told alike", () => {
  const edges = {
    "<=25%": [20, 250],
    "<=50%": [251, 500],
    "<=75%": [501, 750],
    "<=95%": [751, 950],
    ">95%": [951, 1000],
  };
  for (const [share, [least = 0, most = 0]] of Object.entries(edges)) {
    const told = classifyColumn(counts("email", 1_000, least, 0));
    assert.equal(findingOf(told, "email")?.matched, share);
    for (let matched = least; matched <= most; matched++) {
      assert.deepEqual(classifyColumn(counts("email", 1_000, matched, 0)), told);
    }
  }
});

test("a column of free text with some values in it has no type", () => {
  const told = classifyColumn(counts("phone", 1_000, 450, 0));
  assert.equal(told?.type, null);
  assert.equal(classifyColumn(counts("phone", 1_000, 501, 0))?.type, "phone");
});

test("the lower bound is below the share, rises with the sample, and is none of nothing", () => {
  assert.equal(lowerBound(0, 0), 0);
  assert.ok(Math.abs(lowerBound(0, 100)) < 1e-12);
  for (const tried of [10, 100, 1_000, 1_000_000]) {
    for (const share of [0.1, 0.5, 0.9, 1]) {
      const bound = lowerBound(share * tried, tried);
      assert.ok(bound > 0 && bound < share, `${share} of ${tried}`);
      assert.ok(lowerBound(share * tried * 10, tried * 10) > bound);
    }
  }
  // Wilson's interval of 8 in 10 at z = 3, by hand: (0.8 + 0.45 - 3 sqrt(0.016 + 0.0225)) / 1.9.
  assert.ok(Math.abs(lowerBound(8, 10) - (1.25 - 3 * Math.sqrt(0.0385)) / 1.9) < 1e-12);
});

test("limits below the least, or no whole numbers, are refused", () => {
  for (const limits of [
    { minValues: 19, minMatches: 10 },
    { minValues: 100, minMatches: 9 },
    { minValues: 100, minMatches: 101 },
    { minValues: 100.5, minMatches: 20 },
    { minValues: NaN, minMatches: 20 },
    { minValues: 100, minMatches: Infinity },
  ]) {
    assert.throws(() => classifyColumn(tallyOf([]), limits), RangeError);
  }
});

test("every detector is of an identifier class; card numbers are CHD and tracks SAD", () => {
  for (const { name } of DETECTORS) assert.ok(IDENTIFIER_OF[name] in IDENTIFIERS, name);
  assert.equal(IDENTIFIERS[IDENTIFIER_OF.pan].pci, "CHD");
  assert.equal(IDENTIFIERS[IDENTIFIER_OF.track1].pci, "SAD");
  assert.equal(IDENTIFIERS[IDENTIFIER_OF.track2].pci, "SAD");
});

test("the chance of each detector is what random values of its shape pass at", () => {
  const samples: Partial<Record<DetectorName, readonly string[]>> = {
    pan: numbers(16, 10_000, "4"),
    npi: numbers(10, 10_000, "1"),
    ssn: numbers(9, 10_000),
    itin: numbers(9, 10_000, "9"),
    aba: numbers(9, 10_000, "02"),
    phone: numbers(10, 10_000).filter((value) => !value.startsWith("1")),
    dea: numbers(7, 10_000).map((value) => `AB${value}`),
    iban: numbers(20, 10_000, "").map((value) => `DE${value.padStart(20, "3")}`),
    vin: numbers(17, 10_000),
  };
  for (const [name, values] of Object.entries(samples)) {
    const detector = DETECTORS.find((one) => one.name === name);
    const index = DETECTORS.findIndex((one) => one.name === name);
    const { matched, failed } = tallyOf(values);
    const shaped = (matched[index] ?? 0) + (failed[index] ?? 0);
    assert.ok(shaped > 4_000, name);
    assert.ok(
      Math.abs((matched[index] ?? 0) / shaped - (detector?.chance ?? 0)) < 0.02,
      `${name} ${(matched[index] ?? 0) / shaped}`,
    );
  }
});
