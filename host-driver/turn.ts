// One host process at a time serves an enclave that listens on unix sockets: gateway and tunnel have one name each. The
// turn is an abstract unix socket, which the kernel frees when its holder dies.
import { createHash } from "node:crypto";
import { once } from "node:events";
import { realpath } from "node:fs/promises";
import { createServer } from "node:net";
import type { Server } from "node:net";
import { setTimeout as delay } from "node:timers/promises";
import { SealroomError } from "../core/errors.ts";
import type { EnclaveAddress } from "./enclave-address.ts";

const RETRY_MS = 100;

/**
 * Waits until no other process has the enclave; what it returns gives the turn back. Errors: TRANSPORT_CONNECT; the
 * signal's reason when it aborts.
 */
export async function takeTurn(enclave: EnclaveAddress, signal: AbortSignal): Promise<() => Promise<void>> {
  if (enclave.kind !== "unix") return () => Promise.resolve();
  const directory = await realpath(enclave.directory).catch((cause: unknown) => {
    throw new SealroomError("TRANSPORT_CONNECT", {}, { cause });
  });
  const name = `\0sealroom-host-${createHash("sha256").update(directory).digest("hex")}`;
  for (;;) {
    const server = await tryListen(name);
    if (server !== null) {
      return async () => {
        server.close();
        await once(server, "close");
      };
    }
    await delay(RETRY_MS, undefined, { signal });
  }
}

async function tryListen(name: string): Promise<Server | null> {
  const server = createServer((socket) => socket.destroy());
  try {
    await new Promise<void>((resolve, reject) => {
      server.once("error", reject);
      server.listen(name, resolve);
    });
    return server;
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "EADDRINUSE") return null;
    throw new SealroomError("TRANSPORT_CONNECT", {}, { cause: error });
  }
}
