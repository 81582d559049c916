// What may be claimed under PCI DSS 4.0.1 of a copy, each rule of it both ways.
import assert from "node:assert/strict";
import { test } from "node:test";
import { claim, judged, VARIANTS, verdict } from "./profile-copies.ts";
import type { Columns } from "./profile-copies.ts";

const STORE = "pci-store";
const DISPLAY = "pci-display";

function card(operator: string, parameters = {}) {
  return { operator, parameters, class: "pan" } as const;
}

test("sensitive authentication data may only be dropped, by the paragraph of its kind", () => {
  const cites = { track: "3.3.1.1", cvv: "3.3.1.2", pin: "3.3.1.3" } as const;
  for (const profile of [STORE, DISPLAY] as const) {
    for (const [name, cite] of Object.entries(cites) as [keyof typeof cites, string][]) {
      for (const [operator, parameters] of VARIANTS) {
        const found = verdict(profile, { operator, parameters, class: name });
        assert.deepEqual(
          found,
          [operator === "drop" ? "ok" : "blocks", cite],
          `${profile} ${name} ${operator}`,
        );
      }
    }
  }
});

test("store: card numbers are unreadable by strong cryptography, index tokens or being gone", () => {
  for (const [operator, parameters] of [
    ["siv", {}],
    ["ff1", { alphabet: "0123456789" }],
    ["pan", { keep: "last4" }],
    ["random", {}],
    ["drop", {}],
    ["mask", {}],
  ] as const) {
    assert.deepEqual(verdict(STORE, card(operator, parameters)), ["ok", "3.5.1"], operator);
  }
  assert.deepEqual(verdict(STORE, card("keep")), ["blocks", "3.5.1"]);
});

test("store: a hash is keyed and of the whole number", () => {
  for (const operator of ["cmac", "hmac"]) {
    assert.deepEqual(verdict(STORE, card(operator)), ["ok", "3.5.1.1"], operator);
  }
  assert.equal(judged(STORE, card("siv")).cite, "3.5.1");
});

test("store: a mask protects what is stored only where it hides as much as truncation does", () => {
  const mask = (keepLeft: number, keepRight: number): string =>
    verdict(STORE, card("mask", { keepLeft, keepRight }))[0];
  assert.equal(mask(6, 4), "ok");
  assert.equal(mask(0, 4), "ok");
  assert.equal(mask(7, 4), "attest");
  assert.equal(mask(8, 4), "attest");
  assert.equal(mask(9, 4), "blocks");
  assert.equal(mask(6, 5), "blocks");
  assert.equal(verdict(STORE, card("truncate", { first: 8, last: 4 }))[0], "ok");
});

test("store: coarsening of other kinds is no way to store a card number", () => {
  for (const [operator, parameters] of [
    ["bucket", { edges: [0, 1] }],
    ["zip3", { census: "2000" }],
    ["date_shift", {}],
    ["date_year", {}],
    ["age_cap", {}],
  ] as const) {
    assert.equal(verdict(STORE, card(operator, parameters))[0], "blocks", operator);
    assert.equal(verdict(DISPLAY, card(operator, parameters))[0], "blocks", operator);
  }
});

test("store: with BIN and last four digits in the token, how few numbers are left to try is said", () => {
  const tries = (keep: string): string => judged(STORE, card("pan", { keep })).why;
  assert.match(tries("bin6last4"), /trying 100,000 \(of 15 digits 10,000\)$/);
  assert.match(tries("bin8last4"), /trying 1,000$/);
  assert.doesNotMatch(tries("last4"), /trying/);
  assert.equal(verdict(STORE, card("pan", { keep: "bin6last4" }))[0], "attest");
});

test("store: reversible tokens stay in scope, hashes do not bring it; keys need management, maps protection", () => {
  const cites = (operator: string): readonly string[] =>
    claim(STORE, { c: card(operator) }).attestations.map(({ why, cite }) => `${cite}: ${why.slice(0, 10)}`);
  assert.deepEqual(cites("siv"), ["3.6, 3.7: keys are m", "section 4: reversible"]);
  assert.deepEqual(cites("cmac"), ["3.6, 3.7: keys are m"]);
  assert.deepEqual(cites("random"), ["section 4: the map of"]);
  assert.deepEqual(cites("drop"), []);
});

