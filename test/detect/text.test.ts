// Values in free text: where one begins and ends, and which stands where several could.
import assert from "node:assert/strict";
import test from "node:test";
import fc from "fast-check";
import { DETECTORS } from "../../core/detect/detectors.ts";
import { Finder } from "../../core/detect/find.ts";
import { PAN } from "../../core/detect/pan.ts";
import { EXAMPLES } from "./examples.ts";
import { amid, foundIn } from "./texts.ts";

test("every example is found in a sentence, whole and alone", () => {
  for (const { name } of DETECTORS) {
    for (const value of EXAMPLES[name].matched) {
      for (const text of [
        `see ${value} there`,
        `"${value}".`,
        `${value}\n`,
        `(${value})`,
        `お客様の${value}。`,
      ]) {
        // A letter before an address in other scripts is taken for part of it.
        if (name === "email" && text.startsWith("お")) continue;
        const found = foundIn(text);
        assert.ok(
          found.some(([, span]) => span.includes(value)),
          `${name} ${text}: ${JSON.stringify(found)}`,
        );
      }
    }
  }
});

test("what only fails a check digit or a rule is not found as one", () => {
  for (const { name } of DETECTORS) {
    for (const value of EXAMPLES[name].failed) {
      assert.ok(!foundIn(`see ${value} there`).some(([found]) => found === name), `${name} ${value}`);
    }
  }
});

test("a value inside a longer word or row of digits is not found", () => {
  for (const value of [
    "4111111111111111",
    "123456788",
    "1M8GDM9AXKP042788",
    "AB1234563",
    "021000021",
    "2125550123",
  ]) {
    for (const text of [`x${value}`, `${value}x`, `9${value}`, `${value}0`, `${value}${value}`]) {
      assert.deepEqual(
        foundIn(text).filter(([, span]) => span === value),
        [],
        text,
      );
    }
  }
});

test("underscores, signs and letters of other scripts hide no number that they touch", () => {
  for (const text of [
    "id_4111111111111111_x",
    "卡号4111111111111111到期",
    "é4111111111111111é",
    "=4111111111111111;",
  ]) {
    assert.deepEqual(foundIn(text), [["pan", "4111111111111111"]], text);
  }
});

test("digits of other scripts, and full-width ones, are no digits", () => {
  assert.deepEqual(foundIn("４１１１１１１１１１１１１１１１ ٤١١١١١١١١١١١١١١١"), []);
});

test("of values that begin at one place the longest stands, of equally long ones the most specific", () => {
  assert.deepEqual(foundIn("4111111111111111=2512101?"), [["track2", "4111111111111111=2512101?"]]);
  assert.deepEqual(foundIn("ABA 021000021"), [["aba", "021000021"]]);
  assert.deepEqual(foundIn("2024-02-29T10:20:30Z"), [["date_iso", "2024-02-29T10:20:30Z"]]);
  assert.deepEqual(foundIn("::ffff:192.0.2.1"), [["ipv6", "::ffff:192.0.2.1"]]);
  assert.deepEqual(foundIn("2000000002"), [["npi", "2000000002"]]);
});

test("of values that overlap the longest stands, and what it does not touch stands beside it", () => {
  assert.deepEqual(foundIn("212-555-4111-1111-1111-1111"), [["pan", "4111-1111-1111-1111"]]);
  assert.deepEqual(foundIn("4111111111111111@example.com"), [["email", "4111111111111111@example.com"]]);
  assert.deepEqual(foundIn("%B4111111111111111^DOE/JANE^2512101?;4111111111111111=2512101?"), [
    ["track1", "%B4111111111111111^DOE/JANE^2512101?"],
    ["track2", ";4111111111111111=2512101?"],
  ]);
});

test("a number of dotted or slashed parts that goes on is no address and no date", () => {
  assert.deepEqual(foundIn("OID 1.2.3.4.5, version 10.0.0.1.7, fraction 1/2/2020/3 and 4/1/2/2020"), []);
  assert.deepEqual(foundIn("at 192.0.2.1."), [["ipv4", "192.0.2.1"]]);
  assert.deepEqual(foundIn("at fe80::1."), [["ipv6", "fe80::1"]]);
  assert.deepEqual(foundIn("std::vector<int> a; x ? :: : y; 10:20:30"), []);
});

test("an address ends before the sentence's signs, and before what joins it", () => {
  for (const text of [
    "<jane@example.com>",
    "mailto:jane@example.com?x",
    "to=jane@example.com;",
    "“jane@example.com”",
  ]) {
    assert.deepEqual(foundIn(text), [["email", "jane@example.com"]], text);
  }
  assert.deepEqual(foundIn("jane@example.com. Then"), [["email", "jane@example.com"]]);
  assert.deepEqual(foundIn("jane@example.com-based"), [["email", "jane@example.com"]]);
  assert.deepEqual(foundIn(`jane@example.com${"请".repeat(90)}2125550123`).at(-1), ["phone", "2125550123"]);
  assert.match(foundIn(`jane@example.com${"请".repeat(90)}`)[0]?.[1] ?? "", /^jane@example\.com请/);
});

test("a web address ends before the sentence's signs, and holds whatever else it holds", () => {
  for (const text of [
    "(https://example.com/a)",
    "<https://example.com/a>",
    "“https://example.com/a”",
    "see https://example.com/a.",
    "see https://example.com/a, then",
    '"https://example.com/a"',
    "u=https://example.com/a",
  ]) {
    assert.deepEqual(foundIn(text), [["url", "https://example.com/a"]], text);
  }
  for (const url of [
    "https://example.com/?ssn=123-45-6788&mail=jane@example.com",
    "https://web.example/2020/http://www.example.com/x",
    "http://192.0.2.1/4111111111111111",
  ]) {
    assert.deepEqual(foundIn(`at ${url} there`), [["url", url]], url);
  }
  assert.deepEqual(foundIn("xhttp://a awww.example.com httpx://a"), []);
});

