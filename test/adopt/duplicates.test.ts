// A dictionary that others wrote may hold a string twice, under two codes: they are one person, and one group.
import assert from "node:assert/strict";
import { test } from "node:test";
import * as arrow from "apache-arrow";
import type { Manifest } from "../../core/manifest/manifest.ts";
import { compileJob } from "../../query/job.ts";
import { readTable } from "../../enclave-worker/object-table.ts";
import { openSteps, Steps } from "../../enclave-worker/steps.ts";
import { Merge } from "../../jobs/aggregate/merge.ts";
import { compileProgram, startKernel, startMerge } from "../../jobs/registry.ts";
import { makeKey, manifestOf, RULES, SCHEMA } from "../host/dataset.ts";
import { BY_CITY } from "../host/host.ts";

function coded(codes: readonly number[], values: readonly string[], id: number): arrow.Vector {
  const type = new arrow.Dictionary(new arrow.Utf8(), new arrow.Int16(), id);
  const dictionary = arrow.vectorFromArray(values, new arrow.Utf8());
  return new arrow.Vector([arrow.makeData({ type, data: Int16Array.from(codes), dictionary })]);
}

test("a string that stands twice in a dictionary is one unit and one group", async () => {
  const person = coded([0, 1, 2, 3, 4, 5], ["ann", "ann", "bob", "bob", "eve", "eve"], 1);
  const city = coded([0, 1, 0, 1, 0, 1], ["x", "x"], 2);
  const amount = arrow.vectorFromArray([600, 600, 1, 1, 1, 1], new arrow.Int32());
  const plain = arrow.tableToIPC(new arrow.Table({ person, city, amount }), "file");
  const owner = await makeKey();
  const manifest: Manifest = {
    ...manifestOf({
      owner,
      dataset: "visits",
      epoch: 1,
      keyArn: "arn:aws:kms:us-east-1:000000000000:key/12345678-1234-1234-1234-123456789012",
      wrappedKey: Uint8Array.of(1),
      objects: [{ key: "a", format: "arrow", digest: "00".repeat(48), bytes: plain.length, rows: 6 }],
      rules: { ...RULES, recipients: [owner.publicKey] },
      notAfter: 2,
    }),
    unit: "scattered",
  };
  const { plan } = await compileJob(BY_CITY(owner.thumbprint), () => owner.publicKey);
  const program = compileProgram(plan, [manifest]);
  const kernel = startKernel(program);
  const columns = program.columns.map(({ name }) => name);
  const file = {
    plainBytes: plain.length,
    read: () => Promise.resolve(({ start, end }: { start: number; end: number }) => plain.slice(start, end)),
  };
  const shape = { schema: SCHEMA, unit: "scattered", columns, rows: 6 } as const;
  await readTable(file, shape, new Steps(openSteps(2 ** 20)), (batch) => {
    kernel.add(batch);
  });
  const merge = startMerge(program);
  merge.add(kernel.finish());
  assert.ok(merge instanceof Merge);
  const [group, ...more] = [...merge.groups(0)];
  assert.deepEqual(more, []);
  assert.equal(group?.units, 3);
  // Ann's two visits together are clipped to 1000.
  assert.equal(Number(group.measures[0]?.sum), 1004);
});
