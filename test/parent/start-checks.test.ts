// What nitro-cli or the driver would refuse of one start is said before, with numbers that would do.
import assert from "node:assert/strict";
import test from "node:test";
import fc from "fast-check";
import type { Finding } from "../../host-driver/enclave/finding.ts";
import type { Description } from "../../host-driver/enclave/nitro-answers.ts";
import { readParent } from "../../host-driver/enclave/parent.ts";
import { checkStart, chooseResources, leastMemoryMiB } from "../../host-driver/enclave/start-checks.ts";
import type { StartFacts, StartRequest } from "../../host-driver/enclave/start-checks.ts";
import { POOL, asMachine, makeParent, pages } from "./machine.ts";
import type { Made } from "./machine.ts";

const MIB = 2 ** 20;
const NOTHING: StartRequest = { memoryMiB: null, cpus: null, cid: null };

async function makeFacts(change: (made: Made) => void = () => undefined): Promise<StartFacts> {
  const made = makeParent();
  change(made);
  return { parent: await readParent(asMachine(made)), imageBytes: 150 * MIB, running: [] };
}

function running(at: number, changes: Partial<Description> = {}): Description {
  return {
    id: `i-0abc-enc${at}`,
    name: "sealroom",
    cid: 16 + at,
    pid: 4000 + at,
    cpus: [],
    memoryMiB: 256,
    state: "RUNNING",
    mode: "production",
    measurements: null,
    ...changes,
  };
}

function find(findings: readonly Finding[], check: string): Finding {
  const found = findings.find((finding) => finding.check === check);
  assert.ok(found !== undefined);
  return found;
}

test("what is not asked for is all that is free", async () => {
  const facts = await makeFacts();
  assert.deepEqual(chooseResources(NOTHING, facts), { memoryMiB: 2048, cpus: 2 });
  const held = { ...facts, running: [running(0, { cpus: [1, 3] })] };
  assert.deepEqual(chooseResources(NOTHING, held), { memoryMiB: 2048, cpus: 0 });
  assert.deepEqual(chooseResources({ memoryMiB: 700, cpus: 1, cid: null }, facts), {
    memoryMiB: 700,
    cpus: 1,
  });
});

test("a start that can be has nothing to mend", async () => {
  for (const finding of checkStart(NOTHING, await makeFacts())) {
    assert.equal(finding.level, "ok", finding.what);
  }
});

test("memory below 4 times the image is refused, and the least that does is named", async () => {
  const facts = await makeFacts();
  const found = find(checkStart({ ...NOTHING, memoryMiB: 599 }, facts), "memory");
  assert.equal(found.level, "fix");
  assert.ok(found.commands.includes("sealroom enclave start IMAGE --memory 600"));
  assert.equal(find(checkStart({ ...NOTHING, memoryMiB: 600 }, facts), "memory").level, "ok");
});

test("the least memory is what nitro-cli takes and one MiB less is not, for an image of any size", () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 2 ** 34 }), (bytes) => {
      const least = leastMemoryMiB(bytes);
      assert.ok(least >= 64 && least * MIB >= 4 * bytes);
      // nitro-cli names whole MiB of the image, times 4.
      assert.ok(least === 64 || (least - 4) * MIB < 4 * bytes);
    }),
  );
});

test("more memory than one node has free is refused, and what holds it is to be looked for", async () => {
  const facts = await makeFacts(({ files }) => {
    for (const [path, text] of [...pages(0, 2048, 1024, 300), ...pages(1, 2048, 1024, 400)]) {
      files.set(path, text);
    }
  });
  const found = find(checkStart({ ...NOTHING, memoryMiB: 1000 }, facts), "hugepages");
  assert.equal(found.level, "fix");
  // Two nodes have 1400 MiB together, and an enclave takes its memory from one.
  assert.match(found.what, /has 800 MiB/);
  assert.ok(found.commands.some((line) => line.includes("memory_mib: 2248")));
});

