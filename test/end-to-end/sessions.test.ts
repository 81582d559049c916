// What a host can do to a session short of a job: say nonsense, say too much, hang up, stall. Each ends in one typed
// refusal or a closed connection, and the enclave serves the next job.
import assert from "node:assert/strict";
import { readdir } from "node:fs/promises";
import { after, afterEach, test } from "node:test";
import { encodeCanonical } from "../../core/json.ts";
import { MAX_PLAN_BYTES } from "../../core/plan/plan.ts";
import type { ByteStream } from "../../core/wire/byte-stream.ts";
import { readJobEvent, writeJobRequest } from "../../core/wire/job.ts";
import { connectUnix, unixListener } from "../../transport/unix.ts";
import { naiveByCity, openRows } from "../host/answer.ts";
import { bulkAnswer, BY_CITY, compilePlanFor, drawNonce, Host, runHost } from "../host/host.ts";
import type { HonestJob, JobEnd } from "../host/host.ts";
import { refuses } from "../host/refusal.ts";
import { sealDataset, startWorld } from "../host/world.ts";

const world = await startWorld();
after(() => world.close());

const dataset = await sealDataset(world);
const plan = await compilePlanFor(world, BY_CITY);
const EXPECTED = naiveByCity(dataset.objects.flatMap(({ rows }) => rows));

function honestJob(): HonestJob {
  return { plan, nonce: drawNonce(), dataset };
}

afterEach(async () => {
  try {
    const { event } = await runHost(world, honestJob());
    assert.deepEqual(await openRows(event, world.analyst), EXPECTED, "the enclave no longer serves");
  } catch (cause) {
    const { exitCode, signalCode } = world.enclave.child;
    const printed = Buffer.from(world.enclave.stderr()).toString();
    throw new Error(`it no longer serves: ${String(exitCode)} ${String(signalCode)} ${printed}`, { cause });
  }
});

/** A control connection, closed after use. */
async function withControl<T>(use: (stream: ByteStream, host: Host) => Promise<T>, host?: Host): Promise<T> {
  const own = host ?? (await Host.open(world));
  const stream = await own.connect();
  try {
    return await use(stream, own);
  } finally {
    stream.destroy();
    if (host === undefined) await own.close();
  }
}

async function answerTo(bytes: Uint8Array): Promise<JobEnd> {
  return withControl(async (stream) => {
    await stream.write(bytes);
    return (await readJobEvent(stream)) as JobEnd;
  });
}

function framed(json: string | Uint8Array, attachments = 0): Uint8Array {
  const body = Buffer.from(json);
  const prefix = Buffer.alloc(4);
  prefix.writeUInt32BE(body.length);
  return Buffer.concat([prefix, body, Buffer.alloc(attachments)]);
}

const MEMBERS = {
  type: "job",
  job: "0123456789abcdef",
  nonce: "ab".repeat(16),
  accessKeyId: "a",
  secretAccessKey: "b",
  manifests: 1,
  grants: 0,
  attachments: [1, 1],
};

const NONSENSE: readonly (readonly [string, string, Uint8Array])[] = [
  ["length 0", "WIRE_LENGTH", Buffer.from([0, 0, 0, 0])],
  ["length 1", "WIRE_LENGTH", Buffer.from([0, 0, 0, 1])],
  ["length 2^32 - 1", "WIRE_LENGTH", Buffer.from([255, 255, 255, 255])],
  ["HTTP", "WIRE_LENGTH", Buffer.from("GET / HTTP/1.1\r\n\r\n")],
  ["a TLS hello", "WIRE_LENGTH", Buffer.from("16030100f1010000ed0303", "hex")],
  ["no JSON", "WIRE_JSON", framed("not json")],
  ["other JSON than the canonical", "WIRE_JSON", framed(JSON.stringify(MEMBERS))],
  ["a list", "WIRE_JSON", framed("[]")],
  ["an empty object", "WIRE_FIELD", framed("{}")],
  ["a nonce that is a number", "WIRE_FIELD", framed(encodeCanonical({ ...MEMBERS, nonce: 5 }), 2)],
  ["one member too many", "WIRE_FIELD", framed(encodeCanonical({ ...MEMBERS, debug: true }), 2)],
  ["a time", "WIRE_FIELD", framed(encodeCanonical({ ...MEMBERS, nowMs: 5 }), 2)],
  ["a nonce of 15 bytes", "WIRE_FIELD", framed(encodeCanonical({ ...MEMBERS, nonce: "ab".repeat(15) }), 2)],
  ["three manifests", "WIRE_FIELD", framed(encodeCanonical({ ...MEMBERS, manifests: 3 }), 2)],
  ["fewer attachments than it says", "WIRE_LENGTH", framed(encodeCanonical({ ...MEMBERS, grants: 1 }), 2)],
  [
    "attachments of a gigabyte",
    "WIRE_LENGTH",
    framed(encodeCanonical({ ...MEMBERS, attachments: [1, 2 ** 30] })),
  ],
  [
    "a plan too long",
    "WIRE_LENGTH",
    framed(encodeCanonical({ ...MEMBERS, attachments: [MAX_PLAN_BYTES + 1, 1] }), MAX_PLAN_BYTES + 2),
  ],
  ["a plan that is none", "JSON_SYNTAX", framed(encodeCanonical(MEMBERS), 2)],
];

