// The NSM over a unix socket: whole exchanges, and frames that are cut, too long, or of another kind.
import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { connect, createServer, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test, type TestContext } from "node:test";
import { decode, encode } from "cborg";
import { authenticate } from "../../core/attestation/verify.ts";
import {
  describeNsm,
  describePcr,
  extendPcr,
  lockPcr,
  requestAttestation,
} from "../../enclave-worker/nsm.ts";
import { connectNsm } from "../../local/nsm/connect.ts";
import { serveNsm } from "../../local/nsm/socket.ts";
import { assertRefused } from "../attestation/refusal.ts";
import { startNsm, type TestNsm } from "./nsm.ts";

async function socketPath(context: TestContext): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), "sealroom-nsm-"));
  context.after(() => rm(directory, { recursive: true }));
  return join(directory, "nsm.sock");
}

async function serve(context: TestContext): Promise<TestNsm & { path: string }> {
  const path = await socketPath(context);
  const nsm = startNsm();
  const server = await serveNsm(nsm.device, path);
  context.after(() => server.close());
  return { ...nsm, path };
}

/** A peer that answers every connection with these bytes, then ends or waits. */
async function serveBytes(context: TestContext, bytes: Uint8Array, then: "end" | "wait"): Promise<string> {
  const path = await socketPath(context);
  const sockets: Socket[] = [];
  const server = createServer((socket) => {
    sockets.push(socket);
    socket.on("error", () => undefined);
    socket.once("data", () => {
      socket.write(bytes);
      if (then === "end") socket.end();
    });
  });
  await new Promise<void>((resolve) => server.listen(path, resolve));
  context.after(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  return path;
}

/** Sends raw bytes and gives all that comes back until the server ends the connection, or answers once. */
function sendRaw(path: string, bytes: Uint8Array, until: "close" | "data"): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const received: Buffer[] = [];
    const socket = connect({ path });
    socket.on("error", reject);
    socket.on("data", (chunk) => {
      received.push(chunk);
      if (until === "data") socket.destroy();
    });
    socket.on("close", () => {
      resolve(Buffer.concat(received));
    });
    socket.write(bytes);
  });
}

function frame(bytes: Uint8Array): Buffer {
  const head = Buffer.alloc(4);
  head.writeUInt32BE(bytes.length);
  return Buffer.concat([head, bytes]);
}

test("carries every request of the client", async (context) => {
  const { path, trust, clock } = await serve(context);
  const device = await connectNsm(path);
  context.after(() => {
    device.close();
  });
  assert.equal((await describeNsm(device)).maxPcrs, 32);
  const value = await extendPcr(device, 16, new Uint8Array(3000).fill(1));
  await lockPcr(device, 16);
  assert.deepEqual(await describePcr(device, 16), { locked: true, value });
  const nonce = new Uint8Array(512).fill(1);
  const document = await requestAttestation(device, {
    userData: null,
    nonce,
    publicKey: new Uint8Array(1024),
  });
  assert.deepEqual((await authenticate(document, trust, clock.now)).nonce, nonce);
});

test("gives each of many exchanges at once its own answer", async (context) => {
  const { path, trust, clock } = await serve(context);
  const device = await connectNsm(path);
  context.after(() => {
    device.close();
  });
  const nonces = Array.from({ length: 50 }, (_, i) => new Uint8Array(16).fill(i + 1));
  const documents = await Promise.all(
    nonces.map((nonce) => requestAttestation(device, { userData: null, nonce, publicKey: null })),
  );
  for (const [i, bytes] of documents.entries()) {
    assert.deepEqual((await authenticate(bytes, trust, clock.now)).nonce, nonces[i]);
  }
});

test("shares one set of registers among connections", async (context) => {
  const { path } = await serve(context);
  const [first, second] = [await connectNsm(path), await connectNsm(path)];
  context.after(() => {
    first.close();
    second.close();
  });
  const value = await extendPcr(first, 16, Uint8Array.of(1));
  assert.deepEqual((await describePcr(second, 16)).value, value);
});

test("answers a request of one byte at a time as one of a piece", async (context) => {
  const { path } = await serve(context);
  const request = frame(encode("DescribeNSM"));
  const answer = await new Promise<Buffer>((resolve, reject) => {
    const socket = connect({ path });
    socket.on("error", reject);
    socket.once("data", (chunk) => {
      socket.destroy();
      resolve(chunk);
    });
    const send = (at: number): void => {
      if (at < request.length) socket.write(request.subarray(at, at + 1), () => setImmediate(send, at + 1));
    };
    send(0);
  });
  assert.ok("DescribeNSM" in (decode(answer.subarray(4)) as object));
});

test("answers unknown requests with an error, and goes on", async (context) => {
  const { path } = await serve(context);
  const answer = await sendRaw(path, frame(encode("Unknown")), "data");
  assert.deepEqual(decode(answer.subarray(4)), { Error: "InvalidOperation" });
  const device = await connectNsm(path);
  context.after(() => {
    device.close();
  });
  await assertRefused(lockPcr(device, 0), "NSM_ERROR");
  await lockPcr(device, 16);
});

test("ends a connection that announces a request of no bytes or of too many, unread", async (context) => {
  const { path } = await serve(context);
  for (const length of [0, 4097, 2 ** 31, 2 ** 32 - 1]) {
    const head = Buffer.alloc(4);
    head.writeUInt32BE(length);
    assert.equal((await sendRaw(path, head, "close")).length, 0, `${length}`);
  }
});

test("drops a request that is cut short, and serves the next connection", async (context) => {
  const { path } = await serve(context);
  const request = frame(encode({ LockPCR: { index: 16 } }));
  for (let length = 0; length < request.length; length++) {
    const socket = connect({ path });
    await new Promise<void>((resolve) => socket.once("connect", resolve));
    socket.end(request.subarray(0, length));
    await new Promise<void>((resolve) => socket.resume().once("close", resolve));
  }
  const device = await connectNsm(path);
  context.after(() => {
    device.close();
  });
  assert.equal((await describePcr(device, 16)).locked, false);
});

test("fails with NSM_IO where the answer is cut, empty, too long, or never comes whole", async (context) => {
  const answer = frame(encode("LockPCR"));
  const tooLong = Buffer.alloc(4);
  tooLong.writeUInt32BE(12289);
  for (const bytes of [Buffer.alloc(0), answer.subarray(0, 2), answer.subarray(0, 7)]) {
    const device = await connectNsm(await serveBytes(context, bytes, "end"));
    await assertRefused(lockPcr(device, 16), "NSM_IO", `${bytes.length} bytes`);
    // What would be read next is anybody's guess, so nothing is.
    await assertRefused(lockPcr(device, 16), "NSM_IO", "again");
  }
  for (const bytes of [Buffer.alloc(4), tooLong, Buffer.alloc(4, 0xff)]) {
    const device = await connectNsm(await serveBytes(context, bytes, "wait"));
    await assertRefused(lockPcr(device, 16), "NSM_IO", bytes.toString("hex"));
  }
});

test("fails with NSM_IO where nobody listens, and after close", async (context) => {
  const path = await socketPath(context);
  await assertRefused(connectNsm(path), "NSM_IO");
  const server = await serveNsm(startNsm().device, path);
  const device = await connectNsm(path);
  await describeNsm(device);
  device.close();
  await assertRefused(describeNsm(device), "NSM_IO");
  const left = await connectNsm(path);
  await describeNsm(left);
  await server.close();
  await assertRefused(describeNsm(left), "NSM_IO");
});
