// Connecting and listening through the addon, over AF_UNIX: refusals by name, time limits, and a process that runs out of
// descriptors.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFile, rm } from "node:fs/promises";
import { createInterface } from "node:readline";
import { join } from "node:path";
import { test } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import { ByteStream } from "../../core/wire/byte-stream.ts";
import { DescriptorStream } from "../../transport/descriptor-stream.ts";
import { connectChannel, listenChannel, SocketChannel } from "../../transport/socket-channel.ts";
import type { Addon } from "../../transport/native/addon.ts";
import { loadAddon } from "../../transport/native/addon.ts";
import { copyTree } from "../host/tree.ts";
import { refuses } from "../host/refusal.ts";
import { openSockets, unixAddress } from "./pair.ts";

const ENOSPC = -28;

test("a place that nobody listens to, and one that is taken, are TRANSPORT_CONNECT with the kernel's name for it", async () => {
  const before = openSockets().length;
  const address = unixAddress();
  const refused = await refuses("TRANSPORT_CONNECT", connectChannel(address, 1000));
  assert.deepEqual(refused.details, { ...address.named, errno: "ECONNREFUSED" });
  const listening = listenChannel(address, (channel) => {
    channel.close();
  });
  const taken = await refuses(
    "TRANSPORT_CONNECT",
    Promise.resolve().then(() => listenChannel(address, () => undefined)),
  );
  assert.deepEqual(taken.details, { ...address.named, errno: "EADDRINUSE" });
  listening.close();
  assert.equal(openSockets().length, before);
});

/** An addon whose sockets connect as the test says. */
function acting(parts: Partial<Addon>): { readonly addon: Addon; readonly ready: (events: number) => void } {
  let told: (events: number) => void = () => undefined;
  const addon: Addon = {
    ...loadAddon(),
    watch: (_, ready) => {
      told = ready;
      return 0;
    },
    want: () => 0,
    close: () => 0,
    ...parts,
  };
  return {
    addon,
    ready: (events) => {
      told(events);
    },
  };
}

test("a descriptor that cannot be watched is closed, and its errno passed on", () => {
  let closed = 0;
  const { addon } = acting({ watch: () => ENOSPC, close: () => (closed += 1) });
  const descriptor = addon.socket(1);
  assert.equal(SocketChannel.of(addon, descriptor), ENOSPC);
  assert.equal(SocketChannel.of(addon, -24), -24);
  assert.equal(closed, 1);
  if (typeof descriptor === "object") loadAddon().close(descriptor);
});

test("400 connections at once are all accepted, each once", async () => {
  const address = unixAddress();
  const accepted: SocketChannel[] = [];
  const listening = listenChannel(address, (channel) => accepted.push(channel));
  const dialled = await Promise.all(Array.from({ length: 400 }, () => connectChannel(address, 60_000)));
  while (accepted.length < 400) await delay(5);
  assert.equal(accepted.length, 400);
  for (const channel of [...dialled, ...accepted]) channel.close();
  listening.close();
});

test("a listener in a process without a descriptor left neither dies nor spins, and serves when there is one again", async (t) => {
  const address = unixAddress();
  const name = String(address.named["name"]);
  // The limit is the shell's to set, for itself and what it becomes.
  const command = 'ulimit -n 64 && exec "$0" "$1" "$2"';
  const program = join(import.meta.dirname, "exhausted.ts");
  const child = spawn("sh", ["-c", command, process.execPath, program, name], {
    stdio: ["pipe", "pipe", "inherit"],
  });
  t.after(() => child.kill("SIGKILL"));
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const next = async (): Promise<unknown> => JSON.parse(String((await lines.next()).value));
  assert.deepEqual(await next(), { listening: true });
  const waiting = await Promise.all(Array.from({ length: 8 }, () => connectChannel(address, 1000)));
  const streams = waiting.map((channel) => new ByteStream(new DescriptorStream(channel), 60_000));
  const answers = streams.map(async (stream) => {
    await stream.write(Uint8Array.of(7));
    return stream.read(1);
  });
  const { turns } = (await next()) as { turns: number };
  // Told of the same connection in every turn, it would have made thousands.
  assert.ok(turns < 500, String(turns));
  for (const answer of await Promise.all(answers)) assert.deepEqual(answer, Uint8Array.of(7));
  for (const stream of streams) stream.destroy();
  child.stdin.end();
  const [code] = (await once(child, "exit")) as [number];
  assert.equal(code, 0);
});

test("where no addon was built for the platform, the worker refuses by that name and nothing stands in", async () => {
  const { root, remove } = await copyTree([]);
  try {
    await rm(join(root, "transport/native/prebuilt"), { recursive: true });
    const child = spawn(process.execPath, [join(root, "enclave-worker/main.ts")], { env: {} });
    let said = "";
    child.stderr.on("data", (chunk: Buffer) => (said += chunk.toString()));
    const [code] = (await once(child, "close")) as [number];
    assert.notEqual(code, 0);
    assert.match(said, /code: 'TRANSPORT_UNAVAILABLE'/);
    assert.match(said, new RegExp(`platform: '${process.platform}-${process.arch}'`));
  } finally {
    await remove();
  }
});

test("the addon's file is one for each platform that an enclave runs on", async () => {
  for (const architecture of ["x64", "arm64"]) {
    const path = join(import.meta.dirname, `../../transport/native/prebuilt/linux-${architecture}.node`);
    const header = (await readFile(path)).subarray(0, 20);
    assert.equal(header.toString("latin1", 1, 4), "ELF");
    // e_machine: EM_X86_64, EM_AARCH64.
    assert.equal(header.readUInt16LE(18), architecture === "x64" ? 62 : 183);
  }
});
