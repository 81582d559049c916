// One host process at a time serves an enclave: gateway and tunnel have one place each, a name beside the enclave's socket,
// or with vsock a port of the whole machine. The turn is an abstract unix socket, which the kernel frees when its holder dies.
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
  const place = await placeOf(enclave);
  const name = `\0sealroom-host-${createHash("sha256").update(place).digest("hex")}`;
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

async function placeOf(enclave: EnclaveAddress): Promise<string> {
  if (enclave.kind === "vsock") return "vsock";
  try {
    return await realpath(enclave.kind === "unix" ? enclave.directory : enclave.socketPath);
  } catch (cause) {
    throw new SealroomError("TRANSPORT_CONNECT", {}, { cause });
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
