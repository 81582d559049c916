// Operators without keys, and date_shift: against plain string and Date code, at their edges, and in what they refuse.
import assert from "node:assert/strict";
import { randomInt } from "node:crypto";
import { test } from "node:test";
import type { JsonValue } from "../../core/json.ts";
import type { TokenMaster } from "../../core/token/keys.ts";
import type { Kernel } from "../../jobs/tokenize/operator.ts";
import { parseTokenizer } from "../../jobs/tokenize/operators.ts";
import { FATE } from "../../jobs/tokenize/text-column.ts";
import { makeMaster, pick, randomPan, sliceOf, textKernel, textsOf, tokenize } from "./columns.ts";
import { naiveShift } from "./naive.ts";

const ROWS = 10_000;

type Taking<T extends Kernel["takes"], G extends Kernel["gives"]> = Extract<
  Kernel,
  { readonly takes: T; readonly gives: G }
>;

function make<T extends Kernel["takes"], G extends Kernel["gives"]>(
  takes: T,
  gives: G,
  name: string,
  parameters: JsonValue,
  master: TokenMaster | null = null,
): Taking<T, G> {
  const kernel = parseTokenizer(name, parameters, "parameters").make(master);
  if (kernel.takes !== takes || kernel.gives !== gives) throw new TypeError(`${name} is of another kind`);
  return kernel as Taking<T, G>;
}

const rowsOf = <T>(value: () => T, rows = ROWS): readonly T[] => Array.from({ length: rows }, value);
const dayOf = (iso: string): number => Date.parse(iso) / 86_400_000;

test("mask is what plain strings make of it", () => {
  const characters = [...Array.from("abc 123"), "é", "漢", "😀"];
  for (const [keepLeft, keepRight, character] of [
    [0, 0, "*"],
    [2, 3, "#"],
    [6, 4, "-"],
  ] as const) {
    const texts = rowsOf(() => rowsOf(() => pick(characters), 1 + randomInt(20)).join(""), ROWS / 3);
    const expected = texts.map((text) => {
      const all = Array.from(text);
      const keeps = all.length - keepLeft - keepRight >= 4;
      return all
        .map((each, at) => (keeps && (at < keepLeft || at >= all.length - keepRight) ? each : character))
        .join("");
    });
    const kernel = textKernel("mask", { keepLeft, keepRight, character }, null);
    assert.deepEqual(tokenize(kernel, texts), expected);
  }
});

test("truncate keeps at most what its length allows", () => {
  for (const [first, last] of [
    [6, 4],
    [8, 4],
    [0, 4],
    [8, 0],
  ] as const) {
    const pans = rowsOf(() => randomPan(13 + randomInt(7)), ROWS / 4);
    const expected = pans.map((pan) => {
      const removed = pan.length - first - last;
      const isAllowed = pan.length >= 16 ? removed >= 4 : first <= 6 && removed >= 5;
      if (!isAllowed) return "<length>";
      return pan.slice(0, first) + "*".repeat(removed) + pan.slice(pan.length - last);
    });
    assert.deepEqual(tokenize(textKernel("truncate", { first, last }, null), pans), expected);
  }
});

test("date_year is the calendar's year, from 0001 to 9999", () => {
  const [first, last] = [dayOf("0001-01-01"), dayOf("9999-12-31")];
  const edges = [
    "0001-01-01",
    "1600-02-29",
    "1899-12-31",
    "1900-03-01",
    "1970-01-01",
    "2000-02-29",
    "2000-12-31",
  ];
  const days = Int32Array.from([
    ...edges.map(dayOf),
    last,
    ...rowsOf(() => first + randomInt(last - first + 1), 100_000),
    first - 1,
    last + 1,
    5,
    2 ** 31 - 1,
    -(2 ** 31),
  ]);
  const fates = new Uint8Array(days.length);
  fates[days.length - 3] = FATE.null;
  const years = make("date", "number", "date_year", {}).tokenize(days, fates);
  for (const [row, day] of days.entries()) {
    const isIn = day >= first && day <= last && row !== days.length - 3;
    const year = isIn ? new Date(day * 86_400_000).getUTCFullYear() : 0;
    assert.equal(years[row], year, `day ${day}`);
  }
  const { range } = FATE;
  assert.deepEqual([...fates.subarray(-5)], [range, range, FATE.null, range, range]);
});

test("years of birth of people who may be 90 are one, and births to come are refused", () => {
  const days = Int32Array.from(
    ["1850-05-05", "1935-12-31", "1936-01-01", "1937-01-01", "2026-12-31", "2027-01-01"],
    dayOf,
  );
  const fates = new Uint8Array(days.length);
  const years = make("date", "number", "date_year", { asOf: 2026 }).tokenize(days, fates);
  assert.deepEqual([...years], [1936, 1936, 1936, 1937, 2026, 0]);
  assert.deepEqual([...fates], [0, 0, 0, 0, 0, FATE.range]);
});