test("a MAC address that goes on is none", () => {
  assert.deepEqual(foundIn("00:1a:2b:3c:4d:5e:6f 10-00-1a-2b-3c-4d-5e 001a.2b3c.4d5e.6f70"), []);
  assert.deepEqual(foundIn("mac=00:1a:2b:3c:4d:5e."), [["mac", "00:1a:2b:3c:4d:5e"]]);
});

test("names, addresses of places and months by name are not found", () => {
  assert.deepEqual(foundIn("Jane Doe, 12 Main Street, Springfield, born January 5, 1970, MRN 84721"), []);
});

test("spans come in the order of the text and do not overlap, and the same at every call", () => {
  const text = DETECTORS.flatMap(({ name }) => EXAMPLES[name].matched).join(" and ");
  const { bytes, start, end } = amid(text, 7);
  const finder = new Finder();
  const runs = [0, 1].map(() => {
    const spans: (readonly [string, number, number])[] = [];
    finder.findIn(bytes, start, end, (name, from, to) => spans.push([name, from, to]));
    return spans;
  });
  assert.deepEqual(runs[0], runs[1]);
  let last = start;
  for (const [name, from, to] of runs[0] ?? []) {
    assert.ok(from >= last && to > from && to <= end, name);
    last = to;
  }
});

test("what stands before the text is as if it were not there", () => {
  for (const [before, text] of [
    ["1.", "192.0.2.1"],
    [":", "::1"],
    ["4/", "1/2/2020"],
    ["x", "4111111111111111"],
    ["ab:", "00:1a:2b:3c:4d:5e"],
    ["https://a/", "www.example.com"],
  ] as const) {
    const bytes = new TextEncoder().encode(before + text);
    const spans: (readonly [number, number])[] = [];
    new Finder().findIn(bytes, before.length, bytes.length, (_, start, end) => spans.push([start, end]));
    assert.deepEqual(spans, [[before.length, bytes.length]], text);
  }
});

/** Of bytes that detectors find, alone or together, the first that is in no span of coverIn, and all before; or "". */
function uncovered(text: string): string {
  const { bytes, start, end } = amid(text, 5);
  const open = new Uint8Array(bytes.length).fill(1);
  for (const finder of [new Finder(), ...DETECTORS.map((detector) => new Finder([detector]))]) {
    finder.findIn(bytes, start, end, (_, from, to) => open.fill(0, from, to));
  }
  let last = start;
  new Finder().coverIn(bytes, start, end, (name, from, to) => {
    assert.ok(from >= last && to > from && to <= end, name);
    last = to;
    open.fill(1, from, to);
  });
  return text.slice(0, open.subarray(start, end).indexOf(0) + 1);
}

test("what covers leaves no byte that any detector would take by itself, however values overlap", () => {
  for (const text of [
    "+33 1 23 45 67 89 4111 1111 1111 1111",
    "212-555-4111-1111-1111-1111",
    "1 212 555 4111 1111 1111 1111 212 555 0123",
    "http://a/1 212 555 0123",
    DETECTORS.flatMap(({ name }) => EXAMPLES[name].matched).join(" "),
    DETECTORS.flatMap(({ name }) => EXAMPLES[name].matched).join("-"),
  ]) {
    assert.equal(uncovered(text), "", text);
  }
});

test("of any text, what covers leaves no byte that any detector would take by itself", () => {
  const values = DETECTORS.flatMap(({ name }) => EXAMPLES[name].matched);
  const sign = fc.constantFrom(...Array.from(" -./:+(),=@;é字😀"));
  const part = fc.oneof(
    fc.constantFrom(...values),
    sign,
    fc.string({ unit: fc.constantFrom("1", "2", "5", " ", "-") }),
  );
  fc.assert(
    fc.property(fc.array(part, { maxLength: 7 }), (parts) => {
      assert.equal(uncovered(parts.join("")), "");
    }),
    { numRuns: 3_000 },
  );
});

test("what covers is what is found, where nothing overlaps", () => {
  const { bytes, start, end } = amid("see 123-45-6788, jane@example.com and 192.0.2.1", 3);
  const found: unknown[] = [];
  const covered: unknown[] = [];
  new Finder().findIn(bytes, start, end, (...span) => found.push(span));
  new Finder().coverIn(bytes, start, end, (...span) => covered.push(span));
  assert.deepEqual(covered, found);
  assert.equal(found.length, 3);
});

test("of values that overlap, what covers has those that stand, side by side", () => {
  const cover = (text: string): unknown => {
    const bytes = new TextEncoder().encode(text);
    const spans: unknown[] = [];
    new Finder().coverIn(bytes, 0, bytes.length, (name, from, to) =>
      spans.push([name, text.slice(from, to)]),
    );
    return spans;
  };
  assert.deepEqual(cover("x 212-555-4111-1111-1111-1111 y"), [["pan", "212-555-4111-1111-1111-1111"]]);
  assert.deepEqual(cover("+33 1 23 45 67 89 4111 1111 1111 1111"), [
    ["phone", "+33 1 23 45 67 89 4111 1111 1111 1111"],
  ]);
});

test("a finder of some detectors finds only their values, whatever else could stand there", () => {
  const finder = new Finder([PAN]);
  assert.deepEqual(foundIn("jane@example.com 4111111111111111@example.com 123-45-6788", finder), [
    ["pan", "4111111111111111"],
  ]);
});
