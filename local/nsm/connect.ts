// The enclave's end of the NSM socket. It has no part of the software NSM in it, least of all a key.
import { connect, type Socket } from "node:net";
import { SealroomError } from "../../core/errors.ts";
import { ByteStream } from "../../core/wire/byte-stream.ts";
import { MAX_NSM_RESPONSE, type NsmDevice } from "../../enclave-worker/nsm.ts";
import { readFrame, writeFrame } from "./frame.ts";

const IDLE_MS = 10_000;

export interface NsmConnection extends NsmDevice {
  close(): void;
}

/** @throws SealroomError NSM_IO */
export async function connectNsm(path: string): Promise<NsmConnection> {
  const socket = connect({ path });
  await connected(socket);
  return new SocketNsm(new ByteStream(socket, IDLE_MS));
}

class SocketNsm implements NsmConnection {
  readonly #stream: ByteStream;
  /** As the kernel's driver holds one mutex: an exchange begins when the one before it has ended. */
  #last: Promise<unknown> = Promise.resolve();

  constructor(stream: ByteStream) {
    this.#stream = stream;
  }

  exchange(request: Uint8Array): Promise<Uint8Array> {
    const turn = this.#last.then(() => this.#exchange(request));
    this.#last = turn.catch(() => undefined);
    return turn;
  }

  close(): void {
    this.#stream.destroy();
  }

  /** After a fault the stream's position is unknown, so it is not used again. */
  async #exchange(request: Uint8Array): Promise<Uint8Array> {
    try {
      await writeFrame(this.#stream, request);
      return await readFrame(this.#stream, MAX_NSM_RESPONSE);
    } catch (cause) {
      this.#stream.destroy();
      throw new SealroomError("NSM_IO", {}, { cause });
    }
  }
}

function connected(socket: Socket): Promise<void> {
  return new Promise((resolve, reject) => {
    socket.once("connect", resolve);
    socket.once("error", (cause) => {
      reject(new SealroomError("NSM_IO", {}, { cause }));
    });
  });
}
