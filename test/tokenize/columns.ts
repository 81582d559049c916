// Columns for tests: as Arrow slices them, somewhere inside a larger buffer, with bytes that nobody should look at.
import { randomBytes, randomInt } from "node:crypto";
import type { JsonValue } from "../../core/json.ts";
import type { TokenMaster } from "../../core/token/keys.ts";
import type { TextKernel } from "../../jobs/tokenize/operator.ts";
import { parseTokenizer } from "../../jobs/tokenize/operators.ts";
import { FATE } from "../../jobs/tokenize/text-column.ts";
import type { TextColumn } from "../../jobs/tokenize/text-column.ts";

export const fresh = (length: number): Uint8Array => new Uint8Array(randomBytes(length));

export function makeMaster(over: Partial<TokenMaster> = {}): TokenMaster {
  return { key: fresh(32), domain: "person.id", audience: "research", version: 7, ...over };
}

export const FATE_NAMES: readonly string[] = Object.keys(FATE);

/** A slice at an odd place; what lies before, behind and in null rows is noise. */
export function sliceOf(texts: readonly (string | null)[]): { column: TextColumn; fates: Uint8Array } {
  const encoded = texts.map((text) => (text === null ? fresh(randomInt(4)) : Buffer.from(text)));
  const before = 1 + 2 * randomInt(4);
  const offsets = new Int32Array(texts.length + 1);
  offsets[0] = before;
  for (const [row, bytes] of encoded.entries()) offsets[row + 1] = (offsets[row] ?? 0) + bytes.length;
  const whole = Buffer.concat([fresh(3 + before), ...encoded, fresh(5)]);
  const store = new Uint8Array(whole.length + 8);
  store.set(whole);
  return {
    column: { rows: texts.length, offsets, bytes: store.subarray(3, whole.length) },
    fates: Uint8Array.from(texts, (text) => (text === null ? FATE.null : FATE.done)),
  };
}

/** Each row's text; of a row that is not done the name of its fate, in brackets. */
export function textsOf({ rows, offsets, bytes }: TextColumn, fates: Uint8Array): readonly string[] {
  return Array.from({ length: rows }, (_, row) => {
    const text = Buffer.from(bytes.subarray(offsets[row], offsets[row + 1])).toString();
    if (fates[row] === FATE.done) return text;
    return text === "" ? `<${FATE_NAMES[fates[row] ?? 0] ?? ""}>` : `leaked: ${text}`;
  });
}

export function textKernel(name: string, parameters: JsonValue, master: TokenMaster | null): TextKernel {
  const kernel = parseTokenizer(name, parameters, "parameters").make(master);
  if (kernel.takes !== "text") throw new TypeError(`${name} takes no text`);
  return kernel;
}

export function tokenize(kernel: TextKernel, texts: readonly (string | null)[]): readonly string[] {
  const { column, fates } = sliceOf(texts);
  return textsOf(kernel.tokenize(column, fates), fates);
}

export function reveal(kernel: TextKernel, tokens: readonly (string | null)[]): readonly string[] {
  const { column, fates } = sliceOf(tokens);
  const revealed = kernel.reveal?.(column, fates);
  if (revealed === undefined) throw new TypeError("reveals nothing");
  return textsOf(revealed, fates);
}

export function pick<T>(from: readonly T[]): T {
  const found = from[randomInt(from.length)];
  if (found === undefined) throw new TypeError("nothing to pick from");
  return found;
}

export function randomDigits(length: number): string {
  return Array.from(randomBytes(length), (byte) => byte % 10).join("");
}

export function luhnSum(digits: string): number {
  return Array.from(digits)
    .reverse()
    .reduce((sum, digit, at) => {
      const value = Number(digit) * (1 + (at % 2));
      return sum + (value > 9 ? value - 9 : value);
    }, 0);
}

export function isLuhn(text: string): boolean {
  return /^\d+$/.test(text) && luhnSum(text) % 10 === 0;
}

/** Random digits with a check digit. */
export function randomPan(length: number): string {
  const head = randomDigits(length - 1);
  const check = (10 - (luhnSum(`${head}0`) % 10)) % 10;
  return `${head}${check}`;
}
