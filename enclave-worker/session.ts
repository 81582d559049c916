// One control connection: one job in, progress out, and at the end a result or one refusal. What a refusal may
// say is decided here: the code and public fields of a typed error, INTERNAL for anything else.
import type { Duplex } from "node:stream";
import { SealroomError } from "../core/errors.ts";
import { ByteStream } from "../core/wire/byte-stream.ts";
import { readJobRequest, writeJobEvent } from "../core/wire/job.ts";
import type { JobEvent } from "../core/wire/job.ts";
import type { Enclave } from "./enclave.ts";
import { runJob } from "./job.ts";

const IDLE_MS = 30_000;

/** Never rejects: whatever happens ends in the connection's close. */
export async function serveSession(connection: Duplex, enclave: Enclave): Promise<void> {
  const stream = new ByteStream(connection, IDLE_MS);
  // The host hung up: nobody will take the result, so the work is stopped and its keys dropped.
  const abandoned = new AbortController();
  connection.once("close", () => {
    abandoned.abort();
  });
  try {
    await writeJobEvent(stream, await serveJob(stream, enclave, abandoned.signal));
    stream.end();
  } catch {
    stream.destroy();
  }
}

async function serveJob(stream: ByteStream, enclave: Enclave, signal: AbortSignal): Promise<JobEvent> {
  try {
    const request = await readJobRequest(stream);
    // Progress is written in order and not waited for: a host that does not read must not slow the work.
    let sent: Promise<void> = Promise.resolve();
    const done = await runJob(request, enclave, signal, (event) => {
      sent = sent.then(() => writeJobEvent(stream, { type: "progress", ...event }));
      sent.catch(() => undefined);
    });
    await sent;
    return { type: "done", ...done };
  } catch (error) {
    if (error instanceof SealroomError) return { type: "refused", code: error.code, details: error.details };
    return { type: "refused", code: "INTERNAL", details: {} };
  }
}
