// Stream sockets of the kernel through the addon: connecting within a time, listening, and the calls that a stream
// needs. Knows no address; each kind of socket names its own (vsock.ts).
import { SealroomError } from "../core/errors.ts";
import type { Details } from "../core/errors.ts";
import type { Channel } from "./descriptor-stream.ts";
import { EXHAUSTED, IN_PROGRESS, refused, TIMED_OUT } from "./errno.ts";
import { loadAddon, READABLE, WRITABLE } from "./native/addon.ts";
import type { Addon, Descriptor } from "./native/addon.ts";

export interface SocketAddress {
  /** AF_VSOCK or AF_UNIX. */
  readonly family: number;
  /** The kernel's struct sockaddr. */
  readonly bytes: Uint8Array;
  /** The address in the public fields of an error. */
  readonly named: Details;
}

/** Connections that the kernel holds until they are accepted. */
const BACKLOG = 1024;
/** How long a listener rests when the process can take no more connections. */
const EXHAUSTED_REST_MS = 100;
/** Accepted before anything else gets a turn. */
const ACCEPTS_A_TURN = 64;

export class SocketChannel implements Channel {
  readonly #addon: Addon;
  readonly #descriptor: Descriptor;
  #ready: (events: number) => void = () => undefined;

  private constructor(addon: Addon, descriptor: Descriptor) {
    this.#addon = addon;
    this.#descriptor = descriptor;
  }

  /** Takes over what the addon opened; passes an errno on. */
  static of(addon: Addon, opened: Descriptor | number): SocketChannel | number {
    if (typeof opened === "number") return opened;
    const channel = new SocketChannel(addon, opened);
    const result = addon.watch(opened, (events) => {
      channel.#ready(events);
    });
    if (result === 0) return channel;
    channel.close();
    return result;
  }

  connect(address: Uint8Array): number {
    return this.#addon.connect(this.#descriptor, address);
  }

  listen(address: Uint8Array): number {
    return this.#addon.listen(this.#descriptor, address, BACKLOG);
  }

  accept(): SocketChannel | number {
    return SocketChannel.of(this.#addon, this.#addon.accept(this.#descriptor));
  }

  /** Writes the peer's struct sockaddr into `address`; its length, or an errno. */
  peer(address: Uint8Array): number {
    return this.#addon.peer(this.#descriptor, address);
  }

  receive(into: Uint8Array): number {
    return this.#addon.receive(this.#descriptor, into);
  }

  send(from: Uint8Array): number {
    return this.#addon.send(this.#descriptor, from);
  }

  finish(): number {
    return this.#addon.finish(this.#descriptor);
  }

  fault(): number {
    return this.#addon.fault(this.#descriptor);
  }

  /** The last one told is the one that hears. */
  watch(ready: (events: number) => void): void {
    this.#ready = ready;
  }

  want(events: number): number {
    return this.#addon.want(this.#descriptor, events);
  }

  close(): void {
    this.#addon.close(this.#descriptor);
  }
}

/** Errors: TRANSPORT_UNAVAILABLE, TRANSPORT_CONNECT (with `errno`), TRANSPORT_TIMEOUT. */
export async function connectChannel(to: SocketAddress, patienceMs: number): Promise<SocketChannel> {
  const channel = openChannel(to);
  try {
    const result = channel.connect(to.bytes);
    if (result === IN_PROGRESS) await established(channel, to, patienceMs);
    else if (result < 0) throw unconnected(result, to);
    return channel;
  } catch (error) {
    channel.close();
    throw error;
  }
}

/**
 * Calls `admit` with each connection, until it is closed. Connections that cannot be accepted for want of descriptors or
 * memory wait in the kernel. Errors: TRANSPORT_UNAVAILABLE, TRANSPORT_CONNECT (with `errno`).
 */
export function listenChannel(at: SocketAddress, admit: (channel: SocketChannel) => void): { close(): void } {
  const channel = openChannel(at);
  const result = channel.listen(at.bytes);
  if (result < 0) {
    channel.close();
    throw unconnected(result, at);
  }
  let rest: NodeJS.Timeout | undefined;
  channel.watch((events) => {
    // libuv has stopped watching; what the kernel had to say of it is said, and the port is still ours.
    if (events < 0) channel.want(READABLE);
    for (let turn = 0; turn < ACCEPTS_A_TURN; turn += 1) {
      const accepted = channel.accept();
      if (typeof accepted !== "number") {
        admit(accepted);
      } else if (EXHAUSTED.has(accepted)) {
        // It would be told of the same connection again at once.
        channel.want(0);
        rest = setTimeout(() => {
          channel.want(READABLE);
        }, EXHAUSTED_REST_MS);
        return;
      } else {
        return;
      }
    }
  });
  channel.want(READABLE);
  return {
    close: (): void => {
      clearTimeout(rest);
      channel.close();
    },
  };
}

function openChannel({ family, named }: SocketAddress): SocketChannel {
  const addon = loadAddon();
  const opened = SocketChannel.of(addon, addon.socket(family));
  if (typeof opened === "number") throw unconnected(opened, { named });
  return opened;
}

async function established(channel: SocketChannel, to: SocketAddress, patienceMs: number): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    let isWaiting = true;
    channel.watch(() => {
      isWaiting = false;
      clearTimeout(timer);
      channel.want(0);
      const fault = channel.fault();
      if (fault < 0) reject(unconnected(fault, to));
      else resolve();
    });
    channel.want(WRITABLE);
    const timer = setTimeout(() => {
      // Timers go before sockets: what came while the process was held up is looked at once more.
      setImmediate(() => {
        if (isWaiting) reject(unconnected(TIMED_OUT, to));
      });
    }, patienceMs);
  });
}

function unconnected(result: number, { named }: Pick<SocketAddress, "named">): SealroomError {
  return result === TIMED_OUT
    ? new SealroomError("TRANSPORT_TIMEOUT", named)
    : refused("TRANSPORT_CONNECT", result, named);
}
