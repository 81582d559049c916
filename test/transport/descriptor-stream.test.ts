// The stream over a descriptor: against a kernel that does what the test says, then over real sockets (AF_UNIX, by the
// same addon as vsock).
import assert from "node:assert/strict";
import { once } from "node:events";
import { createHash, randomBytes } from "node:crypto";
import { connect as tlsConnect, TLSSocket } from "node:tls";
import { pipeline } from "node:stream/promises";
import { test } from "node:test";
import fc from "fast-check";
import { ByteStream } from "../../core/wire/byte-stream.ts";
import { ReadQueue } from "../../core/wire/read-queue.ts";
import { DescriptorStream } from "../../transport/descriptor-stream.ts";
import type { StreamOptions } from "../../transport/descriptor-stream.ts";
import { AGAIN } from "../../transport/errno.ts";
import { READABLE, WRITABLE } from "../../transport/native/addon.ts";
import { refuses } from "../host/refusal.ts";
import { openSockets, streamPair } from "./pair.ts";
import { ScriptedChannel } from "./scripted-channel.ts";

const ECONNRESET = -104;
const EPIPE = -32;
const ENOTCONN = -107;

interface Scripted {
  readonly channel: ScriptedChannel;
  readonly stream: DescriptorStream;
  readonly errors: { readonly code?: string; readonly details?: unknown }[];
  readonly closed: Promise<void>;
}

function scripted(options: StreamOptions = {}): Scripted {
  const channel = new ScriptedChannel(AGAIN);
  const stream = new DescriptorStream(channel, options);
  const errors: { code?: string; details?: unknown }[] = [];
  stream.on("error", (error: Error & { code?: string }) => errors.push(error));
  return { channel, stream, errors, closed: closing(stream) };
}

/** As `once` would say, which fails where there is an error before. */
async function closing(stream: DescriptorStream): Promise<void> {
  await new Promise((resolve) => stream.once("close", resolve));
}

async function turn(): Promise<void> {
  await new Promise((resolve) => setImmediate(resolve));
}

test("asks the kernel for nothing until somebody reads or writes", async () => {
  const { channel } = scripted();
  await turn();
  assert.deepEqual(channel.wants, []);
});

test("a write that the kernel takes in parts arrives whole and in order, in pieces no larger than allowed", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.uint8Array({ minLength: 1, maxLength: 200 }),
      fc.array(fc.oneof(fc.integer({ min: 1, max: 50 }), fc.constant(AGAIN)), { maxLength: 20 }),
      fc.integer({ min: 1, max: 64 }),
      async (bytes, taking, writeBytes) => {
        const { channel, stream } = scripted({ writeBytes });
        channel.taking.push(...taking);
        stream.write(bytes);
        for (let turns = 0; stream.writableLength > 0 && turns < 100; turns += 1) {
          if (channel.wants.at(-1) === WRITABLE) channel.ready(WRITABLE);
          await turn();
        }
        assert.deepEqual(channel.sent.flat(), [...bytes]);
        assert.ok(channel.sent.every((piece) => piece.length <= writeBytes));
        // With nothing left to write nothing is wanted any more.
        assert.ok((channel.wants.at(-1) ?? 0) === 0);
      },
    ),
    { numRuns: 200 },
  );
});

test("a kernel that takes nothing is asked again when there is room, and not before", async () => {
  const { channel, stream } = scripted();
  channel.taking.push(0);
  stream.write("x");
  assert.deepEqual(channel.wants, [WRITABLE]);
  channel.ready(WRITABLE);
  await turn();
  assert.deepEqual(channel.sent.flat(), ["x".charCodeAt(0)]);
});

test("a descriptor that cannot be watched any more ends the stream, which would wait for ever", async () => {
  const { channel, stream, errors, closed } = scripted();
  channel.wantResult = ECONNRESET;
  stream.resume();
  await closed;
  assert.deepEqual(
    errors.map(({ code }) => code),
    ["TRANSPORT_CLOSED"],
  );
});

