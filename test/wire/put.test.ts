// Puts: what an enclave has the gateway store, by pieces, and that the host stores it whole or not at all.
import assert from "node:assert/strict";
import { Readable } from "node:stream";
import { test } from "node:test";
import { SealroomError } from "../../core/errors.ts";
import type { ErrorCode } from "../../core/errors.ts";
import { encodeCanonical } from "../../core/json.ts";
import type { ByteStream } from "../../core/wire/byte-stream.ts";
import {
  finishPut,
  MAX_PIECE_BYTES,
  readBulk,
  readGatewayRequest,
  readPieces,
  writePiece,
  writePutRequest,
  writeReadRequest,
  writeStored,
} from "../../core/wire/gateway.ts";
import { Gateway } from "../../enclave-worker/gateway.ts";
import { serveGateway } from "../../host-driver/gateway.ts";
import type { OutputSink, RangeSource } from "../../host-driver/gateway.ts";
import { refuses } from "../host/refusal.ts";
import { connectedPair, fed, written } from "./pair.ts";

const JOB = "0123456789abcdef";
const NAME = "00ff00ff00ff00ff/part-00000.sealed";
const READ = { job: JOB, input: 0, object: 7, offset: 5, length: 10 };
const BODY = Uint8Array.from({ length: 5000 }, (_, index) => index % 251);

function message(members: Record<string, unknown>): Uint8Array {
  const json = encodeCanonical(members);
  return Buffer.concat([Buffer.from(Uint32Array.of(json.length).buffer).swap32(), json]);
}

function prefix(length: number): Uint8Array {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(length);
  return bytes;
}

async function collect(stream: ByteStream): Promise<Uint8Array> {
  const pieces: Uint8Array[] = [];
  for await (const piece of readPieces(stream)) pieces.push(piece);
  return new Uint8Array(Buffer.concat(pieces));
}

test("reads and puts come out of the one connection as they went in", async () => {
  const bytes = await written(async (stream) => {
    await writePutRequest(stream, { job: JOB, name: NAME });
    await writeReadRequest(stream, READ);
    await writePutRequest(stream, { job: JOB, name: "quarantine.jwe" });
  });
  for (const chunks of [[1], [7, 60], [bytes.length]]) {
    const stream = fed(bytes, chunks);
    assert.deepEqual(await readGatewayRequest(stream), { type: "put", job: JOB, name: NAME });
    assert.deepEqual(await readGatewayRequest(stream), { type: "read", ...READ });
    assert.deepEqual(await readGatewayRequest(stream), { type: "put", job: JOB, name: "quarantine.jwe" });
    assert.equal(await stream.atEnd(), true);
  }
});

test("refuses to put under a name that could lie elsewhere", async () => {
  const names = [
    "",
    ".",
    "..",
    "../manifest.jws",
    "a/../b",
    "a/..",
    "/a",
    "a/",
    "a//b",
    "a/b/c",
    "./a",
    ".hidden",
    "a/.hidden",
    "a\\b",
    "a b",
    "a%2fb",
    "a\u0000",
    "a\n",
    "ä",
    "a".repeat(257),
    `a/${"b".repeat(257)}`,
    5,
    null,
    ["a"],
  ];
  for (const name of names) {
    const put = message({ type: "put", job: JOB, name });
    await assert.rejects(readGatewayRequest(fed(put)), (error) => {
      assert.ok(error instanceof SealroomError, JSON.stringify(name));
      assert.match(error.code, /^WIRE_(FIELD|JSON)$/, JSON.stringify(name));
      return true;
    });
  }
  const longest = "a".repeat(256);
  const put = await readGatewayRequest(
    fed(message({ type: "put", job: JOB, name: `${longest}/${longest}` })),
  );
  assert.equal(put.type, "put");
});

