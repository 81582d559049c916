// People with identifiers of every kind, drawn anew for each run: units of some rows each, nulls here and there.
import { randomInt } from "node:crypto";
import type { Cell } from "../../jobs/aggregate/cell.ts";
import type { Cuts, TestColumn, TestTable } from "../aggregate/table.ts";
import { randomDigits, randomPan } from "../tokenize/columns.ts";
import type { RuleText } from "./world.ts";

const NULLS = 7;

export const PERSON = { domain: "person", version: 1 } as const;
export const CARD = { domain: "card", version: 1 } as const;

/** Every operator that can be taken back, over values that are their own canonical form. */
export const RULES: Readonly<Record<string, RuleText>> = {
  patient: { operator: "siv", ...PERSON },
  name: { operator: "siv", ...PERSON, parameters: { canonical: "exact" } },
  ssn: { operator: "ssn", ...PERSON, parameters: { lenient: true } },
  ssnDigits: { operator: "ssn", ...PERSON, parameters: { form: "digits", lenient: true } },
  card: { operator: "pan", ...CARD, parameters: { keep: "last4" } },
  bin6: { operator: "pan", ...CARD, parameters: { keep: "bin6last4" } },
  bin8: { operator: "pan", ...CARD, parameters: { keep: "bin8last4" } },
  phone: { operator: "phone", ...PERSON },
  mail: { operator: "email", ...PERSON, parameters: { local: "siv", domain: "token" } },
  code: { operator: "ff1", ...PERSON, parameters: { alphabet: "0123456789", template: "A-####-####" } },
  age: { operator: "siv", ...PERSON },
  day: { operator: "siv", ...PERSON },
  born: { operator: "date_shift", ...PERSON, unit: "patient" },
  seen: { operator: "date_shift", ...PERSON, parameters: { least: -70, most: 700, step: 7 } },
  hash: { operator: "cmac", ...PERSON },
};
export const REVERSIBLE: readonly string[] = Object.keys(RULES).filter((name) => name !== "hash");
export const PLAIN = ["city", "cost", "urgent", "big"] as const;

export function makePeople(rows: number): TestTable {
  const units: number[] = [];
  while (units.length < rows) {
    const unit = (units.at(-1) ?? -1) + 1;
    for (let left = 1 + randomInt(4); left > 0 && units.length < rows; left--) units.push(unit);
  }
  const cells = (make: (row: number) => Cell): Cell[] =>
    Array.from({ length: rows }, (_, row) => (row % NULLS === randomInt(NULLS) ? null : make(row)));
  const column = (name: string, type: string, make: (row: number) => Cell): TestColumn => ({
    name,
    type,
    role: "hidden",
    cells: cells(make),
  });
  const text = (name: string, make: (row: number) => Cell): TestColumn => column(name, "utf8", make);
  const ofDigits = (...lengths: readonly number[]): string => lengths.map(randomDigits).join("-");
  const few = ["Zoë", "李", "O'Neil", "Ünal", " spaced "];
  const patients = units.map((unit) => `P${String(unit)}`);
  return {
    rows,
    units,
    columns: [
      { name: "patient", type: "utf8", role: "unit", cells: patients },
      { ...text("name", () => few[randomInt(few.length)] ?? ""), dictionary: few },
      text("ssn", () => (randomInt(2) === 0 ? ofDigits(9) : ofDigits(3, 2, 4))),
      { ...text("ssnDigits", () => ofDigits(3, 2, 4)), dictionary: [] },
      text("card", () => randomPan(13 + randomInt(7))),
      text("bin6", () => randomPan(16)),
      text("bin8", () => randomPan(19)),
      text("phone", () => `+1202555${randomDigits(4)}`),
      text("mail", () => `${String(randomInt(1_000))}.someone@clinic-${String(randomInt(5))}.org`),
      text("code", () => `A-${ofDigits(4, 4)}`),
      column("age", "int16", () => randomInt(-5, 120)),
      column("day", "date", () => randomInt(-20_000, 20_000)),
      column("born", "date", () => randomInt(-20_000, 20_000)),
      column("seen", "timestamp[UTC]", () => BigInt(randomInt(2 ** 47)) - 2n ** 45n),
      text("hash", () => String(randomInt(1_000))),
      { ...text("city", () => `C${String(randomInt(4))}`), dictionary: [] },
      column("cost", "decimal(12,2)", () => BigInt(randomInt(-1e6, 1e9))),
      column("urgent", "bool", () => randomInt(2) === 0),
      column("big", "uint64", () => BigInt(randomInt(2 ** 47)) ** 1n),
    ],
  };
}

/** Objects and batches of many lengths, none of them at a whole byte of a bitmap. */
export function makeCuts(rows: number): Cuts {
  const cuts: number[][] = [];
  let end = 0;
  while (end < rows) {
    const object: number[] = [];
    for (let batches = 1 + randomInt(3); batches > 0 && end < rows; batches--) {
      end = Math.min(rows, end + 1 + randomInt(90));
      object.push(end);
    }
    cuts.push(object);
  }
  return cuts;
}
