// The addon from JavaScript that means it harm or is wrong: no argument ends the process, every fault is a number below
// zero, and no descriptor outlives whoever had it.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { Worker } from "node:worker_threads";
import fc from "fast-check";
import { loadAddon, READABLE, WRITABLE } from "../../transport/native/addon.ts";
import type { Addon, Descriptor } from "../../transport/native/addon.ts";
import { unixAddress } from "../transport/pair.ts";

const AF_UNIX = 1;
const [EBADF, EAGAIN, EINVAL, EALREADY, EMSGSIZE, ENOENT, ENOTTY, EPIPE] = [
  -9, -11, -22, -114, -90, -2, -25, -32,
];
const addon = loadAddon();

/** Every function, as what a caller may do with it who keeps to nothing. */
const calls = Object.entries(addon) as unknown as readonly (readonly [
  keyof Addon,
  (...args: unknown[]) => unknown,
])[];

function opened(): Descriptor {
  const descriptor = addon.socket(AF_UNIX);
  assert.ok(typeof descriptor === "object");
  return descriptor;
}

function pair(): readonly [Descriptor, Descriptor] {
  const { bytes } = unixAddress();
  const [listener, near] = [opened(), opened()];
  assert.equal(addon.listen(listener, bytes, 1), 0);
  assert.equal(addon.connect(near, bytes), 0);
  const far = addon.accept(listener);
  assert.ok(typeof far === "object");
  addon.close(listener);
  return [near, far];
}

function detached(): Uint8Array {
  const bytes = new Uint8Array(10);
  structuredClone(bytes.buffer, { transfer: [bytes.buffer] });
  return bytes;
}

/** An object whose prototype is a descriptor. */
function heir(descriptor: Descriptor): Descriptor {
  return Object.create(descriptor) as Descriptor;
}

function descriptors(): number {
  return readdirSync("/proc/self/fd").length;
}

test("has just these functions, and none can be replaced", () => {
  const names = ["accept", "addEntropy", "close", "connect", "exchangeNsm", "fault", "finish", "listen"];
  assert.deepEqual(calls.map(([name]) => name).toSorted(), [
    ...names,
    "peer",
    "receive",
    "send",
    "socket",
    "want",
    "watch",
  ]);
  assert.throws(() => {
    Object.assign(addon, { close: () => 0 });
  }, TypeError);
});

test("whatever its arguments are, a function returns a number below zero, or an open descriptor's ordinary answer", async () => {
  const [open, other] = pair();
  const closed = opened();
  addon.close(closed);
  const values: readonly unknown[] = [
    ...[undefined, null, true, "", "/dev/null", "a".repeat(300), "a\0b", Symbol("s"), 1n, NaN, Infinity],
    ...[-1, 0, 1, 1.5, 2 ** 31, 2 ** 32, 2 ** 53, 40, "1", [], {}, () => undefined],
    ...[new Proxy({}, {}), new Proxy(open, {}), heir(open), structuredClone],
    ...[new ArrayBuffer(8), new DataView(new ArrayBuffer(8)), new Uint16Array(4), new Float64Array(1)],
    ...[new Uint8Array(0), new Uint8Array(1), new Uint8Array(128), new Uint8Array(129), new Uint8Array(5000)],
    ...[new Uint8ClampedArray(3), Buffer.from([1, 0]), new Uint8Array(new SharedArrayBuffer(8)), detached()],
    ...[closed, new Uint8Array(new ArrayBuffer(8, { maxByteLength: 16 }))],
  ];
  const argument = fc.constantFrom(...values, open, other);
  await fc.assert(
    fc.asyncProperty(
      fc.constantFrom(...calls),
      fc.array(argument, { maxLength: 4 }),
      async ([name, call], args) => {
        // These two would end the descriptors of the other runs; addEntropy would feed this machine's pool.
        fc.pre(name !== "close" && name !== "finish" && name !== "addEntropy");
        const result: unknown = await call(...args);
        if (typeof result === "number") assert.ok(Number.isInteger(result), `${name}: ${result}`);
        else assert.ok(typeof result === "object" && result !== null, name);
      },
    ),
    { numRuns: 5000 },
  );
  for (const [name, call] of calls) {
    for (const args of [[], [undefined], [1, 2, 3, 4], [{}, {}, {}], [closed, {}, {}]]) {
      const result: unknown = await call(...args);
      assert.ok(typeof result === "number" && result < 0, `${name}: ${String(result)}`);
    }
  }
  addon.close(open);
  addon.close(other);
});