test("refuses nonsense on the control connection with a code of the layer that it fails in", async () => {
  for (const [name, code, bytes] of NONSENSE) {
    const event = await answerTo(bytes);
    assert.ok(event.type === "refused" && event.code === code, `${name}: ${JSON.stringify(event)}`);
  }
});

test("a refusal reaches a host that is still sending", async () => {
  const large = 40 * 1024 * 1024;
  const head = framed(encodeCanonical({ ...MEMBERS, debug: true, attachments: [1, large - 1] }));
  const json = framed("no json at all");
  for (const bytes of [head, json]) {
    await withControl(async (stream) => {
      await stream.write(bytes);
      await stream.write(new Uint8Array(large));
      const event = await readJobEvent(stream);
      assert.equal(event.type, "refused");
    });
  }
});

test("refuses a host that says more than its one request", async () => {
  for (const when of ["at once", "later"]) {
    const host = await Host.open(world, {
      answer: (_, honest) => (when === "later" ? undefined : bulkAnswer(honest)),
    });
    const event = await withControl(async (stream) => {
      await writeJobRequest(stream, host.request(honestJob()));
      if (when === "later") await new Promise((resolve) => setTimeout(resolve, 200));
      await stream.write(Uint8Array.of(0));
      for (;;) {
        const next = await readJobEvent(stream);
        if (next.type !== "progress") return next;
      }
    }, host);
    await host.close();
    assert.deepEqual(event, { type: "refused", code: "WIRE_TRAILING", details: {} });
  }
});

/** Reads stall, so that only the host's hanging up can end them before their idle limit. */
async function hangUp(lastWords: Uint8Array): Promise<void> {
  let asked: () => void = () => undefined;
  const firstRead = new Promise<void>((resolve) => {
    asked = resolve;
  });
  const host = await Host.open(world, {
    answer: () => {
      asked();
      return undefined;
    },
  });
  try {
    await withControl(async (stream) => {
      await writeJobRequest(stream, host.request(honestJob()));
      await firstRead;
      await stream.write(lastWords);
    }, host);
    const started = performance.now();
    await host.quiet();
    assert.ok(performance.now() - started < 30_000, "the job went on reading");
  } finally {
    await host.close();
  }
}

test("a host that hangs up in the middle of a job ends its reads", async () => {
  for (let turn = 0; turn < 3; turn += 1) await hangUp(new Uint8Array(0));
});

test("a host that hangs up after saying too much ends its reads", async () => {
  await hangUp(new Uint8Array(100_000));
});

test("a host that hangs up at any moment of a job leaves an enclave that serves", async () => {
  for (const delay of [0, 1, 3, 7, 15, 30, 60, 90]) {
    const host = await Host.open(world);
    await withControl(async (stream) => {
      await writeJobRequest(stream, host.request(honestJob()));
      await new Promise((resolve) => setTimeout(resolve, delay));
    }, host);
    await host.close();
  }
});

test("a host that hangs up in the middle of its request leaves an enclave that serves", async () => {
  const request = await Host.open(world);
  const { plan: bytes, manifests } = request.request(honestJob());
  await request.close();
  const [manifest = new Uint8Array(0)] = manifests;
  const whole = Buffer.concat([
    framed(encodeCanonical({ ...MEMBERS, attachments: [bytes.length, manifest.length] })),
    bytes,
    manifest,
  ]);
  for (let length = 0; length < whole.length; length += Math.ceil(whole.length / 25)) {
    await withControl((stream) => stream.write(whole.subarray(0, length)));
  }
});

