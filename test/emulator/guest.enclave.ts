// Transport and devices with the real parts: a guest whose program tries its NSM, its surroundings and vsock within
// itself, and then this machine and that guest with each other. Its host adds 30 hostile words to its command line.
import assert from "node:assert/strict";
import { readdirSync } from "node:fs";
import { after, test } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import { connectHybrid } from "../../transport/hybrid-vsock.ts";
import { ByteStream } from "../../core/wire/byte-stream.ts";
import { refuses } from "../host/refusal.ts";
import { command, HOST_CASES } from "./guest/host-cases.ts";
import type { Command } from "./guest/command.ts";
import { TRANSFER_PORT } from "./guest/command.ts";
import { HOSTILE_WORDS } from "./hostile-words.ts";
import { openStage, PATIENCE } from "./stage.ts";

const stage = await openStage();
const machine = await stage.boot("guest", "guest", { words: HOSTILE_WORDS });
after(async () => {
  await machine.stop();
  await stage.close();
});

for (const run of ["hostile", "devices", "loopback"] as const satisfies readonly Command["run"][]) {
  test(`in the guest: ${run}`, PATIENCE, async (t) => {
    let cases = 0;
    await command(machine.uds, { run }, async ({ name, error, ms }) => {
      cases += 1;
      await t.test(`${name} (${ms} ms in the guest)`, () => {
        assert.equal(error, null);
      });
    });
    assert.ok(cases > 3);
  });
}

for (const [name, work] of HOST_CASES) {
  test(name, PATIENCE, async (t) => {
    const began = performance.now();
    await work(machine.uds);
    t.diagnostic(`${((performance.now() - began) / 1000).toFixed(1)} s`);
  });
}

/** Of this process, when it has come to rest. */
async function descriptors(): Promise<number> {
  await delay(500);
  return readdirSync("/proc/self/fd").length;
}

test("200 connections to the guest, half of them cut off, leave no descriptor behind", PATIENCE, async () => {
  const before = await descriptors();
  for (let round = 0; round < 200; round += 1) {
    const stream = new ByteStream(await connectHybrid(machine.uds, TRANSFER_PORT), 10_000);
    if (round % 2 === 0) await stream.write(new Uint8Array(4));
    stream.destroy();
  }
  assert.equal(await descriptors(), before);
});

// The last of all: there is no guest afterwards.
test(
  "a guest that is killed ends what it was in the middle of, and is not reached again",
  PATIENCE,
  async () => {
    const request = Buffer.alloc(12);
    request.writeUInt32BE(2, 0);
    request.writeUInt32BE(1 << 30, 8);
    const stream = new ByteStream(await connectHybrid(machine.uds, TRANSFER_PORT), 60_000);
    await stream.write(request);
    await stream.read(1_000_000);
    const reading = refuses("TRANSPORT_CLOSED", stream.read(1 << 29));
    await machine.stop();
    await reading;
    await refuses("TRANSPORT_CONNECT", connectHybrid(machine.uds, TRANSFER_PORT, 1_000));
  },
);