test("what is no descriptor is told from one that is closed, and a closed one stays so", () => {
  const descriptor = opened();
  const look = { ...descriptor };
  assert.equal(addon.fault(look as Descriptor), EINVAL);
  assert.equal(addon.fault(heir(descriptor)), EINVAL);
  assert.equal(addon.close(descriptor), 0);
  // The kernel gives the number to the next one at once.
  const next = opened();
  assert.equal(addon.close(descriptor), EBADF);
  for (const result of [
    addon.fault(descriptor),
    addon.finish(descriptor),
    addon.accept(descriptor),
    addon.receive(descriptor, new Uint8Array(1)),
    addon.send(descriptor, new Uint8Array(1)),
    addon.peer(descriptor, new Uint8Array(16)),
    addon.connect(descriptor, unixAddress().bytes),
    addon.listen(descriptor, unixAddress().bytes, 1),
    addon.watch(descriptor, () => undefined),
    addon.want(descriptor, 0),
  ]) {
    assert.equal(result, EBADF);
  }
  assert.equal(addon.fault(next), 0);
  addon.close(next);
});

test("sockets of other families, addresses of other sizes and empty memory are refused before the kernel is asked", () => {
  for (const family of [0, 2, 10, 16, 17, 41]) assert.equal(addon.socket(family), EINVAL);
  const descriptor = opened();
  for (const size of [0, 1, 129]) assert.equal(addon.connect(descriptor, new Uint8Array(size)), EINVAL);
  assert.equal(addon.listen(descriptor, unixAddress().bytes, 4097), EINVAL);
  assert.equal(addon.receive(descriptor, new Uint8Array(0)), EINVAL);
  assert.equal(addon.send(descriptor, new Uint8Array(0)), EINVAL);
  assert.equal(addon.receive(descriptor, detached()), EINVAL);
  addon.close(descriptor);
});

test("bytes go and come within the view that was given, and not around it", () => {
  const [near, far] = pair();
  const memory = Uint8Array.from({ length: 30 }, (_, index) => index);
  assert.equal(addon.send(near, memory.subarray(10, 20)), 10);
  const into = new Uint8Array(30).fill(0xee);
  assert.equal(addon.receive(far, into.subarray(5, 9)), 4);
  assert.equal(addon.receive(far, into.subarray(9, 25)), 6);
  assert.deepEqual([...into.subarray(5, 15)], [...memory.subarray(10, 20)]);
  assert.ok(into.subarray(0, 5).every((byte) => byte === 0xee));
  assert.ok(into.subarray(15).every((byte) => byte === 0xee));
  assert.equal(addon.receive(far, into), EAGAIN);
  assert.equal(addon.finish(near), 0);
  assert.equal(addon.receive(far, into), 0);
  addon.close(near);
  // No signal ends this process.
  assert.equal(addon.send(far, memory), EPIPE);
  addon.close(far);
});

test("tells of what is wanted, only then, and to one callback for good", async () => {
  const [near, far] = pair();
  const told: number[] = [];
  assert.equal(addon.want(near, READABLE), EINVAL);
  assert.equal(
    addon.watch(near, (events) => told.push(events)),
    0,
  );
  assert.equal(
    addon.watch(near, () => undefined),
    EALREADY,
  );
  for (const wrong of [4, 8, -1, 1.5]) assert.equal(addon.want(near, wrong), EINVAL);
  addon.send(far, Uint8Array.of(1));
  await delay(20);
  assert.equal(told.length, 0);
  addon.want(near, READABLE | WRITABLE);
  await delay(20);
  addon.want(near, 0);
  assert.ok(told.includes(READABLE | WRITABLE));
  const before = told.length;
  await delay(20);
  assert.equal(told.length, before);
  addon.close(near);
  addon.close(far);
});

