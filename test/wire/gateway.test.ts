import assert from "node:assert/strict";
import { Readable } from "node:stream";
import { test } from "node:test";
import fc from "fast-check";
import { encodeCanonical } from "../../core/json.ts";
import { MAX_OBJECTS } from "../../core/manifest/manifest.ts";
import { MAX_VAULTS } from "../../core/manifest/tokenization.ts";
import {
  encodeBulkPrefix,
  MAX_READ_BYTES,
  readBulk,
  readReadRequest,
  writeReadRequest,
} from "../../core/wire/gateway.ts";
import type { ReadRequest } from "../../core/wire/gateway.ts";
import { Gateway } from "../../enclave-worker/gateway.ts";
import { serveGateway } from "../../host-driver/gateway.ts";
import type { RangeSource } from "../../host-driver/gateway.ts";
import { refuses } from "../host/refusal.ts";
import { connectedPair, cut, fed, written } from "./pair.ts";

const REQUEST: ReadRequest = { job: "0123456789abcdef", input: 0, object: 7, offset: 2 ** 40, length: 4096 };
const ADDRESS = { job: REQUEST.job, input: 0, object: 7 };
const OBJECT = Uint8Array.from({ length: 5000 }, (_, index) => index % 253);

function message(members: Record<string, unknown>): Uint8Array {
  const json = encodeCanonical(members);
  return Buffer.concat([Buffer.from(Uint32Array.of(json.length).buffer).swap32(), json]);
}

/** The enclave's end of a gateway that serves from this source, and what the gateway said went wrong. */
function served(source: RangeSource): {
  gateway: Gateway;
  faults: unknown[];
  ended: Promise<void>;
  close: () => void;
} {
  const { stream, peer } = connectedPair();
  const faults: unknown[] = [];
  const ended = serveGateway(peer, source, (error) => faults.push(error));
  return {
    gateway: new Gateway(stream, ADDRESS),
    faults,
    ended,
    close: (): void => {
      stream.destroy();
    },
  };
}

test("a read request comes out as it went in", async () => {
  const bytes = await written((stream) => writeReadRequest(stream, REQUEST));
  for (const chunks of [[1], [5, 50], [bytes.length]]) {
    assert.deepEqual(await readReadRequest(fed(bytes, chunks)), REQUEST);
  }
});

test("refuses a read request with a missing, unknown or malformed member", async () => {
  const members: Record<string, unknown> = { type: "read", ...REQUEST };
  await readReadRequest(fed(message(members)));
  const wrong: Readonly<Record<string, readonly unknown[]>> = {
    type: ["write", null],
    job: ["", "0123456789ABCDEF", 1],
    input: [-1, 65, "0", 0.5],
    object: [-1, MAX_OBJECTS + MAX_VAULTS, null],
    offset: [-1, 0.5, "0"],
    length: [-1, MAX_READ_BYTES + 1, null],
  };
  for (const [name, values] of Object.entries(wrong)) {
    for (const value of [...values, undefined]) {
      const changed = Object.fromEntries(
        Object.entries({ ...members, [name]: value }).filter(([, v]) => v !== undefined),
      );
      await refuses("WIRE_FIELD", readReadRequest(fed(message(changed))));
    }
  }
  await refuses("WIRE_FIELD", readReadRequest(fed(message({ ...members, key: "part-0" }))));
});

test("refuses a bulk answer of any length but the one asked for, before a byte of it is read", async () => {
  for (const length of [
    0n,
    1n,
    99n,
    101n,
    2n ** 31n,
    2n ** 32n - 1n,
    2n ** 32n,
    2n ** 32n + 100n,
    2n ** 53n,
    2n ** 64n - 1n,
  ]) {
    const prefix = new Uint8Array(8);
    new DataView(prefix.buffer).setBigUint64(0, length);
    const target = new Uint8Array(100);
    const { stream, peer } = connectedPair();
    peer.write(Buffer.concat([prefix, Buffer.alloc(100, 1)]));
    await refuses("WIRE_LENGTH", readBulk(stream, target));
    assert.ok(target.every((byte) => byte === 0));
  }
});

