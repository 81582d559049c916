// Connections that read straight into the memory the bytes are for: real sockets, and a peer of any manners.
import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { once } from "node:events";
import { createServer } from "node:net";
import type { Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import type { TestContext } from "node:test";
import fc from "fast-check";
import { dialStream } from "../../core/wire/byte-stream.ts";
import type { ByteStream } from "../../core/wire/byte-stream.ts";
import { unixDialer } from "../../transport/unix.ts";
import { refuses } from "../host/refusal.ts";
import { cut } from "./pair.ts";

const BYTES = Uint8Array.from({ length: 400_000 }, (_, index) => index % 251);

interface Dialled {
  readonly stream: ByteStream;
  readonly peer: Socket;
}

async function dialled(t: TestContext, idleMs = 60_000): Promise<Dialled> {
  const directory = await mkdtemp(join(tmpdir(), "sealroom-dial-"));
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(join(directory, "gateway.sock"), resolve));
  const accepted = once(server, "connection") as Promise<[Socket]>;
  const stream = await dialStream(unixDialer(directory), "gateway", idleMs);
  const [peer] = await accepted;
  peer.on("error", () => undefined);
  t.after(async () => {
    stream.destroy();
    peer.destroy();
    await new Promise((resolve) => server.close(resolve));
    await rm(directory, { recursive: true });
  });
  return { stream, peer };
}

async function turn(): Promise<void> {
  await new Promise((resolve) => setImmediate(resolve));
}

test("reads give the bytes in order, however they come in, how many wait, and whether they fill what was read ahead", async (t) => {
  const { stream, peer } = await dialled(t);
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.integer({ min: 0, max: 150_000 }), { minLength: 1, maxLength: 6 }),
      fc.array(fc.integer({ min: 1, max: 100_000 }), { minLength: 1, maxLength: 4 }),
      fc.boolean(),
      async (asking, arriving, atOnce) => {
        const bytes = BYTES.subarray(0, asking.reduce((a, b) => a + b, 0) % BYTES.length);
        const sending = (async (): Promise<void> => {
          for (const piece of cut(bytes, arriving)) {
            peer.write(piece);
            await turn();
          }
        })();
        const lengths = [];
        for (let left = bytes.length, at = 0; left > 0; at += 1) {
          lengths.push(Math.min(left, asking[at % asking.length] ?? 0, left) || left);
          left -= lengths.at(-1) ?? 0;
        }
        const parts: Uint8Array[] = [];
        if (atOnce) parts.push(...(await Promise.all(lengths.map((length) => stream.read(length)))));
        else for (const length of lengths) parts.push(await stream.read(length));
        await sending;
        assert.ok(Buffer.concat(parts).equals(bytes));
      },
    ),
    { numRuns: 40 },
  );
});

test("fills exactly the target, and not the memory around it", async (t) => {
  const { stream, peer } = await dialled(t);
  const memory = new Uint8Array(300_000).fill(0xee);
  const reading = stream.readInto(memory.subarray(1000, 201_000));
  peer.write(BYTES);
  await reading;
  assert.ok(Buffer.from(memory.subarray(1000, 201_000)).equals(BYTES.subarray(0, 200_000)));
  assert.ok(memory.subarray(0, 1000).every((byte) => byte === 0xee));
  assert.ok(memory.subarray(201_000).every((byte) => byte === 0xee));
  assert.deepEqual(await stream.read(200_000), BYTES.slice(200_000));
});

test("a peer that sends before and faster than is read fills its own buffers, not ours", async (t) => {
  const { stream, peer } = await dialled(t);
  let taken = 0;
  peer.write(new Uint8Array(32 * 1024 * 1024), () => (taken = 1));
  await stream.read(4);
  for (let turns = 0; turns < 50; turns += 1) await turn();
  assert.equal(taken, 0);
  assert.ok(peer.writableLength > 0);
});

test("a read that the peer's end or reset cuts in the middle is refused, and what waits behind it", async (t) => {
  for (const leave of ["end", "destroy"] as const) {
    const { stream, peer } = await dialled(t);
    const reads = [stream.read(100_000), stream.read(100_000), stream.read(5)];
    peer.write(BYTES.subarray(0, 150_000), () => peer[leave]());
    assert.deepEqual(await reads[0], BYTES.slice(0, 100_000));
    for (const late of reads.slice(1)) await refuses("TRANSPORT_CLOSED", late);
    await refuses("TRANSPORT_CLOSED", stream.read(200_000));
  }
});

test("a peer that says nothing more is left after the idle limit, one that trickles is not", async (t) => {
  const { stream, peer } = await dialled(t, 300);
  const reading = stream.read(8);
  for (const byte of BYTES.subarray(0, 8)) {
    peer.write(Uint8Array.of(byte));
    await new Promise((resolve) => setTimeout(resolve, 60));
  }
  assert.deepEqual(await reading, BYTES.slice(0, 8));
  const waiting = stream.read(2);
  peer.write(BYTES.subarray(0, 1));
  await refuses("TRANSPORT_TIMEOUT", waiting);
  await refuses("TRANSPORT_TIMEOUT", stream.write(BYTES));
});

test("a process that was held up past the limit blames no peer whose bytes are there", async (t) => {
  const { stream, peer } = await dialled(t, 100);
  const reading = stream.read(1000);
  await turn();
  peer.write(BYTES.subarray(0, 1000));
  // Nothing of this process runs meanwhile, its timers and sockets included.
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 250);
  assert.deepEqual(await reading, BYTES.slice(0, 1000));
});

test("refuses to connect where nobody listens", async () => {
  await refuses("TRANSPORT_CONNECT", dialStream(unixDialer("/nonexistent"), "gateway", 1000));
});
