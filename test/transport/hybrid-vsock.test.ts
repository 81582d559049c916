// The host's end of an emulator's vsock, against a device that answers in any manner.
import assert from "node:assert/strict";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { connect, createServer } from "node:net";
import type { Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import type { TestContext } from "node:test";
import { ByteStream } from "../../core/wire/byte-stream.ts";
import { connectHybrid, hybridListener } from "../../transport/hybrid-vsock.ts";
import { refuses } from "../host/refusal.ts";
import { openSockets } from "./pair.ts";

/** A device's socket; `behave` gets each connection and the first line that came on it. */
async function device(
  t: TestContext,
  behave: (connection: Socket, line: string) => void,
): Promise<{ readonly path: string; readonly connections: Socket[] }> {
  const folder = await mkdtemp(join(tmpdir(), "sealroom-hybrid-"));
  const path = join(folder, "v");
  const connections: Socket[] = [];
  const server = createServer((connection) => {
    connections.push(connection);
    connection.on("error", () => undefined);
    connection.once("data", (chunk) => {
      behave(connection, chunk.toString("latin1"));
    });
  });
  await new Promise<void>((resolve) => server.listen(path, resolve));
  t.after(async () => {
    for (const connection of connections) connection.destroy();
    server.close();
    await rm(folder, { recursive: true });
  });
  return { path, connections };
}

async function closed(connection: Socket | undefined): Promise<void> {
  if (connection?.destroyed === false) await new Promise((resolve) => connection.once("close", resolve));
}

test("asks for the port by a line, and what comes after the answer is the guest's, however it is cut", async (t) => {
  const answers = [["OK 5000\nhello"], ["O", "K 5000", "\n", "hello"], ["OK 1073741824\nhe", "llo"]];
  for (const pieces of answers) {
    const lines: string[] = [];
    const { path } = await device(t, (connection, line) => {
      lines.push(line);
      void (async (): Promise<void> => {
        for (const piece of pieces) {
          connection.write(piece);
          await new Promise((resolve) => setImmediate(resolve));
        }
      })();
    });
    const stream = new ByteStream(await connectHybrid(path, 5000), 10_000);
    assert.equal(Buffer.from(await stream.read(5)).toString(), "hello");
    assert.deepEqual(lines, ["CONNECT 5000\n"]);
    stream.destroy();
  }
});

test("both ways carry bytes after the answer", async (t) => {
  const { path } = await device(t, (connection) => {
    connection.write("OK 5000\n");
    connection.pipe(connection);
  });
  const stream = new ByteStream(await connectHybrid(path, 5000), 10_000);
  const bytes = Uint8Array.from({ length: 300_000 }, (_, index) => index % 251);
  const [, back] = await Promise.all([stream.write(bytes), stream.read(bytes.length)]);
  assert.deepEqual(back, bytes);
  stream.destroy();
});

test("an answer of any other form is no connection, and nothing is left of it", async (t) => {
  const before = openSockets().length;
  const wrong = ["ERR\n", "OK\n", "OK \n", "OK x\n", "ok 5000\n", "OK 5000\r\n", "OK 99999999999\n", "\n"];
  for (const answer of [...wrong, "O".repeat(15), "K".repeat(100_000)]) {
    const { path, connections } = await device(t, (connection) => connection.write(answer));
    const refusal = await refuses("TRANSPORT_CONNECT", connectHybrid(path, 5000));
    assert.deepEqual(refusal.details, { port: 5000 }, answer.slice(0, 20));
    await closed(connections[0]);
  }
  // The devices of this test listen on.
  assert.ok(openSockets().length <= before + wrong.length + 2);
});

test("a device that closes, and one that never answers, are told apart", async (t) => {
  const closing = await device(t, (connection) => connection.destroy());
  assert.deepEqual((await refuses("TRANSPORT_CONNECT", connectHybrid(closing.path, 5000))).details, {
    port: 5000,
  });
  for (const begun of ["", "OK 50"]) {
    const silent = await device(t, (connection) => connection.write(begun));
    const refusal = await refuses("TRANSPORT_TIMEOUT", connectHybrid(silent.path, 5000, 100));
    assert.deepEqual(refusal.details, { port: 5000 });
    await closed(silent.connections[0]?.resume());
  }
  await refuses("TRANSPORT_CONNECT", connectHybrid(join(silentFolder(), "none"), 5000));
});

function silentFolder(): string {
  return join(tmpdir(), "sealroom-no-such-folder");
}

test("what the guest dials comes in on the socket that is named by the port", async (t) => {
  const { path } = await device(t, () => undefined);
  let came = "";
  const listener = await hybridListener(path, 5001).accept((connection) => {
    connection.on("error", () => undefined);
    connection.on("data", (chunk: Buffer) => (came += chunk.toString()));
  });
  const guest = connect(`${path}_5001`);
  guest.write("from the guest");
  while (came.length < 14) await new Promise((resolve) => setImmediate(resolve));
  assert.equal(came, "from the guest");
  const closed = once(guest, "close");
  await listener.close();
  await closed;
  const refusal = connect(`${path}_5001`);
  const [error] = (await once(refusal, "error")) as [NodeJS.ErrnoException];
  assert.ok(["ENOENT", "ECONNREFUSED"].includes(error.code ?? ""));
});
