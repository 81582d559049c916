// What comes over the connections: messages of the host to the enclave, and of an enclave that is not verified yet.
import assert from "node:assert/strict";
import { Duplex } from "node:stream";
import { ByteStream } from "../../core/wire/byte-stream.ts";
import {
  encodeBulkPrefix,
  readBulk,
  readGatewayRequest,
  readPieces,
  readReadRequest,
  writePiece,
  writePutRequest,
  writeReadRequest,
} from "../../core/wire/gateway.ts";
import { readJobEvent, readJobRequest, writeJobEvent, writeJobRequest } from "../../core/wire/job.ts";
import type { JobEvent, JobRequest } from "../../core/wire/job.ts";
import { openTunnel, readTunnelRequest, writeTunnelOpen } from "../../core/wire/tunnel.ts";
import type { Dice } from "./dice.ts";
import { concat, mutateBytes } from "./mutate.ts";
import type { Mutation } from "./mutate.ts";
import { assertSame } from "./target.ts";
import type { Context, Target } from "./target.ts";
import { mutateJson } from "./text.ts";

const IDLE_MS = 60_000;

/** A peer that has sent `bytes` in pieces, and ends at once or when more is asked of it. */
class Peer extends Duplex {
  readonly written: Uint8Array[] = [];

  constructor(bytes: Uint8Array, dice: Dice | null) {
    super();
    const cut = dice === null ? bytes.length : dice.below(bytes.length + 1);
    for (const piece of [bytes.subarray(0, cut), bytes.subarray(cut)]) if (piece.length > 0) this.push(piece);
    if (dice?.chance(0.5) === true) this.push(null);
  }

  override _read(): void {
    setImmediate(() => {
      if (!this.readableEnded && !this.destroyed) this.push(null);
    });
  }

  override _write(chunk: Uint8Array, _encoding: string, done: () => void): void {
    this.written.push(chunk);
    done();
  }
}

async function reading<T>(
  input: Uint8Array,
  { dice, seed }: Context,
  read: (stream: ByteStream) => Promise<T>,
): Promise<T> {
  const peer = new Peer(input, Buffer.compare(input, seed) === 0 ? null : dice);
  const stream = new ByteStream(peer, IDLE_MS);
  try {
    return await read(stream);
  } finally {
    stream.destroy();
  }
}

async function written(write: (stream: ByteStream) => Promise<unknown>): Promise<Uint8Array> {
  const peer = new Peer(new Uint8Array(0), null);
  await write(new ByteStream(peer, IDLE_MS));
  peer.destroy();
  return concat(...peer.written);
}

/** The JSON of a message, its length kept right. */
const mutateMessage: Mutation = (bytes, dice, others) => {
  const parts = (whole: Uint8Array): readonly [Uint8Array, Uint8Array] => {
    const length = whole.length < 4 ? 0 : Buffer.from(whole).readUInt32BE(0);
    return [whole.subarray(4, 4 + length), whole.subarray(4 + length)];
  };
  const [json, rest] = parts(bytes);
  const mutant = mutateJson(
    json,
    dice,
    others.map((other) => parts(other)[0]),
  );
  const prefix = Buffer.alloc(4);
  prefix.writeUInt32BE(mutant.length);
  return concat(prefix, mutant, rest);
};

const text = (value: string): Uint8Array => new TextEncoder().encode(value);

const REQUEST: JobRequest = {
  job: "0123456789abcdef",
  nonce: "5a".repeat(32),
  credentials: { accessKeyId: "AKIAEXAMPLE", secretAccessKey: "secret", sessionToken: "token" },
  plan: text("{}"),
  manifests: [text("eyJ.a.b"), text("second")],
  grants: [text("grant")],
};
const LASTING = { accessKeyId: "AKIAEXAMPLE", secretAccessKey: "secret" };

const EVENTS: readonly JobEvent[] = [
  { type: "progress", objects: 1, ofObjects: 4, bytes: 19_026 },
  {
    type: "refused",
    code: "PLAN_FIELD",
    details: { field: "select[0].as", fault: "missing", limit: 7, deep: true },
  },
  { type: "done", receipt: text("receipt"), result: text("result"), output: null },
  { type: "done", receipt: text("receipt"), result: text("result"), output: text("{}") },
];

/** A stream goes on behind a message, so what was read is the beginning of the input. */
function assertBegins(input: Uint8Array, message: Uint8Array): void {
  assertSame(message, input.subarray(0, message.length));
}

