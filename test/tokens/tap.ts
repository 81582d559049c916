// Stands between a host and an enclave, passes everything on as it is, and keeps every byte that the enclave sends.
import { connect, createServer } from "node:net";
import type { Server, Socket } from "node:net";
import { join } from "node:path";
import type { Channel, Recorded } from "../host/recording.ts";

export interface TapPlaces {
  /** Where the enclave listens, and expects gateway and tunnel. */
  readonly enclave: string;
  /** Where the host expects the enclave, and listens. */
  readonly host: string;
}

export class Tap {
  readonly #servers: Server[] = [];
  readonly #tapes: { readonly channel: Channel; readonly chunks: Buffer[] }[] = [];

  static async open({ enclave, host }: TapPlaces): Promise<Tap> {
    const tap = new Tap();
    await tap.#listen(join(host, "enclave.sock"), join(enclave, "enclave.sock"), "control", "far");
    await tap.#listen(join(enclave, "gateway.sock"), join(host, "gateway.sock"), "gateway", "near");
    await tap.#listen(join(enclave, "tunnel.sock"), join(host, "tunnel.sock"), "tunnel", "near");
    return tap;
  }

  /** One entry a connection; what it holds is what came out of the enclave. */
  recorded(): readonly Recorded[] {
    return this.#tapes.map(({ channel, chunks }) => ({ channel, bytes: Buffer.concat(chunks) }));
  }

  async close(): Promise<void> {
    await Promise.all(this.#servers.map((server) => new Promise((closed) => server.close(closed))));
  }

  /** `out`: at which of the two ends the enclave is. */
  async #listen(from: string, to: string, channel: Channel, out: "near" | "far"): Promise<void> {
    const server = createServer((near) => {
      const far = connect(to);
      const chunks: Buffer[] = [];
      this.#tapes.push({ channel, chunks });
      const enclave: Socket = out === "near" ? near : far;
      enclave.on("data", (chunk: Buffer) => chunks.push(Buffer.from(chunk)));
      for (const [one, other] of [
        [near, far],
        [far, near],
      ] as const) {
        one.on("error", () => other.destroy());
        // A pipe to what is gone waits for ever, and its server with it.
        one.once("close", () => {
          other.destroySoon();
        });
        one.pipe(other);
      }
    });
    await new Promise<void>((resolve) => server.listen(from, resolve));
    this.#servers.push(server);
  }
}