test("a reader that stops is not read for: the kernel's buffer fills, not ours", async () => {
  const { channel, stream } = scripted();
  stream.on("data", () => stream.pause());
  await turn();
  assert.equal(channel.wants.at(-1), READABLE);
  const endless = new Uint8Array(64 * 1024);
  for (let arrivals = 0; arrivals < 50; arrivals += 1) {
    channel.incoming.push(endless);
    if (channel.wants.at(-1) === READABLE) channel.ready(READABLE);
  }
  await turn();
  assert.equal(channel.wants.at(-1), 0);
  assert.ok(stream.readableLength <= 2 * 64 * 1024, String(stream.readableLength));
  assert.ok(channel.incoming.length > 40);
});

test("a connection that never runs dry leaves the loop to others after a while", async () => {
  const { channel, stream } = scripted();
  let bytes = 0;
  stream.on("data", (chunk: Uint8Array) => (bytes += chunk.length));
  await turn();
  for (let arrivals = 0; arrivals < 100; arrivals += 1) channel.incoming.push(new Uint8Array(64 * 1024));
  channel.ready(READABLE);
  assert.ok(bytes > 0 && bytes <= 16 * 64 * 1024, String(bytes));
  assert.equal(channel.wants.at(-1), READABLE);
});

test("what was read stays as it was, whatever comes after it", async () => {
  const { channel, stream } = scripted();
  const chunks: Uint8Array[] = [];
  stream.on("data", (chunk: Uint8Array) => chunks.push(chunk));
  await turn();
  channel.incoming.push(Uint8Array.of(1, 2, 3));
  channel.ready(READABLE);
  channel.incoming.push(Uint8Array.of(4, 5));
  channel.ready(READABLE);
  assert.deepEqual(
    chunks.map((chunk) => [...chunk]),
    [
      [1, 2, 3],
      [4, 5],
    ],
  );
});

test("with an intake bytes go straight into its memory, and it says when to stop", async () => {
  const memory = new Uint8Array(8);
  const filled: number[] = [];
  const { channel, stream } = scripted({
    intake: {
      memory: () => memory,
      filled: (count) => {
        filled.push(count);
        return filled.length < 2;
      },
    },
  });
  stream.on("data", () => assert.fail("data, where the intake has it all"));
  await turn();
  channel.incoming.push(Uint8Array.of(1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12));
  channel.ready(READABLE);
  assert.deepEqual(filled, [8, 4]);
  assert.deepEqual([...memory.subarray(0, 4)], [9, 10, 11, 12]);
  assert.equal(channel.wants.at(-1), 0);
  stream.resume();
  assert.equal(channel.wants.at(-1), READABLE);
  stream.pause();
  assert.equal(channel.wants.at(-1), 0);
});

test("the peer's end is an end, with an intake and without, and then the descriptor is closed", async () => {
  const queue = new ReadQueue();
  for (const options of [{}, { intake: queue }]) {
    const { channel, stream, errors, closed } = scripted(options);
    let ends = 0;
    stream.on("end", () => (ends += 1)).resume();
    await turn();
    channel.incoming.push(0);
    channel.ready(READABLE);
    await closed;
    assert.deepEqual([ends, channel.closed, errors], [1, 1, []]);
  }
});

test("a reset while reading, while writing, and one that the kernel only reports end the stream with its name", async () => {
  const reading = scripted();
  reading.stream.resume();
  await turn();
  reading.channel.incoming.push(ECONNRESET);
  reading.channel.ready(READABLE);

  const writing = scripted();
  writing.channel.taking.push(EPIPE);
  writing.stream.write("x");

  const reported = scripted();
  reported.channel.taking.push(AGAIN);
  reported.stream.write("x");
  reported.channel.pendingFault = ECONNRESET;
  reported.channel.ready(-9);

  const nameless = scripted();
  nameless.stream.resume();
  await turn();
  nameless.channel.ready(-9);

  const expected = [
    [reading, "ECONNRESET"],
    [writing, "EPIPE"],
    [reported, "ECONNRESET"],
    [nameless, "errno 0"],
  ] as const;
  for (const [{ channel, errors, closed }, errno] of expected) {
    await closed;
    assert.equal(channel.closed, 1);
    assert.deepEqual(
      errors.map(({ code, details }) => [code, details]),
      [["TRANSPORT_CLOSED", { errno }]],
    );
  }
});

