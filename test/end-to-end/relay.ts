// Stands between a host and an enclave, and passes everything on: it sees a job from outside as a row of moments, and
// holds everything at each until the test has done what it wants to do then.
import { connect, createServer } from "node:net";
import type { Server, Socket } from "node:net";
import { rm } from "node:fs/promises";
import { join } from "node:path";
import { FrameReader } from "./frame-reader.ts";

/** What, and the how manieth of its kind in this job: "progress held 2". */
export type Moment = string;

export interface RelayOptions {
  /** Where the enclave listens, and expects gateway and tunnel. */
  readonly enclave: string;
  /** Where the host expects the enclave, and listens. */
  readonly host: string;
  readonly onMoment: (moment: Moment) => Promise<void>;
}

/** Counts the moments of one job, and tells of each. */
type Tell = (name: string) => Promise<void>;

/** Looks at a piece before it is passed on; gives what is passed on, one piece after the other. */
type Watch = (piece: Buffer) => AsyncGenerator<Buffer>;

export class Relay {
  readonly #options: RelayOptions;
  readonly #servers: Server[] = [];
  readonly #sockets = new Set<Socket>();
  #tell: Tell;

  private constructor(options: RelayOptions) {
    this.#options = options;
    this.#tell = this.#counting();
  }

  static async start(options: RelayOptions): Promise<Relay> {
    const relay = new Relay(options);
    const { enclave, host } = options;
    await relay.#listen("enclave", [host, enclave], "connected", [watchRequest, watchEvents]);
    await relay.#listen("gateway", [enclave, host], "reader", [
      watchPieces("read asked"),
      watchPieces("read answered"),
    ]);
    await relay.#listen("tunnel", [enclave, host], "tunnel", [
      watchPieces("to KMS"),
      watchPieces("from KMS"),
    ]);
    return relay;
  }

  /** Cuts every connection: of what is held nothing is passed on. The next job's moments are counted anew. */
  cut(): void {
    for (const socket of this.#sockets) socket.destroy();
    this.#tell = this.#counting();
  }

  async close(): Promise<void> {
    this.cut();
    await Promise.all(this.#servers.map((server) => new Promise((closed) => server.close(closed))));
  }

  #counting(): Tell {
    const counts = new Map<string, number>();
    const tell: Tell = async (name) => {
      // A job that was cut has no more moments.
      if (this.#tell !== tell) return;
      const count = (counts.get(name) ?? 0) + 1;
      counts.set(name, count);
      await this.#options.onMoment(`${name} ${count}`);
    };
    return tell;
  }

  async #listen(
    name: string,
    [from, to]: readonly [from: string, to: string],
    moment: string,
    [there, back]: readonly [there: (tell: Tell) => Watch, back: (tell: Tell) => Watch],
  ): Promise<void> {
    const path = join(from, `${name}.sock`);
    await rm(path, { force: true });
    const server = createServer({ pauseOnConnect: true }, (near) => {
      const tell = this.#tell;
      this.#keep(near);
      void tell(moment).then(() => {
        if (near.destroyed) return;
        const far = connect(join(to, `${name}.sock`));
        this.#keep(far);
        void pump(near, far, there(tell));
        void pump(far, near, back(tell));
      });
    });
    await new Promise<void>((resolve) => server.listen(path, resolve));
    this.#servers.push(server);
  }

  #keep(socket: Socket): void {
    this.#sockets.add(socket);
    socket.on("error", () => socket.destroy());
    socket.on("close", () => this.#sockets.delete(socket));
  }
}

async function pump(from: Socket, to: Socket, watch: Watch): Promise<void> {
  try {
    for await (const piece of from as AsyncIterable<Buffer>) {
      for await (const passed of watch(piece)) {
        if (passed.length > 0 && !to.destroyed) await new Promise((done) => to.write(passed, done));
      }
    }
    to.end();
  } catch {
    to.destroy();
  }
}

/** Half of what comes first is a moment: no request is told at once. */
function watchRequest(tell: Tell): Watch {
  const frames = new FrameReader();
  return async function* (piece) {
    const isFirst = frames.isFresh;
    const whole = frames.push(piece).length > 0;
    const half = isFirst ? piece.length >> 1 : piece.length;
    yield piece.subarray(0, half);
    if (isFirst) await tell("request begun");
    yield piece.subarray(half);
    if (whole) await tell("request sent");
  };
}

/** Every message of the enclave: held, half passed on, passed on. */
function watchEvents(tell: Tell): Watch {
  const frames = new FrameReader();
  return async function* (piece) {
    for (const { type, bytes } of frames.push(piece)) {
      await tell(`${type} held`);
      yield bytes.subarray(0, bytes.length >> 1);
      await tell(`${type} half`);
      yield bytes.subarray(bytes.length >> 1);
      await tell(`${type} passed`);
    }
  };
}

function watchPieces(name: string): (tell: Tell) => Watch {
  return (tell) =>
    async function* (piece) {
      yield piece.subarray(0, piece.length >> 1);
      await tell(name);
      yield piece.subarray(piece.length >> 1);
    };
}
