// Unix sockets in one directory, in place of vsock: the enclave listens on enclave.sock, the host on
// gateway.sock and tunnel.sock. For the embedded default and tests; the production image never loads this.
import { rm } from "node:fs/promises";
import { connect, createServer } from "node:net";
import type { OnReadOpts, Socket } from "node:net";
import { join } from "node:path";
import type { Duplex } from "node:stream";
import { SealroomError } from "../core/errors.ts";
import type { Dialer, HostPort, Intake, Listener } from "../core/wire/transport.ts";

export const ENCLAVE_SOCKET = "enclave.sock";

/** What a writer may have waiting, to be handed to the kernel at once. */
const WRITTEN_AHEAD_BYTES = 256 * 1024;

export function unixDialer(directory: string): Dialer {
  return { connect: (port, intake) => connectUnix(join(directory, `${port}.sock`), intake) };
}

export function unixListener(directory: string, socket: "enclave" | HostPort): Listener {
  return { accept: (handler) => listenUnix(join(directory, `${socket}.sock`), handler) };
}

/** Errors: TRANSPORT_CONNECT. */
export async function connectUnix(path: string, intake?: Intake): Promise<Duplex> {
  const socket = connect({ path, ...(intake === undefined ? {} : { onread: readInto(intake) }) });
  return new Promise<Duplex>((resolve, reject) => {
    const onError = (cause: Error): void => {
      reject(new SealroomError("TRANSPORT_CONNECT", {}, { cause }));
    };
    socket.once("error", onError);
    socket.once("connect", () => {
      socket.off("error", onError);
      resolve(socket);
    });
  });
}

/** Without it Node allocates 64 KB for each read, and the bytes are copied from there. */
function readInto(intake: Intake): OnReadOpts {
  return { buffer: () => intake.memory(), callback: (bytes) => intake.filled(bytes) };
}

/** Closing it also destroys the connections that it accepted. Errors: TRANSPORT_CONNECT. */
export async function listenUnix(
  path: string,
  handler: (stream: Duplex) => void,
): Promise<{ close(): Promise<void> }> {
  await rm(path, { force: true });
  const open = new Set<Socket>();
  const server = createServer({ highWaterMark: WRITTEN_AHEAD_BYTES }, (socket) => {
    open.add(socket);
    socket.on("close", () => open.delete(socket));
    handler(socket);
  });
  await new Promise<void>((resolve, reject) => {
    // Kept on: a connection that cannot be accepted later (too many are open) must not end the process.
    server.on("error", (cause) => {
      reject(new SealroomError("TRANSPORT_CONNECT", {}, { cause }));
    });
    server.listen(path, resolve);
  });
  return {
    close: async (): Promise<void> => {
      for (const socket of open) socket.destroy();
      await new Promise<void>((resolve) =>
        server.close(() => {
          resolve();
        }),
      );
    },
  };
}
