// What the host sees follows from plan, rules and layout: for data sets of one shape it is the same, message for message,
// whatever their values, in jobs that are done and in jobs that are refused.
import assert from "node:assert/strict";
import { after, test } from "node:test";
import { writePiece, writePutRequest } from "../../core/wire/gateway.ts";
import { openResult } from "../../core/receipt/sealed-result.ts";
import { resultOf } from "../host/answer.ts";
import { runProgram } from "../host/program.ts";
import { ReusedTrees } from "../host/reused-trees.ts";
import type { Replacement } from "../host/tree.ts";
import { startWorld } from "../host/world.ts";
import { written } from "../wire/pair.ts";
import { openSource, runShape, SHAPES } from "./jobs.ts";
import type { Run } from "./jobs.ts";
import { differences, transcriptOf } from "./transcript.ts";
import type { Transcript } from "./transcript.ts";
import { STYLES } from "./values.ts";

const PAIRS_EACH = (STYLES.length * (STYLES.length - 1)) / 2;

// One thread: of two, the order in which they connect is left to chance.
const world = await startWorld({ threads: 1 });
after(() => world.close());
const source = await openSource(world);

test("there are 200 pairs and more, a quarter of the jobs refused", () => {
  assert.ok(SHAPES.length * PAIRS_EACH >= 200);
  assert.ok(SHAPES.filter(({ end }) => end !== "done").length * 4 >= SHAPES.length);
});

for (const [index, shape] of SHAPES.entries()) {
  test(`data of one shape gives one transcript: ${shape.name} (${shape.end})`, async () => {
    const runs: Run[] = [];
    for (const [at, style] of STYLES.entries()) {
      runs.push(await runShape(world, source, shape, { style, seed: 1000 * index + at }));
    }
    for (const { event } of runs) assert.equal(event.type === "refused" ? event.code : event.type, shape.end);
    for (const [at, run] of runs.entries()) {
      for (const other of runs.slice(at + 1)) {
        assert.deepEqual(differences(run.transcript, other.transcript), []);
      }
    }
  });
}

test("a piece of a put that is a byte longer shows, one more too, and the random name of a run does not", async () => {
  const saw = async (run: string, lengths: readonly number[]): Promise<readonly Transcript[]> => {
    const bytes = await written(async (stream) => {
      await writePutRequest(stream, { job: "0123456789abcdef", name: `${run}/part-00000.sealed` });
      for (const length of lengths) await writePiece(stream, new Uint8Array(length));
      await writePiece(stream, new Uint8Array(0));
      await writePutRequest(stream, { job: "0123456789abcdef", name: `${run}/part-00001.sealed` });
    });
    return transcriptOf([{ channel: "gateway", bytes, sent: new Uint8Array(0) }]);
  };
  const first = await saw("00000000000000aa", [10, 70_000]);
  assert.deepEqual(differences(first, await saw("00000000000000bb", [10, 70_000])), []);
  assert.equal(differences(first, await saw("00000000000000aa", [10, 70_001])).length, 1);
  assert.equal(differences(first, await saw("00000000000000aa", [10, 70_000, 1])).length, 1);
});

test("the values do show in the results that the recipient opens", async () => {
  const shape = SHAPES.find(({ name }) => name === "by dictionary") ?? assert.fail();
  const opened = new Set<string>();
  for (const style of STYLES) {
    const { event } = await runShape(world, source, shape, { style, seed: 1 });
    opened.add(Buffer.from(await openResult(resultOf(event), world.analyst.privateKey)).toString("hex"));
  }
  assert.equal(opened.size, STYLES.length);
});

interface Leak {
  readonly name: string;
  readonly plants: readonly Replacement[];
  /** In what differs. */
  readonly found: RegExp;
}

const LEAKS: readonly Leak[] = [
  {
    name: "a batch is not read when the rows before it had no group",
    plants: [
      {
        file: "enclave-worker/object-table.ts",
        find: "    await use(batch);\n",
        replace:
          "    await use(batch);\n    if (batch.columns.some(({ validity }) => validity?.[0] === 0)) break;\n",
      },
    ],
    found: /gateway, out/,
  },
  {
    name: "a result is as long as its table",
    plants: [
      {
        file: "core/receipt/padding.ts",
        find: "paddedLength(Math.max(result.length, atLeast))",
        replace: "LENGTH_BYTES + result.length",
      },
    ],
    found: /control, out/,
  },
  {
    name: "progress counts what was computed",
    plants: [
      {
        file: "enclave-worker/compute.ts",
        find: "bytes: seen.bytes });",
        replace: "bytes: seen.bytes + (result.partial.levels[0]?.groups ?? 0) });",
      },
    ],
    found: /control, out .*progress/,
  },
  {
    name: "a job is refused when nothing passes",
    plants: [
      {
        file: "jobs/aggregate/gate.ts",
        find: "  const ordered = limitRowsBy(program, orderRows(program, kept));\n",
        replace:
          '  const ordered = limitRowsBy(program, orderRows(program, kept));\n  if (ordered.length === 0) throw new PolicyError("GATE_GROUPS");\n',
      },
    ],
    found: /control, out .*refused/,
  },
];

const copies = new ReusedTrees(["test/transcript", "test/aggregate"], 1);
after(() => copies.remove());

for (const { name, plants, found } of LEAKS) {
  test(`a planted leak is found: ${name}`, async () => {
    const printed = await copies.use(plants, (root) => runProgram(root, "test/transcript/leaky.ts", []));
    const lines = JSON.parse(printed) as readonly string[];
    assert.ok(
      lines.some((line) => found.test(line)),
      lines.join("\n"),
    );
  });
}
