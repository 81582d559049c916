// The file of rows that do not fit in memory: nothing readable in it, nothing left of it.
import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, readdirSync, readlinkSync, rmSync, writeSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import test, { after, before } from "node:test";
import { SpillFile } from "../../owner/order/spill-file.ts";
import { Cleanups } from "../local/kms/rig.ts";
import { refused } from "./refused.ts";
import { startOwnerRig, type OwnerRig } from "./rig.ts";

const cleanups = new Cleanups();
const directory = mkdtempSync(join(tmpdir(), "sealroom-spill-"));
let rig: OwnerRig;
before(async () => {
  rig = await startOwnerRig(cleanups);
});
after(async () => {
  rmSync(directory, { recursive: true });
  await cleanups.run();
});

const CANARY = "CANARY-OF-THE-SPILL";
const hasDescriptors = process.platform === "linux" ? {} : { skip: "needs /proc" };

/** Files without a name that this process holds open. */
function spilled(): readonly string[] {
  return readdirSync("/proc/self/fd").flatMap((descriptor) => {
    const path = `/proc/self/fd/${descriptor}`;
    try {
      return /sealroom-[0-9a-f]{32} \(deleted\)$/.test(readlinkSync(path)) ? [path] : [];
    } catch {
      return [];
    }
  });
}

test("pages come back as they were written", () => {
  const spill = new SpillFile(directory);
  const pages = [1, 5_000, 70_000].map((length, i) => new Uint8Array(length).fill(i + 1));
  const places = pages.map((page) => spill.write(page));
  for (const [i, place] of [...places.entries()].reverse()) {
    const into = new Uint8Array(place.bytes);
    spill.read(place, into);
    assert.deepEqual(into, pages[i]);
  }
  spill.close();
});

test(
  "the file has no name, its bytes are not the rows, and a changed or moved page is refused",
  hasDescriptors,
  async () => {
    const spill = new SpillFile(directory);
    const plain = Buffer.from(CANARY.repeat(1_000));
    const [first, second] = [spill.write(plain), spill.write(plain)];
    assert.deepEqual(readdirSync(directory), []);
    const [path = ""] = spilled();
    const bytes = readFileSync(path);
    assert.equal(bytes.length, spill.bytes);
    assert.ok(!bytes.includes(CANARY));
    // Equal pages do not look equal.
    assert.notDeepEqual(bytes.subarray(0, 1_000), bytes.subarray(second.at, second.at + 1_000));
    await refused("OWNER_SPILL", () => {
      spill.read({ ...first, at: second.at }, new Uint8Array(plain.length));
    });
    const descriptor = Number(path.split("/").at(-1));
    writeSync(descriptor, Buffer.from([(bytes[100] ?? 0) ^ 1]), 0, 1, 100);
    await refused("OWNER_SPILL", () => {
      spill.read(first, new Uint8Array(plain.length));
    });
    spill.close();
    assert.deepEqual(spilled(), []);
  },
);

test("a directory that cannot be written to is refused", async () => {
  const spill = new SpillFile(join(directory, "nowhere"));
  await refused("OWNER_SPILL", () => spill.write(new Uint8Array(1)), { fault: "ENOENT" });
});

const SCHEMA = "unit: who\ncolumns:\n  who: { type: utf8, role: unit }\n  s: { type: utf8, role: hidden }\n";

for (const ending of ["that succeeds", "that is stopped"] as const) {
  test(
    `a seal ${ending} spills without a name, without a readable byte, and leaves nothing`,
    hasDescriptors,
    async () => {
      const rows = Array.from(
        { length: 40_000 },
        (_, i) => `person ${i % 9_000},${CANARY} ${i} ${"y".repeat(80)}\n`,
      );
      const file = await rig.file("spilled.csv", `who,s\n${rows.join("")}`);
      const controller = new AbortController();
      let seen = 0;
      const run = rig.seal({
        inputs: [file],
        schema: SCHEMA,
        prefix: `${ending}/`,
        limits: { memoryBytes: 4_000_000, threads: 1 },
        signal: controller.signal,
        onProgress: ({ step, rows: sealed }) => {
          if (step !== "seal" || sealed === 0 || seen > 0) return;
          for (const path of spilled()) {
            const bytes = readFileSync(path);
            seen += bytes.length;
            assert.ok(!bytes.includes("CANARY"));
          }
          if (ending === "that is stopped") controller.abort();
        },
      });
      if (ending === "that succeeds") assert.equal((await run).rows, rows.length);
      else await assert.rejects(run, { name: "AbortError" });
      assert.ok(seen > 1_000_000, `${seen} bytes were spilled`);
      assert.deepEqual(spilled(), []);
    },
  );
}
