// The operators a second time, a value at a time, over other people's ciphers (@noble/ciphers) and plain strings. Written
// from docs/tokenization.md, and sharing no code with what it judges.
import { createHash, createHmac, hkdfSync } from "node:crypto";
import { aessiv, cmac } from "@noble/ciphers/aes.js";
import { FF1 } from "@noble/ciphers/ff1.js";
import type { TokenMaster } from "../../core/token/keys.ts";
import { luhnSum } from "./columns.ts";

export type Flat = Readonly<Record<string, string | number | null>>;

const word = (value: number): Buffer => {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value);
  return bytes;
};

export function naiveKey(
  master: TokenMaster,
  operator: string,
  part: string,
  suite: number,
  parameters: Flat,
  length: number,
): Uint8Array {
  const sorted = Object.fromEntries(Object.entries(parameters).sort(([a], [b]) => (a < b ? -1 : 1)));
  const fields = [
    Buffer.from("key"),
    Buffer.from(operator),
    Buffer.from(part),
    Buffer.from([suite]),
    Buffer.from(master.domain),
    Buffer.from(master.audience),
    word(master.version),
    createHash("sha256").update(JSON.stringify(sorted)).digest(),
    word(length),
  ];
  const info = Buffer.concat(fields.flatMap((field) => [word(field.length), field]));
  return new Uint8Array(hkdfSync("sha256", master.key, "sealroom/token/1", info, length));
}

export type Value = (text: string) => string;

function base32(bytes: Uint8Array): string {
  const bits = Array.from(bytes, (byte) => byte.toString(2).padStart(8, "0")).join("");
  return (bits.match(/.{1,5}/g) ?? [])
    .map((five) => "abcdefghijklmnopqrstuvwxyz234567"[parseInt(five.padEnd(5, "0"), 2)])
    .join("");
}

const base64url = (bytes: Uint8Array): string => Buffer.from(bytes).toString("base64url");

function sivBytes(
  master: TokenMaster,
  operator: string,
  part: string,
  parameters: Flat,
): (text: string) => Uint8Array {
  const header = Uint8Array.of(1, master.version >> 8, master.version & 255);
  const key = naiveKey(master, operator, part, 1, parameters, 64);
  return (text) => Buffer.concat([header, aessiv(key, header).encrypt(new Uint8Array(Buffer.from(text)))]);
}

function cmacBytes(
  master: TokenMaster,
  operator: string,
  part: string,
  parameters: Flat,
): (text: string) => Uint8Array {
  const key = naiveKey(master, operator, part, 2, parameters, 32);
  return (text) => {
    const bytes = Buffer.from(text);
    return cmac(new Uint8Array(Buffer.concat([word(bytes.length), bytes])), key);
  };
}

export function naiveSiv(master: TokenMaster, canonical: string): Value {
  const seal = sivBytes(master, "siv", "value", { canonical });
  return (text) => base64url(seal(text));
}

export function naiveCmac(master: TokenMaster, canonical: string): Value {
  const hash = cmacBytes(master, "cmac", "value", { canonical });
  return (text) => base64url(hash(text));
}

export function naiveHmac(master: TokenMaster, canonical: string): Value {
  const key = naiveKey(master, "hmac", "value", 3, { canonical }, 32);
  return (text) => {
    const bytes = Buffer.from(text);
    const mac = createHmac("sha256", key)
      .update(Buffer.concat([word(bytes.length), bytes]))
      .digest();
    return base64url(mac.subarray(0, 16));
  };
}

/** FF1 over an alphabet's texts. */
function ff1Text(key: Uint8Array, alphabet: string, tweak = ""): Value {
  const cipher = FF1(alphabet.length, key, new Uint8Array(Buffer.from(tweak)));
  return (text) =>
    cipher
      .encrypt(Array.from(text).map((character) => alphabet.indexOf(character)))
      .map((numeral) => alphabet[numeral])
      .join("");
}

const TEN = "0123456789";
const LOWER = "abcdefghijklmnopqrstuvwxyz";

