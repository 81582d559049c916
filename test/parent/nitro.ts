// Puts the program that takes nitro-cli's place first in PATH for one test, and reads what was asked of it.
import { chmodSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { TestContext } from "node:test";
import { fileURLToPath } from "node:url";
import type { Measurements } from "../../core/attestation/measurements.ts";
import type { Image } from "../../host-driver/enclave/lifecycle.ts";
import type { FakeState } from "./fake-nitro-cli.ts";

const PROGRAM = fileURLToPath(new URL("./fake-nitro-cli.ts", import.meta.url));

export const MEASUREMENTS: Measurements = { 0: "a1".repeat(48), 1: "b2".repeat(48), 2: "c3".repeat(48) };

/** PATH holds it and nothing else: a real nitro-cli is never met. */
export function installNitroCli(
  t: TestContext,
  folder: string,
  changes: Partial<FakeState> = {},
): { readonly state: () => FakeState } {
  const bin = join(folder, "bin");
  const path = join(folder, "nitro.json");
  mkdirSync(bin);
  writeFileSync(
    join(bin, "nitro-cli"),
    `#!/bin/sh\nexec '${process.execPath}' --disable-warning=ExperimentalWarning '${PROGRAM}' "$@"\n`,
  );
  chmodSync(join(bin, "nitro-cli"), 0o755);
  const { 0: PCR0, 1: PCR1, 2: PCR2 } = MEASUREMENTS;
  const state: FakeState = {
    pool: [1, 3],
    memoryMiB: 2048,
    measurements: { PCR0, PCR1, PCR2 },
    enclaves: [],
    calls: [],
    ...changes,
  };
  writeFileSync(path, JSON.stringify(state));
  setEnvironment(t, { PATH: bin, SEALROOM_FAKE_NITRO: path });
  return { state: () => JSON.parse(readFileSync(path, "utf8")) as FakeState };
}

/** A PATH without nitro-cli. */
export function hideNitroCli(t: TestContext): void {
  setEnvironment(t, { PATH: "/nowhere" });
}

function setEnvironment(t: TestContext, values: Readonly<Record<string, string>>): void {
  for (const [name, value] of Object.entries(values)) {
    const before = process.env[name];
    process.env[name] = value;
    t.after(() => {
      if (before === undefined) Reflect.deleteProperty(process.env, name);
      else process.env[name] = before;
    });
  }
}

export function makeImage(folder: string, bytes = 1024): Image {
  const path = join(folder, "image.eif");
  writeFileSync(path, Buffer.alloc(bytes));
  return { path, bytes, measurements: MEASUREMENTS };
}
