// What a pool thread does: pull one object, verify it, run the job's kernel over its batches, hand back a partial.
// Each task has a connection of its own, so the puller sets the pace and there is nothing to deadlock.
import { SealroomError } from "../core/errors.ts";
import type { Manifest, ObjectEntry, ObjectFacts } from "../core/manifest/manifest.ts";
import { openAdopted } from "../core/seal/adopted.ts";
import { dialStream } from "../core/wire/byte-stream.ts";
import type { ByteStream } from "../core/wire/byte-stream.ts";
import type { Dialer } from "../core/wire/transport.ts";
import { startKernel } from "../jobs/registry.ts";
import type { Partial, Program, Secrets } from "../jobs/registry.ts";
import { Gateway } from "./gateway.ts";
import type { ObjectAddress } from "./gateway.ts";
import { OutputObject } from "./output-object.ts";
import type { OutputTarget } from "./output-object.ts";
import { finishMs, kernelMs, startMs } from "./patience.ts";
import type { PlainFile } from "./plain-file.ts";
import type { Assignment, TaskOutcome } from "./pool.ts";
import { ReadMemory } from "./read-memory.ts";
import { readObject } from "./read-object.ts";
import { SealedFile } from "./sealed-file.ts";
import { Steps } from "./steps.ts";

const IDLE_MS = 60_000;

/** Plain data, for structured cloning into a thread. */
export interface ObjectTask {
  readonly address: ObjectAddress;
  readonly entry: ObjectEntry;
  readonly schema: Manifest["schema"];
  readonly unit: Manifest["unit"];
  readonly datasetKey: Uint8Array;
  readonly program: Program;
  /** The masters of the program's token keys, in their order, and its maps of random tokens. */
  readonly secrets: Secrets;
  /** Where what the job makes of the object goes; null of jobs that make none. */
  readonly output: OutputTarget | null;
}

export interface ObjectResult {
  readonly partial: Partial;
  readonly rows: number;
  /** Ciphertext pulled. */
  readonly bytes: number;
  /** What was made of it. */
  readonly made: ObjectFacts | null;
}

/** Binds the work to a transport; each thread module of an entry point exports the outcome as `run`. */
export function objectRunner(dialer: Dialer): (assignment: Assignment) => Promise<TaskOutcome> {
  // A thread has one task at a time, and this outlives it.
  const memory = new ReadMemory();
  return async ({ task, steps }) => {
    try {
      return { result: await runTask(dialer, task, memory, new Steps(steps)) };
    } catch (error) {
      const known = error instanceof SealroomError ? error : new SealroomError("INTERNAL");
      return { refusal: { code: known.code, details: known.details } };
    }
  };
}

/** What the manifest says of an object decides how it is opened; nothing that the host sends does. */
async function openFile(
  gateway: Gateway,
  { entry, address, datasetKey }: ObjectTask,
  memory: ReadMemory,
): Promise<PlainFile> {
  return "envelope" in entry
    ? openAdopted(gateway, entry, address.object, datasetKey)
    : SealedFile.open(gateway, entry, datasetKey, memory);
}

async function runTask(
  dialer: Dialer,
  task: ObjectTask,
  memory: ReadMemory,
  steps: Steps,
): Promise<ObjectResult> {
  let stream: ByteStream | undefined;
  let output: OutputObject | null = null;
  try {
    stream = await dialStream(dialer, "gateway", IDLE_MS);
    const gateway = new Gateway(stream, task.address);
    const file = await openFile(gateway, task, memory);
    const { program, secrets, address } = task;
    const kernel = steps.take(startMs(program.kind, secrets), () =>
      startKernel(program, secrets, address.object),
    );
    output = task.output === null ? null : await OutputObject.open(dialer, task.output);
    const columns = task.program.columns.map(({ name }) => name);
    let rows = 0;
    const shape = { schema: task.schema, unit: task.unit, columns, rows: task.entry.rows };
    await readObject(file, task.entry, shape, steps, async (batch) => {
      const made = steps.take(kernelMs(task.program.kind, batch), () => kernel.add(batch));
      rows += batch.rows;
      if (made !== null && output !== null) await output.write(made);
    });
    const made = output === null ? null : await output.finish();
    const partial = steps.take(finishMs(task.program, rows), () => kernel.finish());
    return { partial, rows, bytes: gateway.bytesRead, made };
  } finally {
    stream?.destroy();
    output?.close();
    for (const key of [task.datasetKey, ...task.secrets.masters]) key.fill(0);
    task.output?.key.fill(0);
  }
}
