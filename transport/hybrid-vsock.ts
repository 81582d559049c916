// The host's end of vsock where the hypervisor's is a program with unix sockets (vhost-device-vsock, and Firecracker's way):
// a port of the guest is dialled through one socket, by name; what the guest dials comes in on sockets named by port.
import type { Duplex } from "node:stream";
import { SealroomError } from "../core/errors.ts";
import type { Listener } from "../core/wire/transport.ts";
import { connectUnix, listenUnix } from "./unix.ts";

/** A port on which the guest has no listener is not refused: nothing comes at all. */
const ANSWER_MS = 5_000;
/** `OK 4294967295\n` is the longest. */
const MAX_ANSWER_BYTES = 14;
const NEWLINE = 0x0a;

/** Errors: TRANSPORT_CONNECT (no such socket, or the guest is gone), TRANSPORT_TIMEOUT (`port`: the guest listens to none such). */
export async function connectHybrid(
  socketPath: string,
  port: number,
  answerMs: number = ANSWER_MS,
): Promise<Duplex> {
  const socket = await connectUnix(socketPath);
  try {
    socket.write(`CONNECT ${port}\n`);
    await answered(socket, port, answerMs);
    return socket;
  } catch (error) {
    socket.destroy();
    throw error;
  }
}

export function hybridListener(socketPath: string, port: number): Listener {
  return { accept: (handler) => listenUnix(`${socketPath}_${port}`, handler) };
}

/** What came after the answer is left in the stream. */
async function answered(socket: Duplex, port: number, answerMs: number): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    let answer: Buffer = Buffer.alloc(0);
    const settle = (error: SealroomError | null): void => {
      clearTimeout(timer);
      socket.off("readable", onReadable).off("close", onLost).off("error", onLost);
      if (error === null) resolve();
      else reject(error);
    };
    const onLost = (cause?: Error): void => {
      settle(new SealroomError("TRANSPORT_CONNECT", { port }, { cause }));
    };
    const onReadable = (): void => {
      for (
        let chunk = socket.read() as Buffer | null;
        chunk !== null;
        chunk = socket.read() as Buffer | null
      ) {
        answer = Buffer.concat([answer, chunk]);
        const end = answer.indexOf(NEWLINE);
        if (
          end < 0
            ? answer.length > MAX_ANSWER_BYTES
            : !/^OK \d{1,10}$/.test(answer.toString("latin1", 0, end))
        ) {
          onLost();
          return;
        }
        if (end >= 0) {
          if (end + 1 < answer.length) socket.unshift(answer.subarray(end + 1));
          settle(null);
          return;
        }
      }
    };
    const timer = setTimeout(() => {
      settle(new SealroomError("TRANSPORT_TIMEOUT", { port }));
    }, answerMs);
    socket.on("readable", onReadable).on("close", onLost).on("error", onLost);
  });
}
