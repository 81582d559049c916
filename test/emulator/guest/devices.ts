// The guest's devices and surroundings: the NSM through the kernel's driver, where random bytes come from, and what
// init left of what it was given.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { readdirSync, readFileSync, existsSync } from "node:fs";
import { setTimeout as delay } from "node:timers/promises";
import { decodeStrictCbor } from "../../../core/attestation/strict-cbor.ts";
import { mixEntropy } from "../../../enclave-worker/entropy.ts";
import { readParentCid, readRandomSource } from "../../../enclave-worker/guest.ts";
import { nsmCharacterDevice } from "../../../enclave-worker/nsm-device.ts";
import {
  describeNsm,
  describePcr,
  extendPcr,
  getRandom,
  lockPcr,
  requestAttestation,
} from "../../../enclave-worker/nsm.ts";
import { loadAddon } from "../../../transport/native/addon.ts";
import { refuses } from "../../host/refusal.ts";
import type { GuestCase } from "./case.ts";

const nsm = nsmCharacterDevice("/dev/nsm");

/** The map inside a document; who signed it is not looked at, and in an emulator nobody did. */
function payloadOf(document: Uint8Array): ReadonlyMap<unknown, unknown> {
  const [, , payload] = decodeStrictCbor(document, "NSM_RESPONSE") as readonly unknown[];
  return decodeStrictCbor(payload as Uint8Array, "NSM_RESPONSE") as ReadonlyMap<unknown, unknown>;
}

export const DEVICE_CASES: readonly GuestCase[] = [
  [
    "the NSM describes itself",
    async (): Promise<void> => {
      const description = await describeNsm(nsm);
      assert.equal(description.maxPcrs, 32);
      assert.ok([0, 1, 2].every((index) => description.lockedPcrs.includes(index)));
      assert.match(description.moduleId, /^i-[0-9a-f]+-enc[0-9a-f]+$/);
    },
  ],
  [
    "a document carries what was asked for, and the registers",
    async (): Promise<void> => {
      const [nonce, userData, publicKey] = [16, 48, 294].map((size) => new Uint8Array(size).fill(size));
      if (nonce === undefined || userData === undefined || publicKey === undefined) return;
      const payload = payloadOf(await requestAttestation(nsm, { nonce, userData, publicKey }));
      assert.deepEqual(payload.get("nonce"), nonce);
      assert.deepEqual(payload.get("user_data"), userData);
      assert.deepEqual(payload.get("public_key"), publicKey);
      const pcrs = payload.get("pcrs") as ReadonlyMap<number, Uint8Array>;
      for (const index of [0, 1, 2]) {
        assert.deepEqual(pcrs.get(index), (await describePcr(nsm, index)).value);
        assert.ok(pcrs.get(index)?.some((byte) => byte !== 0));
      }
    },
  ],
  [
    "20 requests at once are all served, each with its own answer",
    async (): Promise<void> => {
      const nonces = Array.from({ length: 20 }, (_, index) => new Uint8Array(16).fill(index + 1));
      const documents = await Promise.all(
        nonces.map((nonce) => requestAttestation(nsm, { nonce, userData: null, publicKey: null })),
      );
      for (const [index, nonce] of nonces.entries()) {
        assert.deepEqual(payloadOf(documents[index] ?? new Uint8Array()).get("nonce"), nonce);
      }
    },
  ],
  [
    "registers of the image cannot be extended; the application's can, until they are locked",
    async (): Promise<void> => {
      const data = new Uint8Array(8).fill(7);
      const refusal = await refuses("NSM_ERROR", extendPcr(nsm, 0, data));
      assert.deepEqual(refusal.details, { nsm: "ReadOnlyIndex" });
      const value = await extendPcr(nsm, 16, data);
      await lockPcr(nsm, 16);
      assert.deepEqual(await describePcr(nsm, 16), { locked: true, value });
      await refuses("NSM_ERROR", extendPcr(nsm, 16, data));
    },
  ],
  [
    "what is no request, and one that is too long, end in a typed error, and the device serves on",
    async (): Promise<void> => {
      await refuses("NSM_IO", nsm.exchange(new Uint8Array(4097)));
      await refuses("NSM_IO", nsm.exchange(new Uint8Array(0)));
      await refuses("NSM_IO", nsmCharacterDevice("/dev/null").exchange(Uint8Array.of(1)));
      await refuses("NSM_UNAVAILABLE", nsmCharacterDevice("/dev/nsm0").exchange(Uint8Array.of(1)));
      assert.ok((await getRandom(nsm)).length > 0);
    },
  ],
  [
    "random bytes come from the NSM, and the kernel takes more of them",
    async (): Promise<void> => {
      assert.match(readRandomSource() ?? "", /^nsm-hwrng\n?$/);
      await mixEntropy(readRandomSource(), nsm, loadAddon());
    },
  ],
  [
    "the parent's CID is that of the first word on the command line, whatever was added behind it",
    (): Promise<void> => {
      const words = readFileSync("/proc/cmdline", "latin1").match(/sealroom\.parent_cid=\d+/g) ?? [];
      assert.equal(readParentCid(), Number(words[0]?.split("=")[1]));
      return Promise.resolve();
    },
  ],
  [
    "nothing of the kernel's command line has become a variable or an argument",
    (): Promise<void> => {
      assert.deepEqual({ ...process.env }, { MALLOC_ARENA_MAX: "2" });
      assert.deepEqual(process.argv.slice(2), []);
      assert.deepEqual(process.execArgv, [
        "--disallow-code-generation-from-strings",
        "--disable-sigusr1",
        "--max-semi-space-size=2",
        "--v8-pool-size=1",
      ]);
      return Promise.resolve();
    },
  ],
  [
    "beside init and Node no program runs, and there is none to run",
    (): Promise<void> => {
      const programs = readdirSync("/proc")
        .filter((name) => /^\d+$/.test(name))
        // A kernel thread has no file that it runs.
        .filter((pid) => readFileSync(`/proc/${pid}/cmdline`).length > 0);
      assert.deepEqual(programs.length, 2);
      assert.deepEqual(readdirSync("/bin"), ["node"]);
      return Promise.resolve();
    },
  ],
  [
    "no signal opens an inspector, writes a report or leaves a core",
    async (): Promise<void> => {
      assert.match(readFileSync("/proc/self/limits", "latin1"), /^Max core file size +0 +0 /m);
      for (const signal of ["SIGUSR1", "SIGUSR2", "SIGQUIT", "SIGABRT"] as const) {
        const child = spawn(process.execPath, [...process.execArgv, "-e", "setInterval(() => 0, 1000)"], {
          env: {},
          cwd: "/tmp",
          stdio: ["ignore", "ignore", "pipe"],
        });
        let said = "";
        child.stderr.on("data", (chunk: Buffer) => (said += chunk.toString()));
        const exited = once(child, "exit");
        await delay(3000);
        child.kill(signal);
        await delay(1000);
        assert.ok(!existsSync("/proc/net/tcp") || !readFileSync("/proc/net/tcp", "latin1").includes(":240D"));
        child.kill("SIGKILL");
        await exited;
        assert.equal(said, "", signal);
        assert.deepEqual(readdirSync("/tmp"), [], signal);
      }
    },
  ],
];
