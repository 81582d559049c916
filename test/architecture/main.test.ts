// The production entry point, run as it is: outside an enclave it refuses before it listens, since no NSM feeds the
// kernel's random bytes, and nothing that it is given changes that.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { ROOT } from "../host/tree.ts";

interface Ended {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

async function runMain(
  args: readonly string[],
  env: Readonly<Record<string, string>>,
  flags: readonly string[] = [],
): Promise<Ended> {
  const child = spawn(process.execPath, [...flags, join(ROOT, "enclave-worker/main.ts"), ...args], {
    env: { ...env },
    stdio: ["ignore", "pipe", "pipe"],
    timeout: 60_000,
  });
  const text = { stdout: "", stderr: "" };
  child.stdout.on("data", (chunk: Buffer) => (text.stdout += chunk.toString()));
  child.stderr.on("data", (chunk: Buffer) => (text.stderr += chunk.toString()));
  const [code] = (await once(child, "close")) as [number | null];
  return { code, ...text };
}

const GIVEN: readonly (readonly [string, readonly string[], Readonly<Record<string, string>>])[] = [
  ["nothing", [], {}],
  ["options", ["--local", "--nsm", "/tmp/nsm.sock", "--insecure", "--help"], {}],
  ["the local enclave's arguments", ["/tmp", "/tmp/nsm.sock", "root.pem", "ca.pem", "2"], {}],
  [
    "an environment",
    [],
    {
      SEALROOM_LOCAL: "1",
      SEALROOM_NSM: "/tmp/nsm.sock",
      NODE_ENV: "test",
      DEBUG: "*",
      NODE_TLS_REJECT_UNAUTHORIZED: "0",
      NODE_EXTRA_CA_CERTS: "/tmp/ca.pem",
      HTTPS_PROXY: "http://127.0.0.1:1",
    },
  ],
];

for (const [name, args, env] of GIVEN) {
  test(`refuses to start, given ${name}`, async () => {
    const { code, stdout, stderr } = await runMain(args, env);
    assert.notEqual(code, 0);
    // TRANSPORT_UNAVAILABLE: where there is not even an addon for the platform.
    assert.match(stderr, /ENTROPY_SOURCE|TRANSPORT_UNAVAILABLE/);
    assert.equal(stdout, "");
  });
}

/** Its WebAssembly is read when a thread meets a Parquet file; none of its JavaScript is (graph.test.ts). */
const BYTES_ALONE = "parquet-wasm";

test("loads no package but those that docs/architecture.md lists", async () => {
  const { stdout } = await runMain([], {}, ["--import", join(ROOT, "test/architecture/print-loaded.ts")]);
  const loaded = JSON.parse(stdout) as string[];
  const text = await readFile(join(ROOT, "docs/architecture.md"), "utf8");
  const section = text.split(/^## /m).find((part) => part.startsWith("Packages in the enclave\n")) ?? "";
  const listed = [...section.matchAll(/^\| `([^`]+)` \|/gm)].map(([, name]) => name);
  assert.ok(loaded.length > 0);
  assert.deepEqual(loaded, listed.filter((name) => name !== BYTES_ALONE).toSorted());
});

test("the file itself names vsock, the NSM's device and Amazon's roots, and takes nothing from outside", async () => {
  const source = await readFile(join(ROOT, "enclave-worker/main.ts"), "utf8");
  for (const word of [
    "vsockListener",
    "vsockDialer",
    "readParentCid()",
    "mixEntropy(readRandomSource()",
    '"/dev/nsm"',
    "AWS_ROOT",
    "amazonRoots()",
  ]) {
    assert.ok(source.includes(word), word);
  }
  assert.ok(source.indexOf("await mixEntropy") < source.indexOf("await serveEnclave"));
  const code = source.replace(/\/\/.*$/gm, "");
  assert.doesNotMatch(code, /process|env|argv|readFile|if \(|\?/);
});
