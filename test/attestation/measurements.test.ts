// The measurements file, in the one form that nitro-cli prints.
import assert from "node:assert/strict";
import { test } from "node:test";
import {
  encodeMeasurements,
  encodeRegister,
  parseMeasurements,
} from "../../core/attestation/measurements.ts";
import type { ErrorCode } from "../../core/errors.ts";
import { MEASUREMENTS } from "./forge.ts";
import { assertThrows } from "./refusal.ts";

const [P0, P1, P2] = [MEASUREMENTS[0], MEASUREMENTS[1], MEASUREMENTS[2]];
const ALGORITHM = "Sha384 { ... }";

function file(members: Record<string, unknown>): string {
  return JSON.stringify({
    Measurements: { HashAlgorithm: ALGORITHM, PCR0: P0, PCR1: P1, PCR2: P2, ...members },
  });
}

test("reads what nitro-cli prints, signed image or not, in any white space and order", () => {
  const printed = `{
  "Measurements": {
    "HashAlgorithm": "Sha384 { ... }",
    "PCR0": "${P0}",
    "PCR1": "${P1}",
    "PCR2": "${P2}"
  }
}
`;
  assert.equal(encodeMeasurements(MEASUREMENTS), printed);
  assert.deepEqual(parseMeasurements(printed), MEASUREMENTS);
  assert.deepEqual(parseMeasurements(JSON.stringify(JSON.parse(printed))), MEASUREMENTS);
  assert.deepEqual(parseMeasurements(file({ PCR8: P0 })), MEASUREMENTS);
  assert.deepEqual(parseMeasurements(file({ PCR0: P0.toUpperCase() })), MEASUREMENTS);
  const reversed = { PCR2: P2, PCR1: P1, PCR0: P0, HashAlgorithm: ALGORITHM };
  assert.deepEqual(parseMeasurements(JSON.stringify({ Measurements: reversed })), MEASUREMENTS);
});

test("refuses any other form", () => {
  const zero = "00".repeat(48);
  const twice = file({}).replace('"PCR1"', `"PCR0":"${P1}","PCR1"`);
  const cases: [string, string, ErrorCode][] = [
    ["nothing", "", "MEASUREMENTS_FORMAT"],
    ["not JSON", "{", "MEASUREMENTS_FORMAT"],
    ["null", "null", "MEASUREMENTS_FORMAT"],
    ["a list", "[]", "MEASUREMENTS_FORMAT"],
    ["an empty object", "{}", "MEASUREMENTS_FORMAT"],
    ["no members", '{"Measurements":{}}', "MEASUREMENTS_FORMAT"],
    ["null members", '{"Measurements":null}', "MEASUREMENTS_FORMAT"],
    ["the members alone", JSON.stringify({ PCR0: P0, PCR1: P1, PCR2: P2 }), "MEASUREMENTS_FORMAT"],
    ["more at the top", JSON.stringify({ ...(JSON.parse(file({})) as object), x: 1 }), "MEASUREMENTS_FORMAT"],
    ["an unknown register", file({ PCR3: P0 }), "MEASUREMENTS_FORMAT"],
    ["a register missing", file({ PCR1: undefined }), "MEASUREMENTS_FORMAT"],
    ["a register null", file({ PCR1: null }), "MEASUREMENTS_FORMAT"],
    ["a register short", file({ PCR1: P1.slice(2) }), "MEASUREMENTS_FORMAT"],
    ["a register long", file({ PCR1: `${P1}00` }), "MEASUREMENTS_FORMAT"],
    ["a register not hex", file({ PCR1: "z".repeat(96) }), "MEASUREMENTS_FORMAT"],
    ["a register with a prefix", file({ PCR1: `0x${P1.slice(2)}` }), "MEASUREMENTS_FORMAT"],
    ["a number", file({ PCR1: 1 }), "MEASUREMENTS_FORMAT"],
    ["SHA-256", file({ HashAlgorithm: "Sha256 { ... }" }), "MEASUREMENTS_FORMAT"],
    ["no algorithm", file({ HashAlgorithm: undefined }), "MEASUREMENTS_FORMAT"],
    ["a name twice", twice, "MEASUREMENTS_FORMAT"],
    ["a name twice, once escaped", twice.replace('"PCR0"', String.raw`"PC\u0052"`), "MEASUREMENTS_FORMAT"],
    ["a prototype", file({ ["__proto__"]: P0 }), "MEASUREMENTS_FORMAT"],
    ["after it", `${file({})}x`, "MEASUREMENTS_FORMAT"],
    ["a mark before it", `\ufeff${file({})}`, "MEASUREMENTS_FORMAT"],
    ["too long", file({}) + " ".repeat(4096), "MEASUREMENTS_FORMAT"],
    ["PCR8 not hex", file({ PCR8: "none" }), "MEASUREMENTS_FORMAT"],
    ["PCR0 zero", file({ PCR0: zero }), "EXPECTATION_EMPTY"],
    ["PCR1 zero", file({ PCR1: zero }), "EXPECTATION_EMPTY"],
    ["PCR2 zero", file({ PCR2: zero }), "EXPECTATION_EMPTY"],
  ];
  for (const [what, text, code] of cases) assertThrows(() => parseMeasurements(text), code, what);
});

test("says which register is at fault, where one is", () => {
  const zero = "00".repeat(48);
  for (const register of ["PCR0", "PCR1", "PCR2", "PCR8"]) {
    const malformed = assertThrows(() => parseMeasurements(file({ [register]: "x" })), "MEASUREMENTS_FORMAT");
    assert.deepEqual(malformed.details, { register });
    const zeros = assertThrows(() => parseMeasurements(file({ [register]: zero })), "EXPECTATION_EMPTY");
    assert.deepEqual(zeros.details, { register });
  }
  const other = file({ PCR2: undefined, PCR3: P2 });
  assert.deepEqual(assertThrows(() => parseMeasurements(other), "MEASUREMENTS_FORMAT").details, {});
});

test("reads registers that begin with zeros, and files of up to 4096 characters", () => {
  const zeros = { ...MEASUREMENTS, 0: `00${P0.slice(2)}` };
  assert.deepEqual(parseMeasurements(encodeMeasurements(zeros)), zeros);
  const longest = file({}).padEnd(4096);
  assert.deepEqual(parseMeasurements(longest), MEASUREMENTS);
  assertThrows(() => parseMeasurements(`${longest} `), "MEASUREMENTS_FORMAT");
});

test("prints registers as lower-case hex", () => {
  assert.equal(encodeRegister(Uint8Array.of(0, 1, 0xab, 0xff)), "0001abff");
});