test("what came before a fault is still given, and only then the fault", async () => {
  const { channel, stream, errors, closed } = scripted();
  const got: number[] = [];
  stream.on("data", (chunk: Uint8Array) => got.push(...chunk));
  await turn();
  channel.incoming.push(Uint8Array.of(1, 2), ECONNRESET);
  channel.ready(-9);
  assert.deepEqual(got, [1, 2]);
  // libuv has stopped watching, so it must be asked anew.
  assert.deepEqual(channel.wants, [READABLE, READABLE]);
  channel.ready(-9);
  await closed;
  assert.equal(errors[0]?.code, "TRANSPORT_CLOSED");
});

test("destroyed at any moment, it closes the descriptor once and touches it no more", async () => {
  const destroyers: readonly ((made: Scripted) => void)[] = [
    () => undefined,
    ({ stream }) => stream.resume(),
    ({ channel, stream }) => {
      channel.taking.push(3, AGAIN);
      stream.write("0123456789");
      stream.write("behind it");
    },
    ({ channel, stream }) => {
      channel.taking.push(AGAIN);
      stream.end("x");
    },
  ];
  for (const prepare of destroyers) {
    const made = scripted();
    const { channel, stream, errors } = made;
    prepare(made);
    await turn();
    stream.destroy();
    const before = channel.sent.length + channel.incoming.length;
    channel.incoming.push(Uint8Array.of(1));
    channel.ready(READABLE | WRITABLE);
    channel.ready(-9);
    await turn();
    assert.equal(channel.closed, 1);
    assert.equal(channel.sent.length + channel.incoming.length, before + 1);
    assert.deepEqual(errors, []);
  }
});

test("who wrote what was on its way when it was destroyed is told, and who wrote behind it", async () => {
  const { channel, stream } = scripted();
  channel.taking.push(AGAIN);
  const told = new Promise((resolve) => stream.write("x", resolve));
  const behind = new Promise((resolve) => stream.write("y", resolve));
  stream.destroy();
  assert.equal(((await told) as { code?: string }).code, "TRANSPORT_CLOSED");
  assert.ok((await behind) instanceof Error);
});

test("ending tells the peer once everything is written; that it has gone already is no fault", async () => {
  const { channel, stream, errors } = scripted();
  channel.taking.push(AGAIN);
  stream.end("x");
  await turn();
  assert.equal(channel.finished, 0);
  channel.ready(WRITABLE);
  await once(stream, "finish");
  assert.equal(channel.finished, 1);
  assert.deepEqual(errors, []);
  const gone = scripted();
  gone.channel.finish = (): number => ENOTCONN;
  gone.stream.end();
  await once(gone.stream, "finish");
  assert.deepEqual(gone.errors, []);
});

// Real sockets.

function digest(bytes: Uint8Array): string {
  return createHash("sha256").update(bytes).digest("hex");
}

test("bytes pass both ways at once, whole, at any sizes of write", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.integer({ min: 1, max: 2_000_000 }),
      fc.integer({ min: 1, max: 2_000_000 }),
      fc.integer({ min: 1000, max: 100_000 }),
      async (there, back, writeBytes) => {
        const [near, far] = await streamPair({ writeBytes }, { writeBytes });
        const streams = [new ByteStream(near, 60_000), new ByteStream(far, 60_000)] as const;
        const bytes = [randomBytes(there), randomBytes(back)] as const;
        const [, , atFar, atNear] = await Promise.all([
          streams[0].write(bytes[0]),
          streams[1].write(bytes[1]),
          streams[1].read(there),
          streams[0].read(back),
        ]);
        assert.equal(digest(atFar), digest(bytes[0]));
        assert.equal(digest(atNear), digest(bytes[1]));
        streams[0].destroy();
        assert.equal(await streams[1].atEnd(), true);
        streams[1].destroy();
      },
    ),
    { numRuns: 15 },
  );
});

test("reads into a puller's memory, many pieces at once", async () => {
  const reads = new ReadQueue();
  const [near, far] = await streamPair({ intake: reads });
  const stream = new ByteStream(near, 60_000, reads);
  const bytes = randomBytes(3_000_000);
  const sending = new ByteStream(far, 60_000).write(bytes);
  const pieces = Array.from({ length: 30 }, () => new Uint8Array(100_000));
  await Promise.all(pieces.map((piece) => stream.readInto(piece)));
  await sending;
  assert.equal(digest(Buffer.concat(pieces)), digest(bytes));
  far.destroy();
  await refuses("TRANSPORT_CLOSED", stream.read(1));
});