export function naiveFf1(
  master: TokenMaster,
  parameters: { alphabet: string; template: string | null; canonical: string },
): Value {
  const { alphabet, template } = parameters;
  const cipher = ff1Text(naiveKey(master, "ff1", "value", 4, parameters, 32), alphabet);
  return (text) => {
    if (template === null) return cipher(text);
    const bare = Array.from(text).filter((_, at) => template[at] === "#");
    const token = Array.from(cipher(bare.join("")));
    return Array.from(template, (character) => (character === "#" ? token.shift() : character)).join("");
  };
}

export function naivePanLast4(master: TokenMaster): Value {
  const cipher = ff1Text(
    naiveKey(master, "pan", "value", 4, { canonical: "digits", keep: "last4" }, 32),
    TEN,
  );
  return (text) => {
    const head = cipher(text.slice(0, -5));
    const wanted = 1 + (master.version % 9);
    const found = Array.from(TEN)
      .map((digit) => head + digit + text.slice(-4))
      .filter((token) => luhnSum(token) % 10 === wanted);
    if (found.length !== 1) throw new Error("not one digit");
    return found[0] ?? "";
  };
}

/** A number's letters, as many as digits. */
function inLetters(digits: string, letters: string): string {
  let rest = BigInt(digits);
  const radix = BigInt(letters.length);
  return Array.from(digits)
    .map(() => {
      const letter = letters[Number(rest % radix)];
      rest /= radix;
      return letter;
    })
    .reverse()
    .join("");
}

export function naivePanBin(master: TokenMaster, bin: 6 | 8): Value {
  const keep = bin === 6 ? "bin6last4" : "bin8last4";
  const key = naiveKey(master, "pan", "value", 4, { canonical: "digits", keep }, 32);
  return (text) => {
    const [first, middle, last] = [text.slice(0, bin), text.slice(bin, -4), text.slice(-4)];
    const letters = middle.length >= 5 ? LOWER : LOWER + LOWER.toUpperCase();
    return first + ff1Text(key, letters, first + last)(inLetters(middle, letters)) + last;
  };
}

export function naiveSsn(master: TokenMaster, form: "letters" | "digits"): Value {
  const key = naiveKey(master, "ssn", "value", 4, { canonical: "ssn", form }, 32);
  const cipher = form === "letters" ? ff1Text(key, LOWER) : ff1Text(key, TEN);
  return (text) => {
    const digits = text.replaceAll("-", "");
    const token = cipher(form === "letters" ? inLetters(digits, LOWER) : digits);
    return text.includes("-") ? `${token.slice(0, 3)}-${token.slice(3, 5)}-${token.slice(5)}` : token;
  };
}

/** Of a number in E.164, given with its calling code apart. */
export function naivePhone(master: TokenMaster): (code: string, national: string) => string {
  const key = naiveKey(master, "phone", "value", 4, { canonical: "e164" }, 32);
  return (code, national) => `+${code}${ff1Text(key, TEN, code)(national)}`;
}

export interface NaiveEmail {
  readonly local: "siv" | "cmac";
  readonly domain: "keep" | "token" | "replace";
  readonly replacement: string;
  readonly localCase: "fold" | "keep";
}

/** Of a canonical address. */
export function naiveEmail(master: TokenMaster, parameters: NaiveEmail): Value {
  const all = { canonical: "email", ...parameters };
  const local = (parameters.local === "siv" ? sivBytes : cmacBytes)(master, "email", "address", all);
  const domains = cmacBytes(master, "email", "domain", all);
  return (address) => {
    const [, domain = ""] = address.split("@");
    const given = {
      keep: domain,
      token: `${base32(domains(domain))}.invalid`,
      replace: parameters.replacement,
    };
    return `${base32(local(address))}@${given[parameters.domain]}`;
  };
}

export function naiveShift(
  master: TokenMaster,
  least: number,
  most: number,
  step: number,
): (unit: string) => number {
  const hash = cmacBytes(master, "date_shift", "unit", { canonical: "trim", least, most, step });
  const shifts: number[] = [];
  for (let day = least; day <= most; day++) if (day % step === 0 && day !== 0) shifts.push(day);
  return (unit) => {
    const drawn = BigInt(`0x${Buffer.from(hash(unit)).subarray(0, 6).toString("hex")}`);
    return shifts[Number(drawn % BigInt(shifts.length))] ?? 0;
  };
}