test("closed in its own callback, it is told no more", async () => {
  const [near, far] = pair();
  let told = 0;
  addon.watch(near, () => {
    told += 1;
    addon.close(near);
  });
  addon.want(near, WRITABLE);
  await delay(20);
  assert.equal(told, 1);
  addon.close(far);
});

test("an exception in a callback is the process's uncaught one", async () => {
  const script = `
    import { loadAddon } from "${join(import.meta.dirname, "../../transport/native/addon.ts")}";
    import { unixAddress } from "${join(import.meta.dirname, "../transport/pair.ts")}";
    const addon = loadAddon();
    const listener = addon.socket(1);
    addon.listen(listener, unixAddress().bytes, 1);
    const { bytes } = unixAddress();
    const far = addon.socket(1);
    addon.listen(far, bytes, 1);
    const near = addon.socket(1);
    addon.connect(near, bytes);
    process.once("uncaughtException", (error) => { console.log(error.message); process.exit(7); });
    addon.watch(near, () => { throw new Error("of the callback"); });
    addon.want(near, 2);
  `;
  const child = spawn(process.execPath, ["--input-type=module", "-e", script]);
  let said = "";
  child.stdout.on("data", (chunk: Buffer) => (said += chunk.toString()));
  const [code] = (await once(child, "close")) as [number];
  assert.deepEqual([code, said], [7, "of the callback\n"]);
});

test("descriptors that nobody holds any more are closed by the collector", async () => {
  setFlagsFromString("--expose-gc");
  const collect = runInNewContext("gc") as () => void;
  const before = descriptors();
  for (let count = 0; count < 200; count += 1) opened();
  assert.ok(descriptors() >= before + 200);
  for (let tries = 0; tries < 20 && descriptors() > before; tries += 1) {
    collect();
    await delay(10);
  }
  assert.ok(descriptors() <= before, `${descriptors()} of ${before}`);
});

test("a thread that ends, or is ended, with watched descriptors leaves none, and the process lives on", async () => {
  const before = descriptors();
  for (const end of ["terminates", "exits", "returns"]) {
    const workers = Array.from({ length: 4 }, () => {
      return new Worker(join(import.meta.dirname, "watching-thread.ts"), { workerData: end });
    });
    await Promise.all(
      workers.map(async (worker) => {
        const exited = once(worker, "exit");
        await once(worker, "message");
        if (end === "terminates") await worker.terminate();
        await exited;
      }),
    );
  }
  // Node's own pipes to its threads close a little later.
  for (let tries = 0; tries < 50 && descriptors() > before; tries += 1) await delay(20);
  assert.ok(descriptors() <= before, `${descriptors()} of ${before}`);
});

test("a request to a device is a promise of its answer or errno, and 64 at once do not wait for the loop", async () => {
  assert.equal(await addon.exchangeNsm("/dev/no-such-device", Uint8Array.of(1)), ENOENT);
  assert.equal(await addon.exchangeNsm("/dev/null", Uint8Array.of(1)), ENOTTY);
  assert.equal(await addon.exchangeNsm("/dev/null", new Uint8Array(4096)), ENOTTY);
  assert.equal(await addon.exchangeNsm("/dev/null", new Uint8Array(4097)), EMSGSIZE);
  assert.equal(await addon.exchangeNsm("/dev/null", new Uint8Array(0)), EINVAL);
  assert.equal(await addon.exchangeNsm(`/dev/${"a".repeat(300)}`, Uint8Array.of(1)), EINVAL);
  assert.equal(await addon.exchangeNsm("/dev/null\0", Uint8Array.of(1)), EINVAL);
  const before = descriptors();
  const all = await Promise.all(
    Array.from({ length: 64 }, () => addon.exchangeNsm("/dev/null", Uint8Array.of(1))),
  );
  assert.ok(all.every((answer) => answer === ENOTTY));
  assert.equal(descriptors(), before);
});

test("entropy of no size or too large a one is refused", () => {
  for (const size of [0, 513]) assert.equal(addon.addEntropy(new Uint8Array(size)), EINVAL);
});
