// Ten thousand canaries through a tokenization pipeline, with all that left the enclave on the way kept.
import { createHash, randomInt } from "node:crypto";
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { textCanary } from "../canary/search.ts";
import type { Canary } from "../canary/search.ts";
import type { Recorded } from "../host/recording.ts";
import { BUCKET, House } from "./house.ts";
import type { Ran } from "./house.ts";
import { Tap } from "./tap.ts";

export const ROWS = 1_000;
const seed = randomInt(2 ** 31);
process.stderr.write(`canaries of seed ${seed}\n`);

const letters = (name: string, length: number): string =>
  Array.from(createHash("sha512").update(`${seed} ${name}`).digest(), (byte) =>
    String.fromCharCode(0x61 + (byte % 26)),
  )
    .join("")
    .slice(0, length);
const digits = (name: string, length: number): string =>
  Array.from(createHash("sha512").update(`${seed} ${name}`).digest(), (byte) => byte % 10)
    .join("")
    .slice(0, length);
const luhn = (text: string): number =>
  Array.from(text)
    .toReversed()
    .reduce((sum, digit, at) => {
      const value = Number(digit) * (1 + (at % 2));
      return sum + (value > 9 ? value - 9 : value);
    }, 0);
const card = (name: string): string => {
  const head = `4${digits(name, 14)}`;
  return `${head}${(10 - (luhn(`${head}0`) % 10)) % 10}`;
};

/** By column: a row's cell, what of it is looked for, and whether the copy may have it. */
const COLUMNS: Readonly<
  Record<
    string,
    { rule: string; cell: (row: number) => string; canary?: (cell: string) => string; mayStay?: true }
  >
> = {
  siv: { rule: "{ operator: siv, domain: d }", cell: (row) => letters(`siv ${row}`, 20) },
  cmac: { rule: "{ operator: cmac, domain: d }", cell: (row) => letters(`cmac ${row}`, 20) },
  hmac: { rule: "{ operator: hmac, domain: d }", cell: (row) => letters(`hmac ${row}`, 20) },
  random: { rule: "{ operator: random, domain: d }", cell: (row) => letters(`random ${row}`, 20) },
  ff1: {
    rule: "{ operator: ff1, domain: d, parameters: { alphabet: abcdefghijklmnopqrstuvwxyz } }",
    cell: (row) => letters(`ff1 ${row}`, 20),
  },
  // Its last four digits stay.
  pan: {
    rule: "{ operator: pan, domain: d, parameters: { keep: last4 } }",
    cell: (row) => card(`pan ${row}`),
    canary: (cell) => cell.slice(0, 12),
  },
  email: {
    rule: "{ operator: email, domain: d, parameters: { local: siv, domain: replace } }",
    cell: (row) => `${letters(`email ${row}`, 16)}@${letters(`domain ${row % 7}`, 12)}.example`,
    canary: (cell) => cell.split("@")[0] ?? "",
  },
  note: {
    rule: "{ operator: redact }",
    cell: (row) => `call on ${card(`note ${row}`)} please`,
    canary: (cell) => cell.slice(8, 24),
  },
  wrong: {
    rule: "{ operator: zip3, parameters: { census: '2000' }, invalid: quarantine }",
    cell: (row) => letters(`wrong ${row}`, 20),
  },
  kept: { rule: "keep", cell: (row) => letters(`kept ${row}`, 20), mayStay: true },
};
const NAMES = Object.keys(COLUMNS);
const table = Array.from({ length: ROWS }, (_, row) => NAMES.map((name) => COLUMNS[name]?.cell(row) ?? ""));
const CSV = [NAMES.join(","), ...table.map((cells) => cells.join(","))].join("\n");
const canariesOf = (isAllowed: boolean): ReturnType<typeof textCanary>[] =>
  NAMES.flatMap((name, column) => {
    const { canary = (cell: string): string => cell, mayStay } = COLUMNS[name] ?? { mayStay: undefined };
    if ((mayStay === true) !== isAllowed) return [];
    return table.map((cells) => textCanary(canary(cells[column] ?? "")));
  });
/** Must leave by no way. */
export const SECRET: readonly Canary[] = canariesOf(false);
/** The copy has them, since its rules keep them. */
export const KEPT: readonly Canary[] = canariesOf(true);
/** Values that no token stands for. */
export const PUT_ASIDE: ReadonlySet<string> = new Set(
  table.map((cells) => cells[NAMES.indexOf("wrong")] ?? ""),
);

export interface CanaryRun {
  readonly house: House;
  readonly ran: Ran;
  readonly recorded: readonly Recorded[];
  readonly close: () => Promise<void>;
}

export async function runCanaries(): Promise<CanaryRun> {
  const house = await House.open();
  const host = join(house.world.state, "tapped");
  await mkdir(host, { recursive: true });
  const tap = await Tap.open({ enclave: house.world.sockets, host });
  house.sockets = host;
  house.tokens.push({ domain: "d", version: 1 });
  house.outputs.push("copy");
  const keyArn = await house.createKey("source");
  await house.makeTokenKey("d", 1, keyArn);
  await house.seal({
    dataset: "source",
    csv: CSV,
    schema: `unit: row\ncolumns:\n${NAMES.map((name) => `  ${name}: { type: utf8, role: identifier }`).join("\n")}\n`,
    rules: `min_units: 5
max_groups: 10
adhoc: true
recipients: [analyst]
token_keys: [d-1]
vaults: [{ domain: d, audience: a }]
tokenization:
  a:
    dataset: copy
    columns:
${NAMES.map((name) => `      ${name}: ${COLUMNS[name]?.rule ?? ""}`).join("\n")}
`,
    keyArn,
    rowsPerObject: 400,
  });
  const ran = await house.run("source", `kind: tokenize\naudience: a\nto: s3://${BUCKET}/copy/\n`);
  const recorded = [
    ...tap.recorded(),
    { channel: "stdout", bytes: house.world.enclave.stdout() } as const,
    { channel: "stderr", bytes: house.world.enclave.stderr() } as const,
  ];
  const close = async (): Promise<void> => {
    await house.close();
    await tap.close();
  };
  return { house, ran, recorded, close };
}
