// What must hold between this machine and a guest that runs main.ts, over the unix sockets of its vsock device.
import assert from "node:assert/strict";
import type { Duplex } from "node:stream";
import { createInterface } from "node:readline";
import { SealroomError } from "../../../core/errors.ts";
import { connectHybrid, hybridListener } from "../../../transport/hybrid-vsock.ts";
import { ByteStream } from "../../../core/wire/byte-stream.ts";
import { VSOCK_PORTS } from "../../../transport/vsock.ts";
import { refuses } from "../../host/refusal.ts";
import { ECHO_PORT, TRANSFER_PORT } from "./command.ts";
import type { CaseResult, Command } from "./command.ts";
import { serveTransfer, throughEcho, transferAll } from "./exchange.ts";

const HOST_PORT = 7100;
const QUIET_PORT = 7101;
const STREAMS = 16;
const STREAM_BYTES = 16 * 1024 * 1024;

/** Has the guest run a command, and tells of each case as it ends. `socketPath`: of the guest's vsock device. */
export async function command(
  socketPath: string,
  wanted: Command,
  onResult: (result: CaseResult) => void | Promise<void>,
): Promise<void> {
  const connection = await connectHybrid(socketPath, VSOCK_PORTS.enclave);
  try {
    connection.write(`${JSON.stringify(wanted)}\n`);
    for await (const line of createInterface({ input: connection })) {
      const result = JSON.parse(line) as CaseResult | null;
      if (result === null) return;
      await onResult(result);
    }
    assert.fail("the guest broke off");
  } finally {
    connection.destroy();
  }
}

/** What the guest says of transfers with the host's port: null when all were whole. */
async function dialled(
  socketPath: string,
  port: number,
  streams: number,
  bytes: number,
): Promise<string | null> {
  let said: string | null = "nothing";
  await command(socketPath, { run: "dial", port, streams, bytes }, ({ error }) => {
    said = error;
  });
  return said;
}

async function listening<T>(
  socketPath: string,
  handler: (connection: Duplex) => void,
  work: () => Promise<T>,
): Promise<T> {
  const listener = await hybridListener(socketPath, HOST_PORT).accept(handler);
  try {
    return await work();
  } finally {
    await listener.close();
  }
}

export type HostCase = readonly [name: string, work: (socketPath: string) => Promise<void>];

export const HOST_CASES: readonly HostCase[] = [
  [
    "16 streams that the host dials carry 16 MB each way, whole",
    async (socketPath): Promise<void> => {
      await transferAll(() => connectHybrid(socketPath, TRANSFER_PORT), STREAMS, STREAM_BYTES);
    },
  ],
  [
    "16 streams that the guest dials carry 16 MB each way, whole",
    async (socketPath): Promise<void> => {
      const said = await listening(socketPath, serveTransfer, () =>
        dialled(socketPath, HOST_PORT, STREAMS, STREAM_BYTES),
      );
      assert.equal(said, null);
    },
  ],
  [
    "a guest's port that nobody listens to is a typed error in time, whether the device says so or nothing",
    async (socketPath): Promise<void> => {
      const error = await connectHybrid(socketPath, QUIET_PORT, 2000).catch((thrown: unknown) => thrown);
      assert.ok(error instanceof SealroomError);
      assert.match(error.code, /^TRANSPORT_(TIMEOUT|CONNECT)$/);
      assert.deepEqual(error.details, { port: QUIET_PORT });
    },
  ],
  [
    "a host's port that nobody listens to is a typed error in the guest",
    async (socketPath): Promise<void> => {
      assert.match((await dialled(socketPath, QUIET_PORT, 1, 10)) ?? "", /^TRANSPORT_(TIMEOUT|CONNECT)/);
    },
  ],
  [
    "a listener of the host that is killed in the middle is TRANSPORT_CLOSED in the guest, which dials the next one",
    async (socketPath): Promise<void> => {
      const cut = (connection: Duplex): void => {
        let bytes = 0;
        connection
          .on("error", () => undefined)
          .on("data", (chunk: Buffer) => {
            bytes += chunk.length;
            if (bytes > 1_000_000) connection.destroy();
          });
      };
      const said = await listening(socketPath, cut, () => dialled(socketPath, HOST_PORT, 4, STREAM_BYTES));
      assert.match(said ?? "", /^TRANSPORT_CLOSED/);
      const again = await listening(socketPath, serveTransfer, () =>
        dialled(socketPath, HOST_PORT, 4, 100_000),
      );
      assert.equal(again, null);
    },
  ],
  [
    "a connection that the host cuts off leaves the guest serving the others",
    async (socketPath): Promise<void> => {
      for (let round = 0; round < 20; round += 1) {
        const cut = new ByteStream(await connectHybrid(socketPath, ECHO_PORT), 10_000);
        await cut.write(new Uint8Array(100_000));
        cut.destroy();
      }
      await throughEcho(await connectHybrid(socketPath, ECHO_PORT), 0, 100_000);
    },
  ],
  [
    "a guest that nobody reads from is given up after the idle limit",
    async (socketPath): Promise<void> => {
      const stream = new ByteStream(await connectHybrid(socketPath, ECHO_PORT), 1000);
      // The echo stops reading when what it sends back is not taken.
      await refuses("TRANSPORT_TIMEOUT", stream.write(new Uint8Array(64 << 20)));
    },
  ],
];
