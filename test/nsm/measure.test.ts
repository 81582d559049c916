// The measurements of a local enclave: of files, names, lock file and Node, and of nothing else.
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test, type TestContext } from "node:test";
import { pathToFileURL } from "node:url";
import {
  encodeMeasurements,
  parseMeasurements,
  type Measurements,
} from "../../core/attestation/measurements.ts";
import { bootRegisters, measureEnclave } from "../../local/nsm/measure.ts";

const FILES = { "core/a.ts": "alpha", "core/b.ts": "beta", "jobs/c.ts": "gamma", "package-lock.json": "{}" };
const SOURCES = ["core/a.ts", "core/b.ts", "jobs/c.ts"];

async function tree(context: TestContext, files: Record<string, string>): Promise<URL> {
  const directory = await mkdtemp(join(tmpdir(), "sealroom-measure-"));
  context.after(() => rm(directory, { recursive: true }));
  for (const [name, content] of Object.entries(files)) {
    await mkdir(join(directory, name, ".."), { recursive: true });
    await writeFile(join(directory, name), content);
  }
  return pathToFileURL(`${directory}/`);
}

async function changed(
  context: TestContext,
  files: Record<string, string>,
  sources = SOURCES,
): Promise<string> {
  const before = await measureEnclave(await tree(context, FILES), SOURCES);
  const after = await measureEnclave(await tree(context, { ...FILES, ...files }), sources);
  return ([0, 1, 2] as const).filter((index) => before[index] !== after[index]).join();
}

/** SHA-384(48 zero bytes || SHA-384(parts, each behind its length)), written down once more. */
function naive(parts: readonly string[]): string {
  const content = Buffer.concat(
    parts.flatMap((part) => {
      const length = Buffer.alloc(8);
      length.writeBigUInt64BE(BigInt(Buffer.byteLength(part)));
      return [length, Buffer.from(part)];
    }),
  );
  const digest = createHash("sha384").update(content).digest();
  return createHash("sha384").update(Buffer.alloc(48)).update(digest).digest("hex");
}

test("measures as an image is measured", async (context) => {
  const runtime = ["node", process.version, "platform", `${process.platform}-${process.arch}`];
  const sources = ["core/a.ts", "alpha", "core/b.ts", "beta", "jobs/c.ts", "gamma"];
  const expected: Measurements = {
    0: naive([...sources, "package-lock.json", "{}", ...runtime]),
    1: naive(runtime),
    2: naive(sources),
  };
  assert.deepEqual(await measureEnclave(await tree(context, FILES), SOURCES), expected);
  assert.deepEqual(parseMeasurements(encodeMeasurements(expected)), expected);
});

test("is the same for the same files, wherever they lie and whatever lies beside them", async (context) => {
  assert.equal(await changed(context, {}), "");
  assert.equal(await changed(context, { "core/unlisted.ts": "x", "README.md": "x" }), "");
});

test("changes with every byte of a source, its name, and the lock file", async (context) => {
  assert.equal(await changed(context, { "core/a.ts": "alphA" }), "0,2");
  assert.equal(await changed(context, { "package-lock.json": "{ }" }), "0");
  assert.equal(
    await changed(context, { "jobs/d.ts": "gamma" }, ["core/a.ts", "core/b.ts", "jobs/d.ts"]),
    "0,2",
  );
  assert.equal(await changed(context, {}, ["core/a.ts", "core/b.ts"]), "0,2");
});

test("finds the lock file beside built files, or where npm keeps it for a package that it installed", async (context) => {
  const { "package-lock.json": lock, ...sources } = FILES;
  const expected = await measureEnclave(await tree(context, FILES), SOURCES);
  for (const [below, place] of [
    ["dist/", "package-lock.json"],
    ["node_modules/sealroom/dist/", "node_modules/.package-lock.json"],
  ] as const) {
    const built = Object.fromEntries(Object.entries(sources).map(([name, text]) => [below + name, text]));
    const root = await tree(context, { ...built, [place]: lock });
    assert.deepEqual(await measureEnclave(new URL(below, root), SOURCES), expected);
  }
  await assert.rejects(measureEnclave(await tree(context, sources), SOURCES), { code: "LOCAL_PACKAGES" });
});

test("changes when bytes move from one file into the next", async (context) => {
  assert.equal(await changed(context, { "core/a.ts": "alphab", "core/b.ts": "eta" }), "0,2");
});

test("takes a list of files only in order, each once, each inside", async (context) => {
  const root = await tree(context, FILES);
  const lists = [
    [],
    ["core/b.ts", "core/a.ts"],
    ["core/a.ts", "core/a.ts"],
    ["../core/a.ts"],
    ["core/../core/a.ts"],
    ["/etc/hostname"],
    ["core//a.ts"],
    ["./core/a.ts"],
    ["core/a.ts?x"],
    ["core/%61.ts"],
    ["https://example.org/a.ts"],
    [""],
  ];
  for (const list of lists) await assert.rejects(measureEnclave(root, list), TypeError, JSON.stringify(list));
  await assert.rejects(measureEnclave(root, ["core/absent.ts"]));
});

test("sets registers 3 and 4 as a parent does, of the text itself", () => {
  const measurements: Measurements = { 0: "a0".repeat(48), 1: "b1".repeat(48), 2: "c2".repeat(48) };
  const parent = { roleArn: "arn:aws:iam::123456789012:role/enclave", instanceId: "i-0123456789abcdef0" };
  const registers = bootRegisters(measurements, parent);
  const extended = (text: string) =>
    new Uint8Array(createHash("sha384").update(Buffer.alloc(48)).update(text).digest());
  assert.deepEqual([...registers.keys()], [0, 1, 2, 3, 4]);
  assert.deepEqual(registers.get(1), Buffer.from(measurements[1], "hex"));
  assert.deepEqual(registers.get(3), extended(parent.roleArn));
  assert.deepEqual(registers.get(4), extended(parent.instanceId));
});
