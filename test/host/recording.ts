// Every byte that left an enclave, by connection, in the order in which it came.
import type { Duplex } from "node:stream";

/** `kms` is what was inside a tunnel, where a test ends its TLS. */
export type Channel = "control" | "gateway" | "tunnel" | "kms" | "stdout" | "stderr";

export interface Recorded {
  readonly channel: Channel;
  readonly bytes: Uint8Array;
}

export class Recording {
  readonly #connections: { readonly channel: Channel; readonly chunks: Uint8Array[] }[] = [];

  /** Keeps what comes out of the connection, which can be used as before. */
  of(channel: Channel, connection: Duplex): Duplex {
    const chunks: Uint8Array[] = [];
    this.#connections.push({ channel, chunks });
    connection.on("data", (chunk: Uint8Array) => chunks.push(chunk.slice()));
    connection.pause();
    return connection;
  }

  add(channel: Channel, bytes: Uint8Array): void {
    this.#connections.push({ channel, chunks: [bytes] });
  }

  /** One entry a connection. */
  all(): readonly Recorded[] {
    return this.#connections.map(({ channel, chunks }) => ({ channel, bytes: Buffer.concat(chunks) }));
  }
}
