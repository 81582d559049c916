// Ten thousand canaries in a tokenization pipeline: none of them in a byte that leaves the enclave, in any encoding, and
// in the copy that its owner opens only where an operator lets them through. A planted leak is found.
import assert from "node:assert/strict";
import { after, test } from "node:test";
import { parseTable } from "../../core/column/table.ts";
import { openResult } from "../../core/receipt/sealed-result.ts";
import type { Hit } from "../canary/search.ts";
import { runProgram } from "../host/program.ts";
import { copyTree } from "../host/tree.ts";
import { KEPT, PUT_ASIDE, ROWS, runCanaries, SECRET } from "./canary-run.ts";
import { rowsOf } from "./house.ts";
import { ManyCanaries } from "./many.ts";

const { house, ran, recorded, close } = await runCanaries();
after(close);
const all = new ManyCanaries([...SECRET, ...KEPT]);

test("none of ten thousand canaries is in a byte that left the enclave, in any of more than ten encodings", () => {
  assert.equal(SECRET.length + KEPT.length, 10_000);
  const left = recorded.reduce((sum, { bytes }) => sum + bytes.length, 0);
  assert.ok(left > 500_000, `${left} bytes were searched`);
  for (const channel of ["control", "gateway", "tunnel"]) {
    assert.ok(
      recorded.some((tape) => tape.channel === channel && tape.bytes.length > 0),
      channel,
    );
  }
  assert.deepEqual(all.find(recorded), []);
});

test("in the copy that its owner opens only what is kept is found, and all of that", async () => {
  const copy = await house.copyOf(ran, "copy");
  assert.equal(copy.length, ROWS);
  const text = Buffer.from(JSON.stringify(copy));
  const opened = [{ channel: "stdout", bytes: text }] as const;
  const names = new Set(KEPT.map((canary) => canary.name));
  const hits = all.find(opened);
  assert.deepEqual(
    hits.filter(({ canary }) => !names.has(canary)),
    [],
  );
  assert.equal(hits.filter(({ encoding }) => encoding === "as it is").length, ROWS);
});

test("what was put aside is found by the owner who opens the report, and by nobody else", async () => {
  const [name] = (await house.list("copy/")).filter((key) => key.endsWith("quarantine.jwe"));
  const rows = rowsOf(parseTable(await openResult(await house.read(name ?? ""), house.owner.sealingPrivate)));
  assert.deepEqual(new Set(rows.map(({ value }) => value)), PUT_ASIDE);
});

test("the search finds a value as it is, in the clear in an object, and packed in base64url", () => {
  const bytesOf = (at: number): Buffer => Buffer.from(SECRET[at]?.bytes ?? new Uint8Array(8));
  const leaks = [
    { channel: "gateway", bytes: Buffer.concat([Buffer.from('{"name":"'), bytesOf(0)]) },
    { channel: "gateway", bytes: bytesOf(4_321).map((byte) => byte ^ 0xff) },
    { channel: "control", bytes: Buffer.from(`xx${bytesOf(8_999).toString("base64url")}`) },
  ] as const;
  const hits = all.find([...recorded, ...leaks]);
  for (const [at, encoding] of [
    [0, "as it is"],
    [4_321, "inverted"],
    [8_999, "base64url"],
  ] as const) {
    assert.ok(hits.some((hit) => hit.canary === SECRET[at]?.name && hit.encoding === encoding));
  }
  assert.equal(new Set(hits.map(({ canary }) => canary)).size, 3);
});

test("a planted leak is found: an object that is put beside its sealed frames", async () => {
  const put = "for (const frame of this.#message.push(chunk)) await this.#put(frame);";
  const plants = [
    { file: "enclave-worker/output-object.ts", find: put, replace: `${put}\n      await this.#put(chunk);` },
  ];
  const { root, remove } = await copyTree(plants, ["test/tokens", "test/canary"]);
  try {
    const hits = JSON.parse(await runProgram(root, "test/tokens/leaky.ts", [])) as Hit[];
    assert.ok(hits.some(({ encoding, channel }) => encoding === "as it is" && channel === "gateway"));
  } finally {
    await remove();
  }
});
