import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { connect, createServer } from "node:net";
import type { Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Duplex } from "node:stream";
import { mock, test } from "node:test";
import type { TestContext } from "node:test";
import fc from "fast-check";
import { ByteStream, MAX_WRITE_BYTES } from "../../core/wire/byte-stream.ts";
import { refuses } from "../host/refusal.ts";
import { connectedPair, fed, written } from "./pair.ts";

const BYTES = Uint8Array.from({ length: 40 }, (_, index) => index + 1);

async function settled(): Promise<void> {
  for (let turn = 0; turn < 5; turn += 1) await new Promise((resolve) => setImmediate(resolve));
}

test("reads give the bytes in order, however they come in and however they are asked for", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.uint8Array({ maxLength: 300 }),
      fc.array(fc.integer({ min: 1, max: 64 }), { maxLength: 8 }),
      fc.array(fc.integer({ min: 0, max: 80 }), { minLength: 1, maxLength: 8 }),
      async (bytes, arriving, asking) => {
        const stream = fed(bytes, arriving);
        const got: Uint8Array[] = [];
        for (let left = bytes.length, turn = 0; left > 0; turn += 1) {
          const next = Math.min(
            left,
            Math.max(asking[turn % asking.length] ?? 1, turn % asking.length === 0 ? 1 : 0),
          );
          got.push(await stream.read(next));
          left -= next;
        }
        assert.deepEqual(new Uint8Array(Buffer.concat(got)), bytes);
        assert.equal(await stream.atEnd(), true);
      },
    ),
    { numRuns: 60 },
  );
});

test("a read is whole wherever the bytes were cut in two", async () => {
  for (let at = 1; at < BYTES.length; at += 1) {
    const stream = fed(BYTES, [at, BYTES.length]);
    assert.deepEqual(await stream.read(20), BYTES.slice(0, 20));
    assert.deepEqual(await stream.read(20), BYTES.slice(20));
  }
});

test("fills exactly the target, and not the memory around it", async () => {
  const memory = new Uint8Array(30).fill(0xee);
  await fed(BYTES, [7]).readInto(memory.subarray(10, 20));
  assert.deepEqual(memory.subarray(10, 20), BYTES.slice(0, 10));
  assert.ok(memory.subarray(0, 10).every((byte) => byte === 0xee));
  assert.ok(memory.subarray(20).every((byte) => byte === 0xee));
});

test("looking for the end takes nothing away from the next read", async () => {
  const stream = fed(BYTES, [3]);
  assert.equal(await stream.atEnd(), false);
  assert.equal(await stream.atEnd(), false);
  assert.deepEqual(await stream.read(40), BYTES);
  assert.equal(await stream.atEnd(), true);
  assert.equal(await stream.atEnd(), true);
});

test("what came before the end can still be read after it", async () => {
  const { stream, peer } = connectedPair();
  peer.write(BYTES);
  peer.end();
  assert.deepEqual(await stream.read(1), BYTES.slice(0, 1));
  await settled();
  assert.deepEqual(await stream.read(39), BYTES.slice(1));
  await refuses("TRANSPORT_CLOSED", stream.read(1));
});

test("refuses a read that the end cuts short, at every length", async () => {
  for (let length = 0; length < 8; length += 1) {
    await refuses("TRANSPORT_CLOSED", fed(BYTES.slice(0, length)).read(8));
  }
});

test("refuses a waiting read when either side destroys the connection", async () => {
  const ours = connectedPair();
  const waiting = ours.stream.read(1);
  ours.stream.destroy();
  await refuses("TRANSPORT_CLOSED", waiting);
  const theirs = connectedPair();
  const other = theirs.stream.read(1);
  theirs.near.destroy(new Error("reset"));
  const refusal = await refuses("TRANSPORT_CLOSED", other);
  assert.ok(refusal.cause instanceof Error);
  assert.deepEqual(refusal.details, {});
});

test("reads that wait at once are filled in the order in which they were asked for", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.nat(20), { minLength: 1, maxLength: 8 }),
      fc.array(fc.integer({ min: 1, max: 30 }), { maxLength: 6 }),
      async (asking, arriving) => {
        const bytes = Uint8Array.from({ length: asking.reduce((a, b) => a + b, 0) }, (_, index) => index);
        const stream = fed(bytes, arriving);
        const parts = await Promise.all(asking.map((length) => stream.read(length)));
        assert.deepEqual(new Uint8Array(Buffer.concat(parts)), bytes);
      },
    ),
    { numRuns: 60 },
  );
});

