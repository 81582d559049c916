// `sealroom tokenize-value`: one operator on values that are at hand, under a key in a file. For test vectors and for
// comparing systems; a job's keys exist in enclaves only, so it makes none of a job's tokens.
import type { Command } from "commander";
import { SealroomError } from "../core/errors.ts";
import { Alphabet, defaultAlphabet } from "../core/token/alphabet.ts";
import { Cmac } from "../core/token/cmac.ts";
import { Ff1 } from "../core/token/ff1.ts";
import { Siv } from "../core/token/siv.ts";
import { act, addNeeded, collect, declare } from "./command.ts";
import type { Host, Session } from "./command.ts";
import { FaultAt, locate, usage } from "./fault.ts";
import { readBytes } from "./file.ts";
import { parseCount } from "./number.ts";
import type { Report } from "./output.ts";

interface Options {
  readonly keyFile: string;
  readonly op: string;
  readonly radix?: string;
  readonly alphabet?: string;
  readonly tweak?: string;
  readonly aad?: readonly string[];
  readonly reveal?: true;
}

type Operator = (value: string) => string;

const KEY_FILE_BYTES = 4096;
const PRINTABLE = /^[\x20-\x7e]*$/;
const BASE64 = /^[A-Za-z0-9+/]+={0,2}$/;
/** RFC 5297 §7: of S2V, the text besides. */
const MAX_COMPONENTS = 126;
const HEX = /^(?:[0-9a-f]{2})*$/i;
/** Which options an operator has beside key and values. */
const OPERATORS: ReadonlyMap<string, readonly string[]> = new Map([
  ["ff1", ["radix", "alphabet", "tweak", "reveal"]],
  ["siv", ["aad", "reveal"]],
  ["cmac", []],
]);

export function declareTokenizeValue(parent: Command, host: Host): void {
  const command = declare(parent, "tokenize-value", {
    summary: "tokenize single values under a key in a file, for test vectors",
    description:
      "Applies one operator to each value and prints one line for each. ff1 takes text over its alphabet and refuses " +
      "domains under a million; siv and cmac take and print hex. The key is the operator's own: nothing is derived from " +
      "it. It is in your hands here, so this is for test vectors and comparisons; a job's keys never leave the enclave.",
    examples: [
      "sealroom tokenize-value --key-file key.hex --op ff1 --radix 10 \\\n" +
        "      --tweak 39383736 0123456789 4539148803436467",
      "sealroom tokenize-value --key-file key.hex --op ff1 --alphabet abcdefghij \\\n" +
        "      --tweak '' --reveal jbcdgfaehi",
      "sealroom tokenize-value --key-file key.hex --op siv --aad 101112 \\\n" + "      112233445566",
    ],
  }).argument("<value...>", "the values: text for ff1, hex for siv and cmac");
  addNeeded(command, "--key-file <file>", "the operator's key: hex, base64 or raw bytes");
  addNeeded(command, "--op <name>", "ff1 (NIST SP 800-38G), siv (RFC 5297) or cmac (NIST SP 800-38B)");
  command
    .option("--radix <n>", "of ff1: the first characters of 0-9a-zA-Z, at most 62")
    .option("--alphabet <characters>", "of ff1: the first one stands for 0")
    .option("--tweak <hex>", "of ff1; may be empty")
    .option("--aad <hex>", "of siv: an authenticated component; may be repeated", collect)
    .option("--reveal", "of ff1 and siv: the values of tokens");
  act(command, host, tokenizeValues);
}

async function tokenizeValues(_: Session, options: Options, values: readonly string[]): Promise<Report> {
  checkOptions(options);
  const key = await readKey(options.keyFile);
  const operator = await locate("the operator", () => operatorOf(options, key));
  const found: string[] = [];
  for (const [index, value] of values.entries()) {
    // Its number and not the value: logs keep what is printed.
    found.push(await locate(`value ${index + 1}`, () => operator(value)));
  }
  return { exit: 0, json: { op: options.op, values: found }, text: found };
}

function checkOptions(options: Options): void {
  const own = OPERATORS.get(options.op);
  if (own === undefined) throw usage(`--op '${options.op}' is none of ${[...OPERATORS.keys()].join(", ")}`);
  for (const name of ["radix", "alphabet", "tweak", "aad", "reveal"] as const) {
    if (options[name] !== undefined && !own.includes(name)) throw usage(`--${name} is not for ${options.op}`);
  }
  if ((options.aad?.length ?? 0) > MAX_COMPONENTS) throw usage(`at most ${MAX_COMPONENTS} --aad`);
  if (options.op === "ff1" && options.radix === undefined && options.alphabet === undefined) {
    throw usage("ff1 needs --radix or --alphabet");
  }
}

function operatorOf(options: Options, key: Uint8Array): Operator {
  switch (options.op) {
    case "ff1":
      return ff1Of(options, key);
    case "siv":
      return sivOf(options, key);
    default: {
      const cmac = new Cmac(key);
      return (value) => hexOf(cmac.mac(bytesOf("a value", value)));
    }
  }
}

function ff1Of({ radix, alphabet: characters, tweak: hex = "", reveal }: Options, key: Uint8Array): Operator {
  const count = radix === undefined ? null : parseCount("--radix", radix);
  const alphabet = characters === undefined ? defaultAlphabet(count ?? 0) : new Alphabet(characters);
  if (count !== null && alphabet.radix !== count) {
    throw usage(`--alphabet has ${alphabet.radix} characters, and --radix is ${count}`);
  }
  const tweak = bytesOf("--tweak", hex);
  const ff1 = new Ff1(key, alphabet.radix);
  return (value) => {
    const numerals = alphabet.numeralsOf(value);
    return alphabet.textOf(reveal === true ? ff1.decrypt(tweak, numerals) : ff1.encrypt(tweak, numerals));
  };
}

function sivOf({ aad = [], reveal }: Options, key: Uint8Array): Operator {
  const components = aad.map((hex) => bytesOf("--aad", hex));
  const siv = new Siv(key);
  return (value) => {
    const bytes = bytesOf("a value", value);
    return hexOf(reveal === true ? siv.open(components, bytes) : siv.seal(components, bytes));
  };
}

/** Text is hex or base64: one that is neither is a key that was mistyped, and not raw bytes that look like text. */
async function readKey(path: string): Promise<Uint8Array> {
  const file = await readBytes(path, KEY_FILE_BYTES);
  const text = Buffer.from(file).toString("latin1").trim();
  if (!PRINTABLE.test(text)) return file;
  if (HEX.test(text.replace(/^0x/i, ""))) return Buffer.from(text.replace(/^0x/i, ""), "hex");
  if (BASE64.test(text) && text.length % 4 === 0) return Buffer.from(text, "base64");
  throw new FaultAt(path, new SealroomError("TOKEN_KEY", { fault: "neither hex nor base64" }));
}

function bytesOf(what: string, hex: string): Uint8Array {
  if (!HEX.test(hex)) throw usage(`${what} is not hex`);
  return Buffer.from(hex, "hex");
}

function hexOf(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString("hex");
}