test("a bulk answer fills its target wherever it was cut, and no more than it", async () => {
  const bytes = Buffer.concat([encodeBulkPrefix(40), OBJECT.subarray(0, 40), Uint8Array.of(9)]);
  for (let at = 1; at < bytes.length; at += 1) {
    const target = new Uint8Array(40);
    const stream = fed(bytes, [at, bytes.length]);
    await readBulk(stream, target);
    assert.deepEqual(target, OBJECT.slice(0, 40));
    assert.deepEqual(await stream.read(1), Uint8Array.of(9));
  }
});

test("ranges sent ahead come back in their order, through the host's gateway, however it cuts them", async () => {
  const range = fc.tuple(fc.nat(4000), fc.integer({ min: 1, max: 1000 }));
  await fc.assert(
    fc.asyncProperty(
      fc.array(range, { minLength: 1, maxLength: 12 }),
      fc.array(fc.integer({ min: 1, max: 300 }), { minLength: 1, maxLength: 4 }),
      async (ranges, chunks) => {
        const asked: ReadRequest[] = [];
        const { gateway, close, ended, faults } = served((request) => {
          asked.push(request);
          const { offset, length } = request;
          return Promise.resolve(Readable.from(cut(OBJECT.subarray(offset, offset + length), chunks)));
        });
        const targets = ranges.map(([, length]) => new Uint8Array(length));
        await Promise.all(
          ranges.map(([offset], at) => gateway.readInto(offset, targets[at] ?? new Uint8Array(0))),
        );
        ranges.forEach(([offset, length], at) => {
          assert.deepEqual(targets[at], OBJECT.slice(offset, offset + length));
        });
        assert.deepEqual(
          asked,
          ranges.map(([offset, length]) => ({ type: "read", ...ADDRESS, offset, length })),
        );
        assert.equal(
          gateway.bytesRead,
          ranges.reduce((sum, [, length]) => sum + length, 0),
        );
        close();
        await ended;
        assert.deepEqual(faults, []);
      },
    ),
    { numRuns: 40 },
  );
});

test("an object that the host does not have is refused by its length", async () => {
  const { gateway, close } = served(() => Promise.resolve(null));
  await refuses("WIRE_LENGTH", gateway.readInto(0, new Uint8Array(10)));
  close();
});

test("a source that has fewer or more bytes than asked for, or fails, ends the connection, and the host hears why", async () => {
  const sources: readonly (readonly [RangeSource, string])[] = [
    [() => Promise.resolve(Readable.from([Buffer.alloc(9)])), "STORE_READ"],
    [() => Promise.resolve(Readable.from([Buffer.alloc(9), Buffer.alloc(2)])), "STORE_READ"],
    [() => Promise.resolve(Readable.from([])), "STORE_READ"],
    [() => Promise.reject(new Error("no such host")), "no such host"],
    [
      () =>
        Promise.resolve(
          new Readable({
            read(): void {
              this.destroy(new Error("reset by S3"));
            },
          }),
        ),
      "reset by S3",
    ],
  ];
  for (const [source, word] of sources) {
    const { gateway, faults, ended } = served(source);
    await refuses("TRANSPORT_CLOSED", gateway.readInto(0, new Uint8Array(10)));
    await ended;
    assert.equal(faults.length, 1);
    const [fault] = faults as { code?: string; message: string }[];
    assert.ok(fault?.code === word || fault?.message === word, String(faults[0]));
  }
});

