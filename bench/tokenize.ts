// Tokens a second beside other implementations in the same process: whole columns with offsets, nulls and fates, as a job
// has them, and the kernels below them.
import { createHmac, randomBytes, randomInt } from "node:crypto";
import { aessiv } from "@noble/ciphers/aes.js";
import { FF1 } from "@noble/ciphers/ff1.js";
import { defaultAlphabet } from "../core/token/alphabet.ts";
import type { TokenMaster } from "../core/token/keys.ts";
import { Siv } from "../core/token/siv.ts";
import { SivRows } from "../core/token/siv-rows.ts";
import { Ff1Column } from "../jobs/tokenize/ff1-column.ts";
import type { TextKernel } from "../jobs/tokenize/operator.ts";
import { parseTokenizer } from "../jobs/tokenize/operators.ts";
import { FATE } from "../jobs/tokenize/text-column.ts";
import type { TextColumn } from "../jobs/tokenize/text-column.ts";
import { interleave } from "./interleave.ts";
import type { Contestant } from "./interleave.ts";
import { beside } from "./row.ts";
import type { Row } from "./row.ts";

const ROWS = 65_536;
const FEW = 2_000;
const UNIT = "M values/s";

const fresh = (length: number): Uint8Array => new Uint8Array(randomBytes(length));

interface Column {
  readonly column: TextColumn;
  readonly fates: Uint8Array;
  readonly values: number;
}

/** Digits of these lengths; one row in so many is null. */
function digitColumn(least: number, most: number, nullEvery: number): Column {
  const offsets = new Int32Array(ROWS + 1);
  const fates = new Uint8Array(ROWS);
  for (let row = 0; row < ROWS; row += 1) {
    const isNull = row % nullEvery === nullEvery - 1;
    if (isNull) fates[row] = FATE.null;
    offsets[row + 1] = (offsets[row] ?? 0) + (isNull ? 0 : randomInt(least, most + 1));
  }
  const bytes = fresh(offsets[ROWS] ?? 0).map((byte) => 0x30 + (byte % 10));
  return { column: { rows: ROWS, offsets, bytes }, fates, values: fates.filter((fate) => fate === 0).length };
}

function operator(name: string, parameters: Readonly<Record<string, string>>): TextKernel {
  const master: TokenMaster = { key: fresh(32), domain: "bench", audience: "bench", version: 1 };
  const kernel = parseTokenizer(name, parameters, "bench").make(master);
  if (kernel.takes !== "text") throw new TypeError("takes no text");
  return kernel;
}

function wholeColumn(name: string, kernel: TextKernel, { column, fates, values }: Column): Contestant {
  return {
    name,
    run() {
      kernel.tokenize(column, fates.slice());
      return values;
    },
  };
}

function eachValue(name: string, { column, fates }: Column, work: (value: Uint8Array) => void): Contestant {
  const rows = [...fates.keys()].filter((row) => fates[row] === FATE.done).slice(0, FEW);
  const values = rows.map((row) => column.bytes.slice(column.offsets[row], column.offsets[row + 1]));
  return {
    name,
    run() {
      for (const value of values) work(value);
      return values.length;
    },
  };
}

export async function measureTokens(rounds: number): Promise<readonly Row[]> {
  return [
    ...(await measureFf1("16 digits", digitColumn(16, 16, Infinity), 150, rounds)),
    ...(await measureFf1("9-19 digits, a tenth null", digitColumn(9, 19, 10), 75, rounds)),
    ...(await measureStrings(rounds)),
  ];
}

async function measureFf1(
  name: string,
  column: Column,
  goal: number,
  rounds: number,
): Promise<readonly Row[]> {
  const key = fresh(32);
  const noble = FF1(10, key);
  const kernel = new Ff1Column({ key, alphabet: defaultAlphabet(10), tweak: new Uint8Array(0) });
  const base = `noble FF1, ${name}`;
  const ours = `FF1 column, ${name}`;
  const into = new Uint8Array(column.column.bytes.length);
  const reveal: Contestant = {
    name: `FF1 column revealed, ${name}`,
    run() {
      kernel.run(column.column, "reveal", column.fates.slice(), into);
      return column.values;
    },
  };
  const tokenize: Contestant = {
    name: ours,
    run() {
      kernel.run(column.column, "tokenize", column.fates.slice(), into);
      return column.values;
    },
  };
  const rates = await interleave(
    [
      eachValue(base, column, (value) => noble.encrypt(Array.from(value, (digit) => digit - 0x30))),
      tokenize,
      reveal,
      wholeColumn(`ff1 operator, ${name}`, operator("ff1", { alphabet: "0123456789" }), column),
    ],
    rounds,
  );
  return beside(rates, UNIT, base, { [ours]: goal });
}

/** 20 bytes a value. */
async function measureStrings(rounds: number): Promise<readonly Row[]> {
  const column = digitColumn(20, 20, Infinity);
  const key = fresh(64);
  const [nobleName, hmacName] = ["noble AES-SIV, 20 bytes", "createHmac, 20 bytes"];
  const [siv, cmac] = ["siv operator, 20 bytes", "cmac operator, 20 bytes"];
  const header = fresh(3);
  const kernelName = "SIV rows, 20 bytes";
  const sealed = await interleave(
    [
      eachValue(nobleName, column, (value) => aessiv(key, header).encrypt(value)),
      sivRows(kernelName, key, header),
      wholeColumn(siv, operator("siv", {}), column),
    ],
    rounds,
  );
  const hashed = await interleave(
    [
      eachValue(hmacName, column, (value) => createHmac("sha256", key).update(value).digest()),
      wholeColumn(cmac, operator("cmac", {}), column),
    ],
    rounds,
  );
  return [
    ...beside(sealed, UNIT, nobleName, { [kernelName]: 100 }),
    ...beside(hashed, UNIT, hmacName, { [cmac]: 25 }),
  ];
}

/** Bytes to bytes, as noble has them: no offsets, no text of tokens. */
function sivRows(name: string, key: Uint8Array, header: Uint8Array): Contestant {
  const [rows, length, sealed] = [1024, 20, 36];
  const kernel = new SivRows(new Siv(key), [header]);
  const texts = fresh(rows * length);
  const into = new Uint8Array(rows * sealed);
  const places = {
    from: Int32Array.from({ length: rows }, (_, row) => row * length),
    to: Int32Array.from({ length: rows }, (_, row) => row * sealed),
    lengths: new Int32Array(rows).fill(length),
  };
  return {
    name,
    run() {
      for (let done = 0; done < ROWS; done += rows) kernel.seal(texts, places, 2, into);
      return ROWS;
    },
  };
}