test("a peer that does not read stops the writer, and the idle limit ends it; one that sends nothing likewise", async () => {
  const [near, far] = await streamPair();
  await refuses("TRANSPORT_TIMEOUT", new ByteStream(near, 200).write(new Uint8Array(16 << 20)));
  far.destroy();
  const [reader, silent] = await streamPair();
  await refuses("TRANSPORT_TIMEOUT", new ByteStream(reader, 200).read(1));
  silent.destroy();
});

test("a peer that is destroyed in the middle ends reader and writer with TRANSPORT_CLOSED", async () => {
  const [near, far] = await streamPair();
  const stream = new ByteStream(near, 60_000);
  const writing = stream.write(new Uint8Array(16 << 20));
  far.once("readable", () => far.destroy());
  await refuses("TRANSPORT_CLOSED", writing);
  const [reader, killed] = await streamPair();
  const reading = new ByteStream(reader, 60_000).read(10);
  killed.write("12345");
  killed.end();
  await refuses("TRANSPORT_CLOSED", reading);
});

/** Four connections each: 100,000 in `npm run test:deep`. */
const ROUNDS = process.env["SEALROOM_DEEP"] === "1" ? 25_000 : 100;

test("connections, ended in every way, leave no descriptor behind", async () => {
  const before = openSockets().length;
  for (let round = 0; round < ROUNDS; round += 1) {
    const pairs = await Promise.all([streamPair(), streamPair(), streamPair(), streamPair()]);
    const closed = pairs.flat().map((stream) => closing(stream.on("error", () => undefined)));
    const [[a, aFar], [b, bFar], [c, cFar], [d, dFar]] = pairs;
    a.destroy();
    b.resume().write(new Uint8Array(1 << 20));
    bFar.once("readable", () => bFar.destroy());
    c.end("x");
    cFar.resume();
    d.resume();
    dFar.destroy(new Error("of its own"));
    aFar.resume();
    c.resume();
    await Promise.all(closed);
  }
  assert.equal(openSockets().length, before);
});

test("a thousand peers that trickle or keep silent are given up, and one that behaves is served meanwhile", async () => {
  const slow = await Promise.all(Array.from({ length: 500 }, () => streamPair()));
  for (const [, far] of slow) far.on("error", () => undefined);
  const trickle = setInterval(() => {
    for (const [, far] of slow) if (far.writable) far.write("x");
  }, 5);
  // Each waits for more than comes: a byte now and then is progress, but not for ever where a request has a deadline.
  const waiting = slow.flatMap(([near]) => {
    const stream = new ByteStream(near, 60_000);
    setTimeout(() => {
      stream.destroy();
    }, 500);
    return refuses("TRANSPORT_CLOSED", stream.read(1 << 20));
  });
  const silent = await Promise.all(Array.from({ length: 500 }, () => streamPair()));
  const unheard = silent.map(([near]) => refuses("TRANSPORT_TIMEOUT", new ByteStream(near, 300).read(1)));
  const [near, far] = await streamPair();
  const bytes = randomBytes(4_000_000);
  const sending = new ByteStream(near, 60_000).write(bytes);
  assert.equal(digest(await new ByteStream(far, 60_000).read(bytes.length)), digest(bytes));
  await sending;
  await Promise.all([...waiting, ...unheard]);
  clearInterval(trickle);
  for (const stream of [...slow, ...silent].flat()) stream.destroy();
  near.destroy();
  far.destroy();
});

test("carries TLS, as the tunnel to KMS needs", async () => {
  const [near, far] = await streamPair();
  // Without a certificate: what is tried here is the stream, not who answers.
  const ciphers = "aNULL:@SECLEVEL=0";
  const server = new TLSSocket(far, { isServer: true, ciphers, maxVersion: "TLSv1.2" });
  const client = tlsConnect({ socket: near, ciphers, maxVersion: "TLSv1.2", rejectUnauthorized: false });
  const bytes = randomBytes(500_000);
  const answered = pipeline(server, async (chunks: AsyncIterable<Buffer>) => {
    const parts: Buffer[] = [];
    for await (const chunk of chunks) {
      parts.push(chunk);
      if (parts.reduce((sum, part) => sum + part.length, 0) === bytes.length) break;
    }
    return digest(Buffer.concat(parts));
  });
  client.write(bytes);
  assert.equal(await answered, digest(bytes));
  client.destroy();
  near.destroy();
});
