// An enclave's address, and the ways that follow from it.
import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { connect, createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import type { TestContext } from "node:test";
import { ByteStream } from "../../core/wire/byte-stream.ts";
import { parseEnclaveAddress } from "../../host-driver/enclave-address.ts";
import { enclaveLink } from "../../host-driver/enclave-link.ts";
import { takeTurn } from "../../host-driver/turn.ts";
import { refuses } from "../host/refusal.ts";

async function folder(t: TestContext): Promise<string> {
  const made = await mkdtemp(join(tmpdir(), "sealroom-link-"));
  t.after(() => rm(made, { recursive: true }));
  return made;
}

test("an address is of one of three kinds, written in one way", () => {
  assert.deepEqual(parseEnclaveAddress("unix:/run/x"), { kind: "unix", directory: "/run/x" });
  assert.deepEqual(parseEnclaveAddress("emulator:/run/v"), { kind: "emulator", socketPath: "/run/v" });
  assert.deepEqual(parseEnclaveAddress("vsock:4"), { kind: "vsock", cid: 4 });
  assert.deepEqual(parseEnclaveAddress("vsock:4294967294"), { kind: "vsock", cid: 4_294_967_294 });
  const wrong = [
    "",
    "16",
    "unix",
    "unix:",
    "emulator:",
    "tcp:host",
    "UNIX:/x",
    " unix:/x",
    "vsock:",
    "vsock:x",
  ];
  const cids = ["-1", "0", "1", "2", "3", "03", "16.0", "1e3", "0x10", "16 ", "4294967295", "4294967312"];
  for (const text of [...wrong, ...cids.map((cid) => `vsock:${cid}`)]) {
    assert.throws(() => parseEnclaveAddress(text), { code: "ENCLAVE_ADDRESS" }, text);
  }
});

test("an emulator's enclave is dialled through its device's socket, and its own calls come in beside it", async (t) => {
  const socketPath = join(await folder(t), "v");
  const asked: string[] = [];
  const device = createServer((connection) => {
    connection.on("error", () => undefined);
    connection.once("data", (line) => {
      asked.push(line.toString());
      connection.write("OK 5000\nx");
    });
  });
  await new Promise<void>((resolve) => device.listen(socketPath, resolve));
  const link = enclaveLink(parseEnclaveAddress(`emulator:${socketPath}`));
  const stream = new ByteStream(await link.connect(), 10_000);
  assert.deepEqual(await stream.read(1), Uint8Array.of(0x78));
  assert.deepEqual(asked, ["CONNECT 5000\n"]);
  stream.destroy();
  device.close();
  for (const [port, number] of [
    ["gateway", 5001],
    ["tunnel", 5002],
  ] as const) {
    let admit: () => void = () => undefined;
    const accepted = new Promise<void>((resolve) => (admit = resolve));
    const listening = await link.listener(port).accept((connection) => {
      connection.on("error", () => undefined);
      admit();
    });
    const guest = connect(`${socketPath}_${number}`);
    await accepted;
    await listening.close();
    guest.destroy();
  }
});

test("one process at a time has an emulator's enclave, whichever way its socket is named", async (t) => {
  const made = await folder(t);
  const socketPath = join(made, "v");
  const device = createServer();
  await new Promise<void>((resolve) => device.listen(socketPath, resolve));
  t.after(() => device.close());
  const never = new AbortController();
  const release = await takeTurn({ kind: "emulator", socketPath }, never.signal);
  const waiting = new AbortController();
  const other = takeTurn({ kind: "emulator", socketPath: join(made, ".", "v") }, waiting.signal);
  waiting.abort(new Error("tired"));
  await assert.rejects(other, (error: Error) => error.name === "AbortError" || error.message === "tired");
  await release();
  const again = await takeTurn({ kind: "emulator", socketPath }, never.signal);
  await again();
  await refuses(
    "TRANSPORT_CONNECT",
    takeTurn({ kind: "emulator", socketPath: join(made, "none") }, never.signal),
  );
});

test("one process at a time serves enclaves over vsock, since gateway and tunnel are ports of the machine", async () => {
  const never = new AbortController();
  const release = await takeTurn({ kind: "vsock", cid: 16 }, never.signal);
  const waiting = new AbortController();
  const other = takeTurn({ kind: "vsock", cid: 17 }, waiting.signal);
  waiting.abort(new Error("tired"));
  await assert.rejects(other);
  await release();
});
