// One decoder under attack, and what may come of one input: a typed refusal, the same bytes written again, or a value
// that keeps the decoder's promises; soon, and with little memory.
import assert from "node:assert/strict";
import { getHeapStatistics } from "node:v8";
import { SealroomError } from "../../core/errors.ts";
import { diceOf } from "./dice.ts";
import type { Dice } from "./dice.ts";
import type { Mutation } from "./mutate.ts";

export interface Target {
  readonly name: string;
  /** Valid inputs. */
  readonly seeds: readonly Uint8Array[];
  readonly mutations: readonly Mutation[];
  /**
   * Gives one input to the decoder and throws what the decoder throws. Fails (AssertionError) where a decoded value is
   * none that the decoder may give. `seed` is what the input was made from.
   */
  readonly decode: (input: Uint8Array, context: Context) => unknown;
  /** Codes that are met at the least: fewer say that mutants do not get past the first check. */
  readonly codes: number;
  /** Whether mutants may be valid; a signature's or a tag's may not. */
  readonly accepts: boolean;
  /** The most that one input may make it allocate, of a target that reads its own user's files; else 16 MiB. */
  readonly mostBytes?: number;
  /** The longest that one input may take such a target, in milliseconds; else 50. */
  readonly mostMs?: number;
  /** Gets one of so many inputs: what is no decoder but verifies with several signatures, or reads its own user's files. */
  readonly share?: number;
  /** Typed refusals of other layers than core's. */
  readonly refusal?: (error: unknown) => string | undefined;
}

export interface Context {
  readonly dice: Dice;
  readonly seed: Uint8Array;
}

export interface Finding {
  readonly target: string;
  readonly seed: number;
  readonly index: number;
  readonly fault: string;
  /** Hex. */
  readonly input: string;
}

export interface Outcome {
  readonly refused: Readonly<Record<string, number>>;
  readonly accepted: number;
  /** Of the accepted: those that are not the input they were made from. */
  readonly changed: number;
  readonly slowestMs: number;
  readonly mostBytes: number;
  readonly findings: readonly Finding[];
}

const MAX_MS = 50;
const MAX_BYTES = 16 * 2 ** 20;
const MAX_FINDINGS = 10;
const SHOWN_BYTES = 4096;

/** Runs inputs `from` to `to`; `note` hears of each before it is decoded. */
export async function runInputs(
  target: Target,
  { seed, from, to }: { readonly seed: number; readonly from: number; readonly to: number },
  note: (index: number) => void = () => undefined,
): Promise<Outcome> {
  const refused: Record<string, number> = {};
  const findings: Finding[] = [];
  const seen = { accepted: 0, changed: 0, slowestMs: 0, mostBytes: 0 };
  for (let index = from; index < to && findings.length < MAX_FINDINGS; index += 1) {
    note(index);
    const dice = diceOf(seed, target.name, index);
    const valid = dice.pick(target.seeds);
    const input = dice.pick(target.mutations)(valid, dice, target.seeds);
    const find = (fault: string): void => {
      const hex = Buffer.from(input.subarray(0, SHOWN_BYTES)).toString("hex");
      findings.push({ target: target.name, seed, index, fault, input: hex });
    };
    const before = memory();
    const start = performance.now();
    const end = await decodeOnce(target, input, valid, seed, index);
    let ms = performance.now() - start;
    const bytes = memory() - before;
    if (end === "accepted") {
      seen.accepted += 1;
      seen.changed += Buffer.compare(valid, input) === 0 ? 0 : 1;
    } else if ("code" in end) refused[end.code] = (refused[end.code] ?? 0) + 1;
    else find(end.fault);
    // On a loaded machine any input may seem slow once; none does in processor time, and three times over.
    const longest = target.mostMs ?? MAX_MS;
    if (ms > longest) ms = await leastCpuMs(() => decodeOnce(target, input, valid, seed, index));
    if (ms > longest) find(`took ${ms.toFixed(0)} ms`);
    const most = target.mostBytes ?? MAX_BYTES;
    if (bytes > most && (await keepsAllocating(most, () => decodeOnce(target, input, valid, seed, index)))) {
      find(`allocated ${bytes} bytes for ${input.length}`);
    }
    seen.slowestMs = Math.max(seen.slowestMs, ms);
    seen.mostBytes = Math.max(seen.mostBytes, bytes);
  }
  return { refused, ...seen, findings };
}

type End = "accepted" | { readonly code: string } | { readonly fault: string };

async function decodeOnce(
  target: Target,
  input: Uint8Array,
  valid: Uint8Array,
  seed: number,
  index: number,
): Promise<End> {
  try {
    // The decoder may write on what it is given.
    await target.decode(input.slice(), { dice: diceOf(seed, `${target.name}, decoded`, index), seed: valid });
  } catch (error) {
    const code = error instanceof SealroomError ? error.code : target.refusal?.(error);
    if (code !== undefined) return { code };
    return { fault: error instanceof Error ? (error.stack ?? error.message) : String(error) };
  }
  // Parts of two valid inputs may be the whole of one.
  const isValid = target.seeds.some((other) => Buffer.compare(other, input) === 0);
  if (!target.accepts && !isValid) return { fault: "a mutant was accepted" };
  return "accepted";
}

async function leastCpuMs(work: () => Promise<unknown>): Promise<number> {
  let least = Infinity;
  for (let i = 0; i < 3; i += 1) {
    const start = process.threadCpuUsage();
    await work();
    const { user, system } = process.threadCpuUsage(start);
    least = Math.min(least, (user + system) / 1000);
  }
  return least;
}

/** Garbage of inputs before, or of a compiler, is not counted twice. */
async function keepsAllocating(most: number, work: () => Promise<unknown>): Promise<boolean> {
  for (let i = 0; i < 3; i += 1) {
    const before = memory();
    await work();
    if (memory() - before <= most) return false;
  }
  return true;
}

/** The heap and what lies outside of it, buffers above all. */
function memory(): number {
  const { used_heap_size, external_memory } = getHeapStatistics();
  return used_heap_size + external_memory;
}

/** For decoders of formats with one encoding. */
export function assertSame(written: Uint8Array, input: Uint8Array): void {
  if (Buffer.compare(written, input) !== 0) {
    assert.fail(
      `decoded and encoded again as other bytes: ${Buffer.from(written).toString("hex").slice(0, 400)}`,
    );
  }
}
