// The committed binaries are what their sources are: each record names the sources, the compiler and the result. Where
// the same compiler is at hand they are built again, and must be the same bytes.
import assert from "node:assert/strict";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import {
  BINARIES,
  compile,
  findCompiler,
  hashSources,
  readPrebuilt,
  toolchain,
} from "../../transport/native/prebuilt.ts";
import type { Binary, BuildRecord } from "../../transport/native/prebuilt.ts";
import { ROOT } from "../host/tree.ts";

async function prebuilt(binary: Binary): Promise<{ readonly hash: string; readonly record: BuildRecord }> {
  return (await readPrebuilt(binary)) ?? assert.fail(`${binary.path} is missing: npm run build:native`);
}

for (const binary of BINARIES) {
  test(`${binary.path} is of the sources, and by the flags, that its record names`, async () => {
    const { hash, record } = await prebuilt(binary);
    assert.equal(hash, record.binary);
    assert.deepEqual(await hashSources(binary), record.sources, "the C has changed: npm run build:native");
    assert.equal(binary.flags.join(" "), record.flags, "the flags have changed: npm run build:native");
  });

  test(`${binary.path} is built again to the same bytes by the same compiler`, async (t) => {
    const { record } = await prebuilt(binary);
    const compiler = await findCompiler(binary.architecture);
    const here = compiler === null ? null : await toolchain(binary, compiler);
    const { compiler: name, linker, libc } = record;
    if (compiler === null || JSON.stringify(here) !== JSON.stringify({ compiler: name, linker, libc })) {
      t.diagnostic(`not built here, where there is ${here?.compiler ?? "no compiler"} and not ${name}`);
      return;
    }
    const folder = await mkdtemp(join(tmpdir(), "sealroom-native-"));
    try {
      assert.deepEqual(await compile(binary, compiler, join(folder, "built")), record);
    } finally {
      await rm(folder, { recursive: true });
    }
  });

  test(`${binary.path} has nothing of the machine that built it in it`, async () => {
    const bytes = (await readFile(join(ROOT, binary.path))).toString("latin1");
    for (const word of [ROOT, "/usr/include", "include/node"]) assert.ok(!bytes.includes(word), word);
  });
}
