// Every byte that left an enclave, by connection, in the order in which it came; and what it was sent.
import type { Duplex } from "node:stream";

/** `kms` is what was inside a tunnel, where a test ends its TLS. */
export type Channel = "control" | "gateway" | "tunnel" | "kms" | "stdout" | "stderr";

export interface Recorded {
  readonly channel: Channel;
  readonly bytes: Uint8Array;
}

/** Both ways over one connection. */
export interface Conversation extends Recorded {
  /** What the host sent into the enclave. */
  readonly sent: Uint8Array;
}

interface Tape {
  readonly channel: Channel;
  readonly chunks: Uint8Array[];
  readonly sent: Uint8Array[];
}

export class Recording {
  readonly #connections: Tape[] = [];

  /** Keeps what comes out of the connection, and what goes in; it can be used as before. */
  of(channel: Channel, connection: Duplex): Duplex {
    const tape: Tape = { channel, chunks: [], sent: [] };
    this.#connections.push(tape);
    connection.on("data", (chunk: Uint8Array) => tape.chunks.push(chunk.slice()));
    connection.pause();
    const write = connection.write.bind(connection) as (...all: unknown[]) => boolean;
    connection.write = (...all: unknown[]): boolean => {
      if (all[0] instanceof Uint8Array) tape.sent.push(all[0].slice());
      return write(...all);
    };
    return connection;
  }

  add(channel: Channel, bytes: Uint8Array): void {
    this.#connections.push({ channel, chunks: [bytes], sent: [] });
  }

  /** One entry a connection, in the order in which they were opened. */
  all(): readonly Recorded[] {
    return this.#connections.map(({ channel, chunks }) => ({ channel, bytes: Buffer.concat(chunks) }));
  }

  conversations(): readonly Conversation[] {
    return this.#connections.map(({ channel, chunks, sent }) => ({
      channel,
      bytes: Buffer.concat(chunks),
      sent: Buffer.concat(sent),
    }));
  }
}
