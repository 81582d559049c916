// One control connection: one job in, progress out, and at the end a result or one refusal. What a refusal may
// say is decided here: the code and public fields of a typed error, INTERNAL for anything else.
import type { Duplex } from "node:stream";
import { SealroomError } from "../core/errors.ts";
import { ByteStream } from "../core/wire/byte-stream.ts";
import { readJobRequest, writeJobEvent } from "../core/wire/job.ts";
import type { JobEvent, JobRequest } from "../core/wire/job.ts";
import type { Enclave } from "./enclave.ts";
import { runJob } from "./job.ts";

const IDLE_MS = 30_000;
/** For the whole request: a host that sends a byte now and then makes progress, too, but holds a session. */
const REQUEST_MS = 5 * 60_000;

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
    stream.leaveToPeer();
  } catch {
    stream.destroy();
  }
}

async function serveJob(stream: ByteStream, enclave: Enclave, hungUp: AbortSignal): Promise<JobEvent> {
  // Progress is written in order and not waited for: a host that does not read must not slow the work.
  let sent: Promise<void> = Promise.resolve();
  try {
    const request = await readRequest(stream);
    const trailing = new AbortController();
    stream.closeReading(() => {
      trailing.abort(new SealroomError("WIRE_TRAILING"));
    });
    const signal = AbortSignal.any([hungUp, trailing.signal]);
    const done = await runJob(request, enclave, signal, (event) => {
      sent = sent.then(() => writeJobEvent(stream, { type: "progress", ...event }));
      sent.catch(() => undefined);
    }).finally(() => {
      // Whatever the job came to, one that was not asked for in the protocol's way is refused for that.
      trailing.signal.throwIfAborted();
    });
    await sent;
    return { type: "done", ...done };
  } catch (error) {
    // Nothing may follow a refusal, so what was to be said before it goes first.
    await sent.catch(() => undefined);
    if (error instanceof SealroomError) return { type: "refused", code: error.code, details: error.details };
    return { type: "refused", code: "INTERNAL", details: {} };
  }
}

async function readRequest(stream: ByteStream): Promise<JobRequest> {
  const deadline = setTimeout(() => {
    stream.destroy();
  }, REQUEST_MS);
  try {
    return await readJobRequest(stream);
  } finally {
    clearTimeout(deadline);
  }
}
