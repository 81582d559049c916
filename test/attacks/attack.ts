// What an attack is: something that a hostile host, analyst or stranger does, what stops it, and the one place in the
// sources where it is stopped.
import assert from "node:assert/strict";
import type { ErrorCode } from "../../core/errors.ts";
import { SealroomError } from "../../core/errors.ts";
import { openRows } from "../host/answer.ts";
import type { ResultRow } from "../host/answer.ts";
import type { KeyPair } from "../host/dataset.ts";
import type { HostRun } from "../host/host.ts";
import type { Replacement } from "../host/tree.ts";
import type { World } from "../host/world.ts";

/** `withheld`: the job runs, but what the attacker is after is not in its result. */
export type Verdict =
  | { readonly outcome: "refused"; readonly code: ErrorCode }
  | { readonly outcome: "withheld" }
  | { readonly outcome: "succeeded" };

interface Described {
  /** A sentence: what the attacker does. */
  readonly name: string;
  /** In the catalogue of cases that the threat model was made from. */
  readonly case: string;
  readonly expects: ErrorCode | "withheld";
  /** What is taken away for it to succeed: one place, or every line of defence where there are several. */
  readonly guard: readonly Replacement[];
}

/** On an enclave that runs, with its stand-ins. `run` throws where it neither was stopped nor got what it was after. */
interface OnEnclave extends Described {
  readonly scene: "enclave";
  run(world: World): Promise<Verdict>;
}

/** On the code that judges evidence or opens bytes, called as a verifier or the enclave calls it. */
interface OnCode extends Described {
  readonly scene: "code";
  run(): Promise<Verdict>;
}

export type Attack = OnEnclave | OnCode;

/** What came of bytes that should not pass: refused, or taken for what the attacker wanted. */
export async function attempt(take: () => Promise<void> | void): Promise<Verdict> {
  try {
    await take();
    return { outcome: "succeeded" };
  } catch (error) {
    if (error instanceof SealroomError) return { outcome: "refused", code: error.code };
    throw error;
  }
}

/** Success is not that something came back: it must be what the attacker wanted. */
export async function judge(
  { event }: Pick<HostRun, "event">,
  recipient: KeyPair,
  wanted: readonly ResultRow[],
): Promise<Verdict> {
  if (event.type === "refused") return { outcome: "refused", code: event.code };
  assert.deepEqual(await openRows(event, recipient), wanted);
  return { outcome: "succeeded" };
}