test("store: one number truncated and hashed, or truncated in two ways, needs controls, in one copy or two", () => {
  const needs = (columns: Columns, ...others: readonly Columns[]): boolean =>
    claim(STORE, columns, ...others).attestations.some(({ why }) => why.includes("several truncations"));
  const truncated = card("truncate");
  assert.equal(needs({ a: truncated, b: card("cmac") }), true);
  assert.equal(needs({ a: truncated, b: card("hmac") }), true);
  assert.equal(needs({ a: truncated, b: card("mask", { keepRight: 4 }) }), true);
  assert.equal(needs({ a: card("pan", { keep: "last4" }), b: card("cmac") }), true);
  assert.equal(needs({ a: truncated }, { a: card("cmac") }), true);
  assert.equal(needs({ a: card("drop") }, { a: truncated }, { a: card("cmac") }), false);
  assert.equal(needs({ a: truncated, b: truncated }), false);
  assert.equal(needs({ a: truncated, b: card("siv") }), false);
  assert.equal(needs({ a: truncated, b: card("random") }), false);
  assert.equal(needs({ a: truncated, b: { operator: "cmac", class: "ssn" } }), false);
});

test("store: names, expiry dates and service codes are cardholder data beside a number that can be had back", () => {
  const beside = (
    name: "card_name" | "card_expiry" | "service_code" | "full_name",
    number: string,
  ): string => {
    const columns = { a: card(number), b: { operator: "keep", class: name } };
    return claim(STORE, columns).findings[1]?.verdict ?? "";
  };
  for (const name of ["card_name", "card_expiry", "service_code", "full_name"] as const) {
    assert.equal(beside(name, "siv"), "attest", name);
    for (const number of ["drop", "cmac", "random", "truncate"]) {
      assert.equal(beside(name, number), "ok", `${name} ${number}`);
    }
  }
  const hashed = claim(STORE, { a: card("siv"), b: { operator: "cmac", class: "card_name" } });
  assert.equal(hashed.findings[1]?.verdict, "ok");
});

test("display: at most BIN and last four digits are shown", () => {
  const mask = (keepLeft: number, keepRight: number): string =>
    verdict(DISPLAY, card("mask", { keepLeft, keepRight }))[0];
  assert.equal(mask(0, 0), "ok");
  assert.equal(mask(6, 4), "ok");
  assert.equal(mask(8, 4), "attest");
  assert.equal(mask(9, 4), "blocks");
  assert.equal(mask(6, 5), "blocks");
  assert.deepEqual(verdict(DISPLAY, card("keep")), ["blocks", "3.4.1"]);
  assert.equal(verdict(DISPLAY, card("truncate"))[0], "ok");
  for (const operator of ["siv", "cmac", "random"]) {
    assert.equal(verdict(DISPLAY, card(operator))[0], "ok", operator);
  }
  assert.equal(verdict(DISPLAY, card("pan", { keep: "bin8last4" }))[0], "ok");
});

test("display: only card numbers have to be masked", () => {
  for (const name of ["card_name", "card_expiry", "service_code", "ssn"] as const) {
    assert.equal(verdict(DISPLAY, { operator: "keep", class: name })[0], "ok", name);
  }
});

test("redacted text needs a reader, and detectors of card numbers and tracks", () => {
  for (const profile of [STORE, DISPLAY] as const) {
    for (const name of [null, "pan"] as const) {
      assert.equal(verdict(profile, { operator: "redact", class: name })[0], "attest");
      for (const detectors of [["email"], ["pan"], ["track1", "track2"]]) {
        const column = { operator: "redact", parameters: { detectors }, class: name };
        assert.equal(verdict(profile, column)[0], "blocks", `${profile} ${name} ${detectors.join(" ")}`);
      }
      const parameters = { detectors: ["pan", "track1", "track2"] };
      assert.equal(verdict(profile, { operator: "redact", parameters, class: name })[0], "attest");
    }
  }
});

test("what nobody names may hold a card number or a code that may not be stored", () => {
  for (const profile of [STORE, DISPLAY] as const) {
    assert.equal(verdict(profile, { operator: "keep" })[0], "blocks");
    assert.equal(verdict(profile, { operator: "mask", parameters: { keepRight: 4 } })[0], "blocks");
    assert.deepEqual(verdict(profile, { operator: "cmac" }), ["attest", "3.3.1"]);
    assert.equal(verdict(profile, { operator: "keep", class: "none" })[0], "attest");
    assert.equal(verdict(profile, { operator: "drop" })[0], "ok");
  }
  const plain = judged(STORE, { operator: "keep", class: "none" }).why;
  assert.match(judged(STORE, { operator: "keep", class: "none" }, "card_number").why, /though the name says/);
  assert.doesNotMatch(plain, /though the name says/);
});