test("memory that would leave most of a page of 1 GiB idle is a warning", async () => {
  const facts = await makeFacts(({ files }) => {
    for (const [path, text] of [...pages(0, 2048, 0, 0), ...pages(0, 1_048_576, 2, 2)]) files.set(path, text);
  });
  const found = find(checkStart({ ...NOTHING, memoryMiB: 1100 }, facts), "hugepages");
  assert.equal(found.level, "warn");
  assert.deepEqual(found.commands, ["sealroom enclave start IMAGE --memory 2048"]);
  assert.equal(find(checkStart({ ...NOTHING, memoryMiB: 2048 }, facts), "hugepages").level, "ok");
});

test("half a core is refused, and a whole one named", async () => {
  const found = find(checkStart({ ...NOTHING, cpus: 1 }, await makeFacts()), "cpus");
  assert.equal(found.level, "fix");
  assert.deepEqual(found.commands, ["sealroom enclave start IMAGE --cpus 2"]);
});

test("more CPUs than are free are refused, with the count that the allocator would need", async () => {
  const facts = await makeFacts();
  const found = find(checkStart({ ...NOTHING, cpus: 3 }, facts), "cpus");
  assert.equal(found.level, "fix");
  assert.ok(found.commands.some((line) => line.includes("cpu_count: 4")));
  const held = find(checkStart(NOTHING, { ...facts, running: [running(0, { cpus: [1, 3] })] }), "cpus");
  assert.match(held.what, /no CPU is left of 2/);
  assert.ok(held.commands.some((line) => line.includes("cpu_count: 4")));
});

test("a fifth enclave is refused, and one to stop is named", async () => {
  const facts = await makeFacts(({ files }) => files.set(POOL, "1,3"));
  const four = [0, 1, 2, 3].map((at) => running(at));
  const found = find(checkStart(NOTHING, { ...facts, running: four }), "enclaves");
  assert.equal(found.level, "fix");
  assert.deepEqual(found.commands, ["sealroom enclave stop i-0abc-enc0"]);
  assert.equal(find(checkStart(NOTHING, { ...facts, running: four.slice(1) }), "enclaves").level, "ok");
});

test("an enclave in debug mode beside it is a warning, with the command that stops it", async () => {
  const facts = await makeFacts();
  const found = find(checkStart(NOTHING, { ...facts, running: [running(7, { mode: "debug" })] }), "enclaves");
  assert.equal(found.level, "warn");
  assert.deepEqual(found.commands, ["sealroom enclave stop i-0abc-enc7"]);
});

test("a CID that another enclave has is refused, and a free one named", async () => {
  const facts = await makeFacts();
  const others = { ...facts, running: [running(0), running(1)] };
  const found = find(checkStart({ ...NOTHING, cid: 17 }, others), "cid");
  assert.equal(found.level, "fix");
  assert.ok(found.commands.includes("sealroom enclave start IMAGE --cid 18"));
  assert.equal(find(checkStart({ ...NOTHING, cid: 18 }, others), "cid").level, "ok");
});

test("what is advised of memory and CPUs passes the same checks", async () => {
  const facts = await makeFacts(({ files }) => files.set(POOL, "1,3,5,7"));
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 4000 }), fc.integer({ min: 1, max: 8 }), (memoryMiB, cpus) => {
      for (const { level, commands } of checkStart({ memoryMiB, cpus, cid: null }, facts)) {
        if (level !== "fix") continue;
        const again = commands.flatMap((line) => {
          const [, name, value] = /IMAGE --(memory|cpus) (\d+)$/.exec(line) ?? [];
          return name === undefined ? [] : [{ name, value: Number(value) }];
        });
        for (const { name, value } of again) {
          const request =
            name === "memory" ? { memoryMiB: value, cpus: 2 } : { memoryMiB: 2048, cpus: value };
          const own = find(checkStart({ ...request, cid: null }, facts), name);
          assert.equal(own.level, "ok", own.what);
        }
      }
    }),
  );
});
