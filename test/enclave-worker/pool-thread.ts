// A thread whose task says how it is to end, in the place of an object's key.
import { pbkdf2Sync } from "node:crypto";
import { SealroomError } from "../../core/errors.ts";
import type { Assignment, TaskOutcome } from "../../enclave-worker/pool.ts";
import { Steps } from "../../enclave-worker/steps.ts";
import { busy, fillHeap, runWasm, STILL } from "./overrun.ts";

const RESULT = { partial: {}, rows: 7, bytes: 8 } as unknown as Extract<
  TaskOutcome,
  { result: unknown }
>["result"];

export async function run({ task, steps: memory }: Assignment): Promise<TaskOutcome> {
  const steps = new Steps(memory);
  switch (task.entry.key) {
    case "refuse":
      return { refusal: { code: "OBJECT_DIGEST", details: { place: 3 } } };
    case "throw":
      throw new SealroomError("OBJECT_ROWS", { secret: "person-0-0001" });
    case "exit":
      return process.exit(3);
    case "late":
      setTimeout(() => {
        void Promise.reject(new Error("nobody waits for this"));
      }, 5);
      return { result: RESULT };
    case "stay":
      await new Promise((resolve) => setTimeout(resolve, 600_000));
      break;
    case "compute without end":
      steps.take(200, () => {
        busy(Infinity);
      });
      break;
    case "compute in WebAssembly without end":
      steps.take(200, runWasm);
      break;
    case "match without end":
      steps.take(200, () => /^(a+)+$/.test(`${"a".repeat(60)}b`));
      break;
    case "stay in one native call":
      // Some seconds, in which the thread answers nobody.
      steps.take(20, () => pbkdf2Sync("", "", 6_000_000, 32, "sha256"));
      break;
    case "end without end":
      steps.take(1, () => null);
      steps.take(200, () => {
        busy(Infinity);
      });
      break;
    case "compute in many steps":
      for (let step = 0; step < 8; step += 1) {
        steps.take(250, () => {
          busy(40);
        });
      }
      break;
    case "get no processor":
      steps.take(200, () => Atomics.wait(STILL, 0, 0, 1_000));
      break;
    case "wait for the host":
      steps.take(1, () => null);
      await new Promise((resolve) => setTimeout(resolve, 1_000));
      steps.take(1, () => null);
      break;
    case "fill the heap":
      steps.take(600_000, fillHeap);
      break;
    case "env":
      return { result: { ...RESULT, rows: Object.keys(process.env).length } };
  }
  return { result: RESULT };
}
