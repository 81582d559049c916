// The parent's part of an enclave's first sign of life: the init of an image connects to port 9000, sends 0xB7, and
// waits for the same byte. On AWS the Nitro hypervisor's helper answers.
import { once } from "node:events";
import { createServer } from "node:net";
import type { Socket } from "node:net";

export const HEARTBEAT_PORT = 9000;
const HEARTBEAT = 0xb7;

export interface Heartbeat {
  /** Resolves at the first right byte; rejects at a wrong one. */
  readonly heard: Promise<void>;
  close(): Promise<void>;
}

/** Listens on the unix socket that the vsock device connects a guest's port to. */
export async function answerHeartbeat(path: string): Promise<Heartbeat> {
  const open = new Set<Socket>();
  const server = createServer((socket) => {
    open.add(socket);
    socket.on("error", () => undefined);
    socket.on("close", () => open.delete(socket));
  });
  const heard = new Promise<void>((resolve, reject) => {
    server.on("connection", (socket) => {
      socket.once("data", (bytes) => {
        if (bytes.length === 1 && bytes[0] === HEARTBEAT) {
          socket.end(Uint8Array.of(HEARTBEAT), resolve);
          return;
        }
        socket.destroy();
        reject(new Error("the guest sent another byte than 0xB7"));
      });
    });
  });
  heard.catch(() => undefined);
  server.listen(path);
  await once(server, "listening");
  return {
    heard,
    close: async (): Promise<void> => {
      for (const socket of open) socket.destroy();
      server.close();
      await once(server, "close");
    },
  };
}