export const WIRE_TARGETS: readonly Target[] = [
  {
    name: "job request",
    seeds: [
      await written((stream) => writeJobRequest(stream, REQUEST)),
      await written((stream) =>
        writeJobRequest(stream, { ...REQUEST, credentials: LASTING, grants: [], manifests: [text("one")] }),
      ),
    ],
    mutations: [mutateMessage, mutateMessage, mutateBytes],
    decode: async (input, context) => {
      const request = await reading(input, context, readJobRequest);
      assertBegins(input, await written((stream) => writeJobRequest(stream, request)));
    },
    codes: 4,
    accepts: true,
  },
  {
    name: "job event",
    seeds: await Promise.all(EVENTS.map((event) => written((stream) => writeJobEvent(stream, event)))),
    mutations: [mutateMessage, mutateMessage, mutateBytes],
    decode: async (input, context) => {
      const event = await reading(input, context, readJobEvent);
      assertBegins(input, await written((stream) => writeJobEvent(stream, event)));
    },
    codes: 4,
    accepts: true,
  },
  {
    name: "request for a range",
    seeds: [
      await written((stream) =>
        writeReadRequest(stream, {
          job: "0123456789abcdef",
          input: 0,
          object: 99_999,
          offset: 2 ** 40,
          length: 65_536,
        }),
      ),
    ],
    mutations: [mutateMessage, mutateMessage, mutateBytes],
    decode: async (input, context) => {
      const request = await reading(input, context, readReadRequest);
      assertBegins(input, await written((stream) => writeReadRequest(stream, request)));
    },
    codes: 4,
    accepts: true,
  },
  {
    name: "request to the gateway",
    seeds: [
      await written((stream) =>
        writePutRequest(stream, { job: "0123456789abcdef", name: "00ff00ff00ff00ff/part-00000.sealed" }),
      ),
      await written((stream) =>
        writeReadRequest(stream, { job: "0123456789abcdef", input: 1, object: 2, offset: 3, length: 4 }),
      ),
    ],
    mutations: [mutateMessage, mutateMessage, mutateBytes],
    decode: async (input, context) => {
      const { type, ...request } = await reading(input, context, readGatewayRequest);
      if (type === "put") assert.doesNotMatch((request as { name: string }).name, /\.\.\/|^\/|\/\//);
      const again = await written((stream) =>
        "name" in request ? writePutRequest(stream, request) : writeReadRequest(stream, request),
      );
      assertBegins(input, again);
    },
    codes: 4,
    accepts: true,
  },
  {
    name: "pieces of a put",
    seeds: [
      await written(async (stream) => {
        await writePiece(stream, new Uint8Array(30).fill(1));
        await writePiece(stream, new Uint8Array(3).fill(2));
        await stream.write(new Uint8Array(4));
      }),
    ],
    mutations: [mutateBytes],
    decode: async (input, context) => {
      const pieces = await reading(input, context, async (stream) => {
        const read: Uint8Array[] = [];
        for await (const piece of readPieces(stream)) read.push(piece);
        return read;
      });
      const again = await written(async (stream) => {
        for (const piece of pieces) await writePiece(stream, piece);
        await stream.write(new Uint8Array(4));
      });
      assertBegins(input, again);
    },
    codes: 2,
    accepts: true,
  },
  {
    name: "request for a tunnel",
    seeds: [
      await written((stream) =>
        openTunnel(stream, { host: "kms.eu-central-1.amazonaws.com", port: 443 }).catch(() => null),
      ),
    ],
    mutations: [mutateMessage, mutateMessage, mutateBytes],
    decode: async (input, context) => {
      const { host, port } = await reading(input, context, readTunnelRequest);
      assertBegins(input, await written((stream) => openTunnel(stream, { host, port }).catch(() => null)));
    },
    codes: 4,
    accepts: true,
  },
  {
    name: "answer to a request for a tunnel",
    seeds: [await written(writeTunnelOpen)],
    mutations: [mutateMessage, mutateBytes],
    decode: async (input, context) => {
      await reading(input, context, async (stream) => {
        await openTunnel(stream, { host: "kms.eu-central-1.amazonaws.com", port: 443 });
      });
      assertBegins(input, await written(writeTunnelOpen));
    },
    codes: 4,
    accepts: true,
  },
  {
    name: "bulk answer",
    seeds: [
      concat(encodeBulkPrefix(40), new Uint8Array(40).fill(7)),
      concat(encodeBulkPrefix(0), new Uint8Array(3)),
    ],
    mutations: [mutateBytes],
    decode: async (input, context) => {
      const target = new Uint8Array(context.seed.length === 48 ? 40 : 0);
      await reading(input, context, (stream) => readBulk(stream, target));
      assertBegins(input, concat(encodeBulkPrefix(target.length), target));
      assert.equal(target.length, Number(Buffer.from(input).readBigUInt64BE(0)));
    },
    codes: 2,
    accepts: true,
  },
];
