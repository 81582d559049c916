// Whether an enclave's worker accepts connections on its port, which it does when all of it is up. A connection is made
// and given up: the worker takes it for a host that said nothing.
import type { Duplex } from "node:stream";
import { SealroomError } from "../../core/errors.ts";

export interface Waiting {
  /** Opens one connection to the worker. Errors: TRANSPORT_*. */
  readonly connect: () => Promise<Duplex>;
  /** Whether the enclave still runs; nothing answers where it ended. */
  readonly isRunning: () => Promise<boolean>;
  readonly limitMs: number;
  readonly signal: AbortSignal;
}

const PAUSE_MS = 500;
/** A port on which nobody listens may give no answer at all. */
const ATTEMPT_MS = 5_000;

/** Errors: ENCLAVE_ENDED, ENCLAVE_SILENT with what was seen last, TRANSPORT_UNAVAILABLE. */
export async function waitUntilAnswering({ connect, isRunning, limitMs, signal }: Waiting): Promise<void> {
  const started = performance.now();
  for (;;) {
    signal.throwIfAborted();
    const seen = await attempt(connect);
    if (seen === null) return;
    if (seen === "TRANSPORT_UNAVAILABLE") throw new SealroomError(seen, { transport: "vsock" });
    if (!(await isRunning())) throw new SealroomError("ENCLAVE_ENDED");
    const seconds = Math.round((performance.now() - started) / 1000);
    if (performance.now() - started > limitMs) throw new SealroomError("ENCLAVE_SILENT", { seconds, seen });
    await pause(signal);
  }
}

/** Null where it answers; else the code of what went wrong. */
export async function attempt(connect: () => Promise<Duplex>): Promise<string | null> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<"TRANSPORT_TIMEOUT">((resolve) => {
    timer = setTimeout(resolve, ATTEMPT_MS, "TRANSPORT_TIMEOUT");
  });
  const connection = connect();
  try {
    const first = await Promise.race([connection, late]);
    if (first === "TRANSPORT_TIMEOUT") {
      // Should it come after all, nobody wants it any more.
      void connection.then(close, () => undefined);
      return first;
    }
    close(first);
    return null;
  } catch (error) {
    if (error instanceof SealroomError) return error.code;
    throw error;
  } finally {
    clearTimeout(timer);
  }
}

function close(stream: Duplex): void {
  stream.on("error", () => undefined);
  stream.destroy();
}

async function pause(signal: AbortSignal): Promise<void> {
  await new Promise<void>((resolve) => {
    const timer = setTimeout(resolve, PAUSE_MS);
    signal.addEventListener(
      "abort",
      () => {
        clearTimeout(timer);
        resolve();
      },
      { once: true },
    );
  });
}