test("a job that its host stalls does not keep another from being done once it is given up", async () => {
  const stalling = await Host.open(world, { answer: () => undefined });
  const stuck = await stalling.connect();
  await writeJobRequest(stuck, stalling.request(honestJob()));
  await new Promise((resolve) => setTimeout(resolve, 300));
  await stalling.close();
  const host = await Host.open(world);
  const next = host.submit(honestJob());
  stuck.destroy();
  const { event } = await next;
  assert.deepEqual(await openRows(event, world.analyst), EXPECTED);
  await host.close();
});

test("idle connections hold up nobody, and a thousand of them leave nothing behind", async () => {
  const { pid } = world.enclave.child;
  const countOpen = async (): Promise<number> => (await readdir(`/proc/${String(pid)}/fd`)).length;
  await runHost(world, honestJob());
  const before = await countOpen();
  const fallsTo = async (most: number): Promise<void> => {
    // Twice in a row, since those in the queue are still to be taken in.
    for (let calm = 0, turn = 0; calm < 2; turn += 1) {
      await new Promise((resolve) => setTimeout(resolve, 20));
      const open = await countOpen();
      calm = open <= most ? calm + 1 : 0;
      assert.ok(turn < 500, `${open} are open, ${before} were`);
    }
  };
  for (let round = 0; round < 10; round += 1) {
    const idle = await Promise.all(
      Array.from({ length: 100 }, () => connectUnix(`${world.sockets}/enclave.sock`)),
    );
    if (round === 5) {
      const { event } = await runHost(world, honestJob());
      assert.deepEqual(await openRows(event, world.analyst), EXPECTED);
    }
    for (const [index, connection] of idle.entries()) {
      connection.on("error", () => undefined);
      if (index % 3 === 0) connection.end(Uint8Array.of(0, 0));
      else connection.destroy();
      connection.resume();
    }
    await fallsTo(before + 4);
  }
});

test("a gateway or tunnel that is not there, or closes at once, is told by its code", async () => {
  const direct = async (): Promise<JobEnd> => {
    const host = await Host.open(world);
    const request = host.request(honestJob());
    await host.close();
    return submitTo(request);
  };
  const submitTo = async (request: Parameters<typeof writeJobRequest>[1]): Promise<JobEnd> => {
    const host = await Host.open(world);
    const stream = await host.connect();
    await host.close();
    await writeJobRequest(stream, request);
    const event = await readJobEvent(stream);
    stream.destroy();
    return event as JobEnd;
  };
  assert.deepEqual(await direct(), { type: "refused", code: "TRANSPORT_CONNECT", details: {} });

  const tunnel = await unixListener(world.sockets, "tunnel").accept((connection) => connection.destroy());
  const host = await Host.open(world, { tunnel: (connection) => connection.destroy() });
  const { event } = await host.submit(honestJob());
  assert.deepEqual(event, { type: "refused", code: "TRANSPORT_CLOSED", details: {} });
  await host.close();
  await tunnel.close();
});

test("an object that the host does not serve, or breaks off, is told by its code", async () => {
  const missing = await runHost(world, honestJob(), { read: () => new Uint8Array(0) });
  assert.ok(missing.event.type === "refused");
  assert.equal(missing.event.code, "TRANSPORT_CLOSED");
  const none = await runHost(world, honestJob(), { answer: () => bulkAnswer(new Uint8Array(0)) });
  assert.deepEqual(none.event, { type: "refused", code: "WIRE_LENGTH", details: {} });
});

test("a control connection answers one job and then nothing", async () => {
  const host = await Host.open(world);
  await withControl(async (stream) => {
    await writeJobRequest(stream, host.request(honestJob()));
    for (;;) if ((await readJobEvent(stream)).type === "done") break;
    await writeJobRequest(stream, host.request(honestJob())).catch(() => undefined);
    const later = Promise.race([
      readJobEvent(stream),
      new Promise((_, reject) =>
        setTimeout(() => {
          reject(new Error("nothing"));
        }, 500),
      ),
    ]);
    await assert.rejects(later);
  }, host);
  await host.close();
});

test("after all of that the enclave has printed nothing", async () => {
  assert.equal(Buffer.from(world.enclave.stderr()).toString(), "");
  assert.equal(world.enclave.child.exitCode, null);
  await refuses("TRANSPORT_CONNECT", connectUnix(`${world.sockets}/no-such.sock`));
});
