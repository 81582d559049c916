// AF_VSOCK inside the guest, over the kernel's loopback (CID 1): the real sockets, without what carries them outside.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { closeSync, openSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { Worker } from "node:worker_threads";
import { ByteStream } from "../../../core/wire/byte-stream.ts";
import { ReadQueue } from "../../../core/wire/read-queue.ts";
import type { VsockStream } from "../../../transport/vsock.ts";
import { connectVsock, listenVsock } from "../../../transport/vsock.ts";
import { refuses } from "../../host/refusal.ts";
import type { GuestCase } from "./case.ts";
import { echo, throughEcho } from "./exchange.ts";

const LOOPBACK = 1;
const PORT = 6000;
const QUIET_PORT = 6001;
const STREAM_BYTES = 16 * 1024 * 1024;
const STREAMS = 16;

async function listening(
  handler: (stream: VsockStream) => void,
  work: () => Promise<void>,
  cid: number = LOOPBACK,
): Promise<void> {
  const listener = listenVsock({ cid, port: PORT }, handler);
  try {
    await work();
  } finally {
    await listener.close();
  }
}

async function dial(intake?: ReadQueue): Promise<VsockStream> {
  return connectVsock({ cid: LOOPBACK, port: PORT }, {}, intake);
}

/** Descriptors of this process, when it has come to rest. */
async function descriptors(): Promise<number> {
  await delay(100);
  return readdirSync("/proc/self/fd").length;
}

const program = (name: string): string =>
  join(import.meta.dirname, `${name}${import.meta.filename.slice(-3)}`);

export const LOOPBACK_CASES: readonly GuestCase[] = [
  [
    "an echo comes back, and both ends know the other's CID",
    async (): Promise<void> => {
      const accepted: VsockStream[] = [];
      await listening(
        (stream) => {
          accepted.push(stream);
          echo(stream);
        },
        async () => {
          const stream = await dial();
          assert.deepEqual(stream.peer, { cid: LOOPBACK, port: PORT });
          await throughEcho(stream, 0, 100_000);
          assert.equal(accepted[0]?.peer.cid, LOOPBACK);
          assert.ok(accepted[0].peer.port > 1023);
        },
      );
    },
  ],
  [
    "16 streams at once carry 16 MB each way, whole",
    async (): Promise<void> => {
      await listening(echo, async () => {
        const streams = await Promise.all(Array.from({ length: STREAMS }, () => dial()));
        await Promise.all(streams.map((stream, index) => throughEcho(stream, index, STREAM_BYTES)));
      });
    },
  ],
  [
    "bytes are read into a puller's memory",
    async (): Promise<void> => {
      await listening(echo, async () => {
        const reads = new ReadQueue();
        const stream = new ByteStream(await dial(reads), 30_000, reads);
        const bytes = Uint8Array.from({ length: 1_000_000 }, (_, index) => index % 251);
        const back = new Uint8Array(bytes.length);
        await Promise.all([stream.write(bytes), stream.readInto(back)]);
        assert.deepEqual(back, bytes);
        stream.destroy();
      });
    },
  ],
  [
    "a port that nobody listens to refuses at once, by name",
    async (): Promise<void> => {
      const error = await refuses("TRANSPORT_CONNECT", connectVsock({ cid: LOOPBACK, port: QUIET_PORT }));
      assert.deepEqual(error.details, { cid: LOOPBACK, port: QUIET_PORT, errno: "ECONNRESET" });
    },
  ],
  [
    "a port that is taken is not listened to twice",
    async (): Promise<void> => {
      await listening(echo, async () => {
        await refuses(
          "TRANSPORT_CONNECT",
          listening(echo, () => Promise.resolve()),
        );
      });
    },
  ],
  [
    "who dials from another CID than the listener's peer gets nothing",
    async (): Promise<void> => {
      const admit = (): never => assert.fail("admitted");
      await listening(
        admit,
        async () => {
          await refuses("TRANSPORT_CLOSED", new ByteStream(await dial(), 10_000).read(1));
        },
        LOOPBACK + 2,
      );
    },
  ],
  [
    "a peer that hangs up in the middle ends reader and writer",
    async (): Promise<void> => {
      await listening(
        (stream) => {
          stream.on("error", () => undefined).once("data", () => stream.destroy());
        },
        async () => {
          const writer = new ByteStream(await dial(), 30_000);
          await refuses("TRANSPORT_CLOSED", writer.write(new Uint8Array(STREAM_BYTES)));
          const both = new ByteStream(await dial(), 30_000);
          const reading = refuses("TRANSPORT_CLOSED", both.read(10));
          await both.write(Uint8Array.of(1));
          await reading;
        },
      );
    },
  ],
  [
    "a peer whose process is killed in the middle ends the reader",
    async (): Promise<void> => {
      const flags = process.execArgv;
      let admit: (stream: VsockStream) => void = () => undefined;
      const accepted = new Promise<VsockStream>((resolve) => (admit = resolve));
      await listening(admit, async () => {
        const child = spawn(process.execPath, [...flags, program("endless-writer"), String(PORT)], {
          env: {},
          stdio: "ignore",
        });
        const stream = new ByteStream(await accepted, 60_000);
        await stream.read(1_000_000);
        child.kill("SIGKILL");
        const sink = new Uint8Array(256 * 1024);
        const reading = async (): Promise<never> => {
          for (;;) await stream.readInto(sink);
        };
        await refuses("TRANSPORT_CLOSED", reading());
      });
    },
  ],
  [
    "a peer that neither reads nor writes is given up after the idle limit",
    async (): Promise<void> => {
      await listening(
        (stream) => stream.on("error", () => undefined),
        async () => {
          await refuses("TRANSPORT_TIMEOUT", new ByteStream(await dial(), 500).read(1));
          await refuses(
            "TRANSPORT_TIMEOUT",
            new ByteStream(await dial(), 500).write(new Uint8Array(STREAM_BYTES)),
          );
        },
      );
    },
  ],
  [
    "without a descriptor left the listener waits, and accepts when there is one",
    async (): Promise<void> => {
      await listening(echo, async () => {
        // One end here, opened before; the other must wait for the listener's descriptor.
        const taken: number[] = [];
        const dialling = dial();
        try {
          for (;;) taken.push(openSync("/dev/null", "r"));
        } catch (error) {
          assert.equal((error as NodeJS.ErrnoException).code, "EMFILE");
        }
        await delay(300);
        for (const fd of taken) closeSync(fd);
        await throughEcho(await dialling, 0, 100_000);
      });
    },
  ],
  [
    "threads carry streams of their own, and one that is terminated leaves no descriptor",
    async (): Promise<void> => {
      await listening(echo, async () => {
        const before = await descriptors();
        const workers = Array.from(
          { length: 4 },
          () => new Worker(program("echo-thread"), { workerData: PORT }),
        );
        const done = workers.map(async (worker) => {
          const [message] = (await once(worker, "message")) as [unknown];
          assert.equal(message, "done");
          // It goes on with a second exchange, and is ended in the middle of it.
          await worker.terminate();
        });
        await Promise.all(done);
        assert.equal(await descriptors(), before);
      });
    },
  ],
  [
    "300 connections, a third of them cut off, leave no descriptor behind",
    async (): Promise<void> => {
      await listening(echo, async () => {
        const before = await descriptors();
        for (let round = 0; round < 300; round += 1) {
          const stream = await dial();
          if (round % 3 === 0) stream.destroy();
          else await throughEcho(stream, round, 10);
        }
        assert.equal(await descriptors(), before);
      });
    },
  ],
];