test("the host asks for a few ranges ahead, no more, and answers in order however they become ready", async () => {
  const ready: (() => void)[] = [];
  const asked: number[] = [];
  const { gateway, close, ended, faults } = served(async ({ offset, length }) => {
    asked.push(offset);
    await new Promise<void>((resolve) => ready.push(resolve));
    return Readable.from([OBJECT.subarray(offset, offset + length)]);
  });
  const targets = Array.from({ length: 12 }, () => new Uint8Array(100));
  const reading = targets.map((target, at) => gateway.readInto(at * 100, target));
  for (let turn = 0; turn < 20; turn += 1) await new Promise((resolve) => setImmediate(resolve));
  assert.deepEqual(asked, [0, 100, 200, 300]);
  const answering = setInterval(() => ready.pop()?.(), 1);
  await Promise.all(reading);
  clearInterval(answering);
  targets.forEach((target, at) => {
    assert.deepEqual(target, OBJECT.slice(at * 100, at * 100 + 100));
  });
  close();
  await ended;
  assert.deepEqual(faults, []);
});

test("pieces of one answer arrive one by one, and a cut takes those behind it with it", async () => {
  const { stream, peer } = connectedPair();
  peer.resume();
  const gateway = new Gateway(stream, ADDRESS);
  const pieces = [10, 20, 30].map((length) => new Uint8Array(length));
  const [first, second, third] = gateway.read(0, pieces);
  assert.ok(first && second && third);
  peer.write(Buffer.concat([encodeBulkPrefix(60), OBJECT.subarray(0, 25)]));
  await first;
  assert.deepEqual(pieces[0], OBJECT.slice(0, 10));
  assert.equal(gateway.bytesRead, 10);
  const later = gateway.readInto(60, new Uint8Array(5));
  peer.end();
  await refuses("TRANSPORT_CLOSED", second);
  await refuses("TRANSPORT_CLOSED", third);
  await refuses("TRANSPORT_CLOSED", later);
});

test("bodies that were asked for ahead are given up when the enclave hangs up", async () => {
  const bodies: Readable[] = [];
  const { gateway, close, ended } = served(() => {
    const body = new Readable({ read: () => undefined });
    bodies.push(body);
    return Promise.resolve(body);
  });
  const reading = [0, 1, 2].map((at) => gateway.readInto(at, new Uint8Array(1)));
  for (let turn = 0; turn < 20; turn += 1) await new Promise((resolve) => setImmediate(resolve));
  close();
  for (const read of reading) await refuses("TRANSPORT_CLOSED", read);
  await ended;
  await new Promise((resolve) => setImmediate(resolve));
  assert.deepEqual(
    bodies.map(({ destroyed }) => destroyed),
    [true, true, true],
  );
});

test("after one refused answer none of the later ones is believed", async () => {
  const { stream, peer } = connectedPair();
  const gateway = new Gateway(stream, ADDRESS);
  peer.resume();
  peer.write(Buffer.concat([encodeBulkPrefix(11), Buffer.alloc(10), encodeBulkPrefix(10), Buffer.alloc(10)]));
  const [first, second] = [gateway.readInto(0, new Uint8Array(10)), gateway.readInto(10, new Uint8Array(10))];
  await refuses("WIRE_LENGTH", first);
  await refuses("WIRE_LENGTH", second);
  await refuses("WIRE_LENGTH", gateway.readInto(20, new Uint8Array(10)));
  assert.equal(gateway.bytesRead, 0);
});

test("a long read is asked for in pieces that the protocol allows", async () => {
  const { stream, peer } = connectedPair();
  const gateway = new Gateway(stream, ADDRESS);
  const target = new Uint8Array(MAX_READ_BYTES + 5);
  const reading = gateway.readInto(100, target);
  const { stream: requests, peer: copy } = connectedPair();
  peer.on("data", (chunk: Uint8Array) => copy.write(chunk));
  assert.deepEqual(await readReadRequest(requests), { ...ADDRESS, offset: 100, length: MAX_READ_BYTES });
  assert.deepEqual(await readReadRequest(requests), { ...ADDRESS, offset: 100 + MAX_READ_BYTES, length: 5 });
  stream.destroy();
  await refuses("TRANSPORT_CLOSED", reading);
});