test("refuses requests of another kind, and with missing, unknown or foreign members", async () => {
  const put = { type: "put", job: JOB, name: NAME };
  for (const members of [
    {},
    { ...put, type: "delete" },
    { ...put, type: "readput" },
    { ...put, type: 1 },
    { ...put, job: "0123456789ABCDEF" },
    { ...put, length: 5 },
    { ...put, bucket: "other" },
    { ...put, offset: 0 },
    { type: "put", name: NAME },
    { type: "put", job: JOB },
    { ...put, type: "read" },
    { type: "read", ...READ, name: NAME },
  ]) {
    await refuses("WIRE_FIELD", readGatewayRequest(fed(message(members))));
  }
});

test("pieces come out as they went in, up to the empty one and no further", async () => {
  const bytes = await written(async (stream) => {
    for (const length of [1, 70_000, 3]) await writePiece(stream, new Uint8Array(length).fill(length % 251));
    await stream.write(prefix(0));
    await stream.write(Uint8Array.of(9));
  });
  for (const chunks of [[1000], [5, 65_536], [bytes.length]]) {
    const stream = fed(bytes, chunks);
    assert.equal((await collect(stream)).length, 70_004);
    assert.deepEqual(await stream.read(1), Uint8Array.of(9));
  }
});

test("refuses a piece that is too long before a byte of it is read, and an end in the middle", async () => {
  for (const length of [MAX_PIECE_BYTES + 1, 2 ** 31, 2 ** 32 - 1]) {
    const { stream, peer } = connectedPair();
    peer.write(Buffer.concat([prefix(length), Buffer.alloc(100)]));
    const { details } = await refuses("WIRE_LENGTH", collect(stream));
    assert.deepEqual({ ...details }, { length });
  }
  const whole = Buffer.concat([prefix(10), Buffer.alloc(10), prefix(0)]);
  for (let at = 0; at < whole.length; at += 1) {
    await refuses("TRANSPORT_CLOSED", collect(fed(whole.subarray(0, at))));
  }
});

test("an answer to a put that is not `stored` is none", async () => {
  await finishPut(fed(await written(writeStored)));
  const answers: readonly (readonly [Uint8Array, ErrorCode])[] = [
    [message({}), "WIRE_FIELD"],
    [message({ type: "done" }), "WIRE_FIELD"],
    [message({ type: "stored at last" }), "WIRE_FIELD"],
    [message({ type: "stored", key: "elsewhere" }), "WIRE_FIELD"],
    [message({ type: true }), "WIRE_FIELD"],
    [prefix(1), "WIRE_LENGTH"],
    [prefix(2 ** 31), "WIRE_LENGTH"],
    [Buffer.concat([prefix(4), Buffer.from("null")]), "WIRE_JSON"],
    [new Uint8Array(0), "TRANSPORT_CLOSED"],
  ];
  for (const [answer, code] of answers) await refuses(code, finishPut(fed(answer)));
});

interface Host {
  readonly stream: ByteStream;
  readonly stored: ReadonlyMap<string, Uint8Array>;
  readonly faults: readonly unknown[];
  readonly ended: Promise<void>;
}

const SOURCE: RangeSource = ({ offset, length }) =>
  Promise.resolve(Readable.from([BODY.subarray(offset, offset + length)]));

/** A host whose store takes an object when its body has ended, under a name that is free. */
function hosted(sink?: OutputSink, source: RangeSource = SOURCE): Host {
  const { stream, peer } = connectedPair();
  const stored = new Map<string, Uint8Array>();
  const faults: unknown[] = [];
  const keep: OutputSink = async (name, body) => {
    const chunks: Uint8Array[] = [];
    for await (const chunk of body as AsyncIterable<Uint8Array>) chunks.push(chunk);
    if (stored.has(name)) throw new SealroomError("STORE_WRITE", { key: name });
    stored.set(name, new Uint8Array(Buffer.concat(chunks)));
  };
  const ended = serveGateway(peer, source, (error) => faults.push(error), sink ?? keep);
  return { stream, stored, faults, ended };
}