test("when the connection ends every read that waits is refused, but none that was filled", async () => {
  const { stream, peer } = connectedPair();
  const reads = [stream.read(10), stream.read(40), stream.read(1)] as const;
  peer.write(BYTES);
  peer.end();
  assert.deepEqual(await reads[0], BYTES.slice(0, 10));
  await Promise.all([refuses("TRANSPORT_CLOSED", reads[1]), refuses("TRANSPORT_CLOSED", reads[2])]);
});

test("a read without progress ends the connection, one with progress does not", async () => {
  mock.timers.enable({ apis: ["setTimeout"] });
  try {
    const { stream, near, peer } = connectedPair(1000);
    const reading = stream.read(4);
    for (let byte = 0; byte < 3; byte += 1) {
      mock.timers.tick(900);
      peer.write(Uint8Array.of(byte));
      await settled();
    }
    mock.timers.tick(999);
    assert.equal(near.destroyed, false);
    mock.timers.tick(1);
    await refuses("TRANSPORT_TIMEOUT", reading);
    assert.equal(near.destroyed, true);
    await refuses("TRANSPORT_TIMEOUT", stream.read(1));
    await refuses("TRANSPORT_TIMEOUT", stream.write(BYTES));
  } finally {
    mock.timers.reset();
  }
});

test("no timer runs while nothing is asked for", async () => {
  mock.timers.enable({ apis: ["setTimeout"] });
  try {
    const { stream, near, peer } = connectedPair(1000);
    peer.write(BYTES);
    await stream.read(20);
    mock.timers.tick(100_000);
    assert.equal(near.destroyed, false);
    assert.deepEqual(await stream.read(20), BYTES.slice(20));
  } finally {
    mock.timers.reset();
  }
});

/** A connection whose writes are taken one at a time, when the test says so. */
class SlowPeer extends Duplex {
  readonly taken: Uint8Array[] = [];
  #take: (() => void) | null = null;

  constructor() {
    super({ writableHighWaterMark: 1 });
  }

  override _write(chunk: Uint8Array, _: BufferEncoding, callback: () => void): void {
    this.taken.push(chunk);
    this.#take = callback;
  }

  override _read(): void {
    // Nothing comes from this peer.
  }

  accept(): void {
    this.#take?.();
  }
}

test("writes no more than 64 KiB at once, and waits until each was taken", async () => {
  const peer = new SlowPeer();
  const stream = new ByteStream(peer, 60_000);
  const bytes = new Uint8Array(MAX_WRITE_BYTES * 2 + 5).map((_, index) => index % 251);
  const writing = stream.write(bytes);
  for (let pieces = 1; pieces <= 3; pieces += 1) {
    await settled();
    assert.equal(peer.taken.length, pieces);
    peer.accept();
  }
  await writing;
  assert.deepEqual(
    peer.taken.map(({ length }) => length),
    [MAX_WRITE_BYTES, MAX_WRITE_BYTES, 5],
  );
  assert.ok(Buffer.concat(peer.taken).equals(bytes));
  for (const event of ["drain"]) assert.equal(peer.listenerCount(event), 0);
});

test("a write that the peer does not take ends the connection", async () => {
  mock.timers.enable({ apis: ["setTimeout"] });
  try {
    const peer = new SlowPeer();
    const stream = new ByteStream(peer, 1000);
    const writing = stream.write(new Uint8Array(MAX_WRITE_BYTES + 1));
    await settled();
    mock.timers.tick(1000);
    await refuses("TRANSPORT_TIMEOUT", writing);
    assert.equal(peer.destroyed, true);
  } finally {
    mock.timers.reset();
  }
});

test("refuses a waiting write when the connection closes, and every one after", async () => {
  const peer = new SlowPeer();
  const stream = new ByteStream(peer, 60_000);
  const writing = stream.write(new Uint8Array(MAX_WRITE_BYTES + 1));
  await settled();
  peer.destroy();
  await refuses("TRANSPORT_CLOSED", writing);
  await refuses("TRANSPORT_CLOSED", stream.write(BYTES));
});

