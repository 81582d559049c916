// Serves an NSM on a unix socket, where a real enclave has /dev/nsm: u32 length, then CBOR, one exchange after another.
import { createServer, type Socket } from "node:net";
import { ByteStream } from "../../core/wire/byte-stream.ts";
import { MAX_NSM_REQUEST, type NsmDevice } from "../../enclave-worker/nsm.ts";
import { readFrame, writeFrame } from "./frame.ts";

/** An enclave may say nothing for as long as it lives. The longest timer there is: 24 days. */
const IDLE_MS = 2 ** 31 - 1;

export interface NsmServer {
  /** Ends the listening and all connections. */
  close(): Promise<void>;
}

/** Only this user can connect, as the directory of `path` should be its own. */
export async function serveNsm(device: NsmDevice, path: string): Promise<NsmServer> {
  const connections = new Set<Socket>();
  const server = createServer((socket) => {
    connections.add(socket);
    socket.on("close", () => connections.delete(socket));
    void serveConnection(device, socket);
  });
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen({ path }, resolve);
  });
  return {
    close: () =>
      new Promise((resolve) => {
        server.close(() => {
          resolve();
        });
        for (const connection of connections) connection.destroy();
      }),
  };
}

/** A frame that breaks the rules ends the connection; a request that the device refuses does not. */
async function serveConnection(device: NsmDevice, socket: Socket): Promise<void> {
  const stream = new ByteStream(socket, IDLE_MS);
  try {
    for (;;) {
      await writeFrame(stream, await device.exchange(await readFrame(stream, MAX_NSM_REQUEST)));
    }
  } catch {
    stream.destroy();
  }
}
