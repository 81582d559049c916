// A thread whose task says how it is to end, in the place of an object's key.
import { SealroomError } from "../../core/errors.ts";
import type { ObjectTask } from "../../enclave-worker/object-task.ts";
import type { TaskOutcome } from "../../enclave-worker/pool.ts";

const RESULT = { partial: {}, rows: 7, bytes: 8 } as unknown as Extract<
  TaskOutcome,
  { result: unknown }
>["result"];

export async function run({ entry }: ObjectTask): Promise<TaskOutcome> {
  switch (entry.key) {
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
    case "env":
      return { result: { ...RESULT, rows: Object.keys(process.env).length } };
  }
  return { result: RESULT };
}