test("a released connection gives what was read ahead first, and keeps no listener of ours", async () => {
  for (let read = 0; read <= BYTES.length; read += 8) {
    const { stream, near, peer } = connectedPair();
    peer.write(BYTES);
    await stream.read(read);
    await settled();
    const released = stream.release();
    assert.equal(released, near);
    for (const event of ["data", "end", "close", "error"]) assert.equal(near.listenerCount(event), 0, event);
    peer.end(Uint8Array.of(99));
    const rest: Buffer[] = [];
    for await (const chunk of released as AsyncIterable<Buffer>) rest.push(chunk);
    assert.deepEqual(new Uint8Array(Buffer.concat(rest)), Uint8Array.of(...BYTES.slice(read), 99));
  }
});

test("after the end of reading a byte more is reported, once, and the peer's hanging up is not", async () => {
  for (const rest of [false, true]) {
    const { stream, peer } = connectedPair();
    let reports = 0;
    const onMore = (): void => {
      reports += 1;
    };
    peer.write(BYTES);
    await stream.read(rest ? 39 : 40);
    await settled();
    stream.closeReading(onMore);
    await settled();
    assert.equal(reports, rest ? 1 : 0);
    if (rest) continue;
    peer.write(BYTES);
    peer.write(BYTES);
    await settled();
    assert.equal(reports, 1);
  }
  const { stream, peer } = connectedPair();
  stream.closeReading(() => assert.fail("nothing more came"));
  peer.end();
  await settled();
  await refuses("TRANSPORT_CLOSED", stream.read(1));
});

test("after the end of reading a hang-up is seen although bytes nobody reads stand before it", async () => {
  const { stream, near, peer } = connectedPair();
  stream.closeReading(() => undefined);
  const ended = new Promise((resolve) => near.once("end", resolve));
  peer.write(new Uint8Array(100_000));
  peer.end();
  await ended;
});

/** A connection of two real sockets. */
async function socketPair(t: TestContext): Promise<{ near: Socket; peer: Socket }> {
  const directory = await mkdtemp(join(tmpdir(), "sealroom-wire-"));
  const path = join(directory, "test.sock");
  const server = createServer({ pauseOnConnect: true });
  await new Promise<void>((resolve) => server.listen(path, resolve));
  const accepted = new Promise<Socket>((resolve) => server.once("connection", resolve));
  const peer = connect(path);
  const near = await accepted;
  t.after(async () => {
    near.destroy();
    peer.destroy();
    await new Promise((resolve) => server.close(resolve));
    await rm(directory, { recursive: true });
  });
  return { near, peer };
}

test("a peer that sends faster than is read fills its own buffers, not ours", async (t) => {
  const { near, peer } = await socketPair(t);
  const stream = new ByteStream(near, 60_000);
  const sent = 32 * 1024 * 1024;
  peer.write(new Uint8Array(sent));
  await stream.read(4);
  for (let turn = 0; turn < 50; turn += 1) await new Promise((resolve) => setImmediate(resolve));
  assert.ok(near.bytesRead < 1024 * 1024, `${near.bytesRead} bytes were taken`);
});

test("a side that leaves has its last words read even by a peer in the middle of sending", async (t) => {
  const { near, peer } = await socketPair(t);
  const stream = new ByteStream(near, 60_000);
  const theirs = new ByteStream(peer, 60_000);
  const sending = theirs.write(new Uint8Array(16 * 1024 * 1024));
  await stream.read(4);
  await stream.write(BYTES);
  stream.leaveToPeer();
  await sending;
  assert.deepEqual(await theirs.read(40), BYTES);
  const closed = new Promise((resolve) => near.once("close", resolve));
  theirs.destroy();
  await closed;
});

test("a side that has left drops a peer that does not go", async () => {
  mock.timers.enable({ apis: ["setTimeout"] });
  try {
    const { stream, near } = connectedPair(1000);
    stream.leaveToPeer();
    await settled();
    assert.equal(near.destroyed, false);
    mock.timers.tick(1000);
    assert.equal(near.destroyed, true);
  } finally {
    mock.timers.reset();
  }
});

test("bytes written on one end come out of the other as they were", async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(fc.uint8Array({ maxLength: 200 }), { maxLength: 6 }), async (parts) => {
      const out = await written(async (stream) => {
        for (const part of parts) await stream.write(part);
      });
      assert.deepEqual(out, new Uint8Array(Buffer.concat(parts)));
    }),
    { numRuns: 40 },
  );
});