const codes = (faults: readonly unknown[]): readonly string[] =>
  faults.map((fault) => (fault instanceof SealroomError ? fault.code : String(fault)));

test("the host stores what was put, one after another on one connection, and serves reads between", async () => {
  const { stream, stored, faults, ended } = hosted();
  for (const name of [NAME, "quarantine.jwe"]) {
    await writePutRequest(stream, { job: JOB, name });
    await writePiece(stream, BODY.subarray(0, 4000));
    await writePiece(stream, BODY.subarray(4000));
    await finishPut(stream);
    const target = new Uint8Array(10);
    await new Gateway(stream, { job: JOB, input: 0, object: 7 }).readInto(5, target);
    assert.deepEqual(target, BODY.slice(5, 15));
  }
  stream.destroy();
  await ended;
  assert.deepEqual([...stored.keys()], [NAME, "quarantine.jwe"]);
  for (const bytes of stored.values()) assert.deepEqual(bytes, BODY);
  assert.deepEqual(faults, []);
});

test("reads that were asked before a put are answered before it is", async () => {
  let ready = (): void => undefined;
  const held = new Promise<void>((resolve) => (ready = resolve));
  const { stream, stored, ended } = hosted(undefined, async ({ offset, length }) => {
    await held;
    return Readable.from([BODY.subarray(offset, offset + length)]);
  });
  const target = new Uint8Array(10);
  await writeReadRequest(stream, READ);
  await writePutRequest(stream, { job: JOB, name: NAME });
  await writePiece(stream, BODY);
  await stream.write(prefix(0));
  for (let turn = 0; turn < 20; turn += 1) await new Promise((resolve) => setImmediate(resolve));
  assert.equal(stored.size, 0);
  ready();
  await readBulk(stream, target);
  assert.deepEqual(target, BODY.slice(5, 15));
  // The end was written above; what is left is the answer.
  assert.deepEqual(await stream.read(4), new Uint8Array(prefix(message({ type: "stored" }).length - 4)));
  assert.deepEqual(stored.get(NAME), BODY);
  stream.destroy();
  await ended;
});

test("an object whose connection is cut before its end is stored not at all", async () => {
  for (const cut of ["before a piece", "in a piece", "before the end"]) {
    const { stream, stored, faults, ended } = hosted();
    await writePutRequest(stream, { job: JOB, name: NAME });
    if (cut !== "before a piece") await writePiece(stream, BODY);
    if (cut === "in a piece") {
      await stream.write(prefix(100));
      await stream.write(new Uint8Array(50));
    }
    stream.destroy();
    await ended;
    assert.equal(stored.size, 0, cut);
    assert.deepEqual(codes(faults), ["TRANSPORT_CLOSED"], cut);
  }
});

test("a name that is taken ends the connection, and what lies there stays", async () => {
  const { stream, stored, faults, ended } = hosted();
  await writePutRequest(stream, { job: JOB, name: NAME });
  await writePiece(stream, BODY);
  await finishPut(stream);
  await writePutRequest(stream, { job: JOB, name: NAME });
  await writePiece(stream, Uint8Array.of(1));
  await refuses("TRANSPORT_CLOSED", finishPut(stream));
  await ended;
  assert.deepEqual(stored.get(NAME), BODY);
  assert.deepEqual(codes(faults), ["STORE_WRITE"]);
});

test("where nobody named a place nothing is stored, and the host hears that", async () => {
  const { stream, peer } = connectedPair();
  const faults: unknown[] = [];
  const ended = serveGateway(peer, SOURCE, (error) => faults.push(error));
  await writePutRequest(stream, { job: JOB, name: NAME });
  await refuses("TRANSPORT_CLOSED", stream.read(1));
  await ended;
  assert.deepEqual(codes(faults), ["STORE_OUTPUT"]);
});
