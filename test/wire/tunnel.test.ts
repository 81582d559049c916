import assert from "node:assert/strict";
import { createServer } from "node:net";
import type { AddressInfo, Socket } from "node:net";
import { Duplex } from "node:stream";
import { test } from "node:test";
import type { TestContext } from "node:test";
import { encodeCanonical } from "../../core/json.ts";
import { ByteStream } from "../../core/wire/byte-stream.ts";
import { openTunnel, readTunnelRequest } from "../../core/wire/tunnel.ts";
import type { TunnelRequest } from "../../core/wire/tunnel.ts";
import { kmsAllowList, serveTunnel } from "../../host-driver/tunnel.ts";
import type { AllowList } from "../../host-driver/tunnel.ts";
import { refuses } from "../host/refusal.ts";
import { connectedPair, fed } from "./pair.ts";

const KMS: TunnelRequest = { host: "kms.eu-central-1.amazonaws.com", port: 443 };

function message(members: Record<string, unknown>): Uint8Array {
  const json = encodeCanonical(members);
  return Buffer.concat([Buffer.from(Uint32Array.of(json.length).buffer).swap32(), json]);
}

/** A server on this machine, in the place of KMS, that gives its connections to the test. */
async function startRemote(t: TestContext, onConnection: (socket: Socket) => void): Promise<AllowList> {
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on("error", () => undefined);
    onConnection(socket);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  t.after(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  const { port } = server.address() as AddressInfo;
  return new Map([[`${KMS.host}:${KMS.port}`, { host: "127.0.0.1", port }]]);
}

test("bytes pass both ways, unchanged, after the host has dialled", async (t) => {
  const allowed = await startRemote(t, (socket) => socket.pipe(socket));
  const { stream, peer } = connectedPair();
  void serveTunnel(peer, allowed, (error) => assert.fail(String(error)));
  const tunnel = await openTunnel(stream, KMS);
  const sent = Buffer.from(Array.from({ length: 300_000 }, (_, index) => index % 251));
  tunnel.write(sent);
  const got: Buffer[] = [];
  for await (const chunk of tunnel as AsyncIterable<Buffer>) {
    got.push(chunk);
    if (got.reduce((sum, { length }) => sum + length, 0) === sent.length) break;
  }
  assert.ok(Buffer.concat(got).equals(sent));
});

test("the end of either side ends the other", async (t) => {
  const closed: Promise<unknown>[] = [];
  const allowed = await startRemote(t, (socket) => {
    socket.resume();
    closed.push(new Promise((resolve) => socket.once("close", resolve)));
    socket.once("data", (chunk: Buffer) => {
      if (chunk.toString() === "go") socket.destroy();
    });
  });
  const ours = connectedPair();
  void serveTunnel(ours.peer, allowed, () => undefined);
  const left = await openTunnel(ours.stream, KMS);
  left.write("stay");
  await new Promise((resolve) => setTimeout(resolve, 20));
  left.destroy();
  await closed[0];

  const theirs = connectedPair();
  void serveTunnel(theirs.peer, allowed, () => undefined);
  const dropped = await openTunnel(theirs.stream, KMS);
  const ended = new Promise((resolve) => dropped.once("end", resolve));
  dropped.resume();
  dropped.write("go");
  await ended;
});

test("a host dials nothing that its list does not have, to the letter", async (t) => {
  let dialled = 0;
  const allowed = await startRemote(t, () => {
    dialled += 1;
  });
  const others: TunnelRequest[] = [
    { ...KMS, port: 22 },
    { ...KMS, port: 80 },
    { ...KMS, host: "kms.eu-central-1.amazonaws.com.evil.com" },
    { ...KMS, host: "kms.us-east-1.amazonaws.com" },
    { ...KMS, host: "kms.evil.com" },
    { ...KMS, host: "localhost.localdomain" },
    { ...KMS, host: "xn--kms-9cd.amazonaws.com" },
    { ...KMS, host: "169.254.169.254" },
    { ...KMS, host: "127.0.0.1" },
  ];
  for (const request of others) {
    const { stream, peer } = connectedPair();
    const faults: unknown[] = [];
    const serving = serveTunnel(peer, allowed, (error) => faults.push(error));
    await refuses("TRANSPORT_CLOSED", openTunnel(stream, request));
    await serving;
    assert.equal((faults[0] as { code?: string }).code, "TUNNEL_REFUSED", request.host);
  }
  assert.equal(dialled, 0);
});

test("refuses a name that is no lower-case DNS name, and a port that is none", async () => {
  const hosts = [
    "",
    "localhost",
    "KMS.eu-central-1.amazonaws.com",
    "kms..com",
    ".com",
    "kms.com.",
    "a b.com",
    "kms_x.com",
    "::1",
    "[::1]",
    "kms.com/",
    "kms.com:443",
    `${"a".repeat(64)}.com`,
    `${"a.".repeat(130)}com`,
    1,
    null,
  ];
  for (const host of hosts) {
    await refuses("WIRE_FIELD", readTunnelRequest(fed(message({ type: "connect", host, port: 443 }))));
  }
  for (const port of [-1, 65_536, 1.5, "443", null]) {
    await refuses("WIRE_FIELD", readTunnelRequest(fed(message({ type: "connect", host: KMS.host, port }))));
  }
  await refuses("WIRE_FIELD", readTunnelRequest(fed(message({ type: "connect", ...KMS, path: "/" }))));
  await refuses("WIRE_FIELD", readTunnelRequest(fed(message({ type: "bind", ...KMS }))));
});

test("the enclave takes no answer but the one", async () => {
  const answers: readonly (readonly [Record<string, unknown>, "WIRE_FIELD" | "WIRE_LENGTH"])[] = [
    [{ type: "refused" }, "WIRE_FIELD"],
    [{ type: "connected", host: "other" }, "WIRE_FIELD"],
    [{}, "WIRE_FIELD"],
    [{ type: "connected", attachments: [0] }, "WIRE_FIELD"],
    [{ type: "connected", attachments: [5] }, "WIRE_LENGTH"],
  ];
  for (const [answer, code] of answers) {
    const { stream, peer } = connectedPair();
    peer.write(message(answer));
    await refuses(code, openTunnel(stream, KMS));
  }
});

test("what comes on the heels of the answer is the tunnel's first bytes", async () => {
  const { stream, peer } = connectedPair();
  peer.write(Buffer.concat([message({ type: "connected" }), Buffer.from("first")]));
  const tunnel = await openTunnel(stream, KMS);
  peer.end(" and last");
  const chunks: Buffer[] = [];
  for await (const chunk of tunnel as AsyncIterable<Buffer>) chunks.push(chunk);
  assert.equal(Buffer.concat(chunks).toString(), "first and last");
});

test("a connection that ended right behind the answer is refused, and says so to nobody else", async () => {
  const ended = new Duplex({
    read: () => undefined,
    write: (_chunk, _encoding, done) => {
      done();
    },
  });
  let unheard: unknown = null;
  ended.push(Buffer.concat([message({ type: "connected" }), Buffer.from("first")]));
  ended.push(null);
  const stream = new ByteStream(ended, 1000);
  await refuses("TRANSPORT_CLOSED", openTunnel(stream, KMS));
  ended.on("error", (error) => {
    unheard = error;
  });
  await new Promise((resolve) => setImmediate(resolve));
  assert.equal(unheard, null);
});

test("an endpoint that cannot be reached is the host's fault to tell", async () => {
  // Nothing listens on port 1.
  const allowed = new Map([[`${KMS.host}:443`, { host: "127.0.0.1", port: 1 }]]);
  const { stream, peer } = connectedPair();
  const faults: unknown[] = [];
  const serving = serveTunnel(peer, allowed, (error) => faults.push(error));
  await refuses("TRANSPORT_CLOSED", openTunnel(stream, KMS));
  await serving;
  assert.equal((faults[0] as { code?: string }).code, "TUNNEL_DIAL");
});

test("an enclave that goes while the host dials leaves no connection behind", async (t) => {
  const closed = new Promise<void>((resolve) => {
    void startRemote(t, (socket) => {
      socket.resume();
      socket.once("close", () => {
        resolve();
      });
    }).then(async (allowed) => {
      const { stream, peer } = connectedPair();
      const serving = serveTunnel(peer, allowed, () => undefined);
      await stream.write(message({ type: "connect", ...KMS }));
      await new Promise((next) => setImmediate(next));
      peer.destroy();
      await serving;
    });
  });
  await closed;
});

test("the list of real endpoints holds names of KMS only", () => {
  const names = [
    "kms.eu-central-1.amazonaws.com",
    "kms.us-gov-west-1.amazonaws.com",
    "kms.cn-north-1.amazonaws.com.cn",
  ];
  const list = kmsAllowList(names);
  for (const host of names) assert.deepEqual(list.get(`${host}:443`), { host, port: 443 });
  assert.equal(list.size, names.length);
  for (const host of [
    "kms.evil.com",
    "s3.eu-central-1.amazonaws.com",
    "kms.eu-central-1.amazonaws.com.evil.com",
    "evil.com/kms.eu-central-1.amazonaws.com",
    "KMS.eu-central-1.amazonaws.com",
    "kms.eu-central-1.amazonaws.com\n",
  ]) {
    assert.throws(() => kmsAllowList([host]), { code: "TUNNEL_REFUSED" });
  }
});