test("age_cap gives whole years, and 90 for everybody above 89", () => {
  const ages = Float64Array.of(
    0,
    0.9,
    17.99,
    89,
    89.999,
    90,
    104,
    130,
    130.1,
    -0.1,
    Number.NaN,
    Infinity,
    40,
  );
  const fates = new Uint8Array(ages.length);
  fates[12] = FATE.null;
  const capped = make("number", "number", "age_cap", {}).tokenize(ages, fates);
  assert.deepEqual([...capped], [0, 0, 17, 89, 89, 90, 90, 90, 0, 0, 0, 0, 0]);
  const { range, done } = FATE;
  assert.deepEqual([...fates], [...new Array<number>(8).fill(done), range, range, range, range, FATE.null]);
  const younger = make("number", "number", "age_cap", { oldest: 64 });
  assert.deepEqual([...younger.tokenize(Float64Array.of(64.5, 65, 99), new Uint8Array(3))], [64, 65, 65]);
});

test("bucket finds the interval whose lower edge is at most the number", () => {
  const edges = [-5, 0, 0.5, 18, 65, 1e6];
  const kernel = make("number", "text", "bucket", { edges });
  const numbers = [
    ...edges,
    ...edges.map((edge) => edge - 1e-9),
    -6,
    2e6,
    Number.NaN,
    -Infinity,
    Infinity,
  ].concat(rowsOf(() => randomInt(200) - 20));
  const fates = new Uint8Array(numbers.length);
  const found = textsOf(kernel.tokenize(Float64Array.from(numbers), fates), fates);
  const expected = numbers.map((number) => {
    const at = edges.findIndex((edge, place) => number >= edge && number < (edges[place + 1] ?? -Infinity));
    return at === -1 ? "<range>" : `[${edges[at] ?? 0},${edges[at + 1] ?? 0})`;
  });
  assert.deepEqual(found, expected);
  const labelled = make("number", "text", "bucket", { edges: [0, 18, 130], labels: ["minor", "of age é"] });
  const own = new Uint8Array(3);
  own[2] = FATE.null;
  assert.deepEqual(textsOf(labelled.tokenize(Float64Array.of(17.9, 18, 50), own), own), [
    "minor",
    "of age é",
    "<null>",
  ]);
});

for (const [least, most, step] of [
  [-365, 365, 1],
  [-100, -30, 1],
  [-365, 365, 7],
] as const) {
  test(`date_shift by ${least} to ${most} in steps of ${step}: one shift a unit, never 0, and back`, () => {
    const master = makeMaster();
    const kernel = make("date of unit", "date", "date_shift", { least, most, step }, master);
    const expected = naiveShift(master, least, most, step);
    const names = rowsOf(() => pick(["p-", "é", ""]) + String(randomInt(5000)), 100_000);
    const days = Int32Array.from(names, () => randomInt(40_000) - 20_000);
    const { column: units, fates } = sliceOf(names);
    const shifted = kernel.tokenize({ days, units }, fates);
    const shifts = new Set<number>();
    for (const [row, name] of names.entries()) {
      const shift = (shifted[row] ?? 0) - (days[row] ?? 0);
      assert.equal(shift, expected(name));
      assert.ok(shift !== 0 && shift >= least && shift <= most && shift % step === 0);
      shifts.add(shift);
    }
    assert.ok(shifts.size > 60, "many of the shifts that there are");
    assert.ok(fates.every((fate) => fate === FATE.done));
    assert.deepEqual(kernel.reveal({ days: shifted, units }, fates), days);
  });
}

test("a row without a unit or with a day that no calendar has is not shifted", () => {
  const master = makeMaster();
  const kernel = make("date of unit", "date", "date_shift", { least: 1, most: 365 }, master);
  const last = dayOf("9999-12-31");
  const days = Int32Array.of(100, 100, 100, last, last + 1, 2 ** 31 - 1, dayOf("0001-01-01") - 1, 100);
  const { column: units, fates } = sliceOf(["a", "", "  ", "a", "a", "a", "a", null]);
  const shifted = kernel.tokenize({ days, units }, fates);
  const { unit, range } = FATE;
  assert.deepEqual([...fates], [FATE.done, unit, unit, range, range, range, range, FATE.null]);
  assert.deepEqual([...shifted.subarray(1)], [0, 0, 0, 0, 0, 0, 0]);
});

test("a unit's shift is its own under every key, and spaces around a unit's name do not count", () => {
  const shiftOf = (unit: string, master: TokenMaster): number => {
    const kernel = make("date of unit", "date", "date_shift", {}, master);
    const { column: units, fates } = sliceOf([unit]);
    return kernel.tokenize({ days: Int32Array.of(0), units }, fates)[0] ?? 0;
  };
  const master = makeMaster();
  assert.equal(shiftOf("ann", master), shiftOf(" ann ", master));
  const masters = rowsOf(() => makeMaster(), 20);
  assert.ok(new Set(masters.map((each) => shiftOf("ann", each))).size > 10);
});
