// `enclave start`, `status` and `stop` on a parent, from the checks before nitro-cli is asked to the checks after. The
// machine is made up, nitro-cli a program that follows its rules, the worker a unix socket.
import assert from "node:assert/strict";
import { createServer } from "node:net";
import { join } from "node:path";
import { PassThrough } from "node:stream";
import test from "node:test";
import type { TestContext } from "node:test";
import { launch } from "../../cli/enclave-start.ts";
import type { Surroundings } from "../../cli/enclave-start.ts";
import { checkEnclaves, listEnclaves } from "../../cli/enclave-status.ts";
import type { Connect } from "../../cli/enclave-status.ts";
import type { Report } from "../../cli/output.ts";
import { SealroomError } from "../../core/errors.ts";
import type { ErrorCode } from "../../core/errors.ts";
import { waitUntilAnswering } from "../../host-driver/enclave/answering.ts";
import { describeEnclaves, runEnclave } from "../../host-driver/enclave/nitro-cli.ts";
import { connectUnix } from "../../transport/unix.ts";
import { answer, scratch, silentProgress } from "../cli/command-line.ts";
import { asMachine, makeParent } from "./machine.ts";
import type { Made } from "./machine.ts";
import { hideNitroCli, installNitroCli, makeImage, MEASUREMENTS } from "./nitro.ts";
import type { FakeState } from "./fake-nitro-cli.ts";

const REQUEST = { memoryMiB: null, cpus: null, cid: null };

interface Rig {
  readonly state: () => FakeState;
  readonly folder: string;
  readonly start: () => Promise<Report>;
}

async function rig(
  t: TestContext,
  {
    fault,
    change = () => undefined,
    connect,
  }: {
    readonly fault?: FakeState["fault"];
    readonly change?: (made: Made) => void;
    readonly connect?: Surroundings["connect"];
  } = {},
): Promise<Rig> {
  const folder = await scratch(t);
  const { state } = installNitroCli(t, folder, fault === undefined ? {} : { fault });
  const worker = join(folder, "worker.sock");
  const server = createServer();
  server.listen(worker);
  t.after(() => server.close());
  const made = makeParent();
  change(made);
  const session = { progress: silentProgress(), signal: new AbortController().signal };
  return {
    state,
    folder,
    start: () =>
      launch(session, makeImage(folder), REQUEST, {
        machine: asMachine(made),
        connect: connect ?? (() => connectUnix(worker)),
      }),
  };
}

function commands(state: FakeState): readonly string[] {
  return state.calls.map(([command = ""]) => command);
}

test("an enclave is started with all that is set aside, and its address is said", async (t) => {
  const { start, state } = await rig(t);
  const { exit, json, text } = await start();
  assert.equal(exit, 0);
  assert.deepEqual([json["address"], json["memoryMiB"], json["cpus"]], ["vsock:16", 2048, [1, 3]]);
  assert.deepEqual(json["measurements"], {
    PCR0: MEASUREMENTS[0],
    PCR1: MEASUREMENTS[1],
    PCR2: MEASUREMENTS[2],
  });
  assert.match(text.join("\n"), /sealroom run job\.yaml --out out --enclave vsock:16/);
  const run = state().calls.find(([command]) => command === "run-enclave") ?? [];
  assert.ok(!run.includes("--debug-mode") && !run.includes("--attach-console"));
  assert.equal(state().enclaves.length, 1);
});

test("a parent that has something to mend is told so, and nitro-cli is not asked to start anything", async (t) => {
  const { start, state } = await rig(t, { change: ({ devices }) => devices.delete("/dev/nitro_enclaves") });
  const { exit, json, text } = await start();
  assert.equal(exit, 4);
  assert.equal(json["started"], false);
  assert.deepEqual(commands(state()), ["--version"]);
  assert.match(text.join("\n"), /^Nothing was started: 1 to fix/);
  assert.match(text.join("\n"), /FIX {3}enclave device/);
});

test("too little that is free is said before nitro-cli fails with a code", async (t) => {
  const { start, state } = await rig(t, {
    change: ({ files }) =>
      files.set("/sys/devices/system/node/node0/hugepages/hugepages-2048kB/free_hugepages", "10\n"),
  });
  const { exit, text } = await start();
  assert.equal(exit, 4);
  assert.deepEqual(commands(state()), ["--version", "describe-enclaves"]);
  assert.match(text.join("\n"), /20 MiB for an image/);
});

async function failsWith(rigged: Rig, code: ErrorCode): Promise<void> {
  await assert.rejects(rigged.start(), (error) => {
    assert.ok(error instanceof SealroomError);
    assert.equal(error.code, code);
    return true;
  });
}

test("an enclave of another image than the file's is stopped again", async (t) => {
  const rigged = await rig(t, { fault: "other-image" });
  await failsWith(rigged, "ENCLAVE_MEASUREMENTS");
  assert.deepEqual(rigged.state().enclaves, []);
});

test("an enclave that turns out to be in debug mode is stopped again", async (t) => {
  const rigged = await rig(t, { fault: "debug" });
  await failsWith(rigged, "ENCLAVE_DEBUG");
  assert.deepEqual(rigged.state().enclaves, []);
});

test("an enclave that is gone when nitro-cli returns has ended", async (t) => {
  await failsWith(await rig(t, { fault: "ends" }), "ENCLAVE_ENDED");
});

test("an enclave that cannot be connected to in this build is stopped again, and the reason said", async (t) => {
  const rigged = await rig(t, {
    connect: () => Promise.reject(new SealroomError("TRANSPORT_UNAVAILABLE")),
  });
  await failsWith(rigged, "TRANSPORT_UNAVAILABLE");
  assert.deepEqual(rigged.state().enclaves, []);
});

test("an image that does not boot fails with nitro-cli's code", async (t) => {
  await failsWith(await rig(t, { fault: "boot" }), "NITRO_FAILED");
});

test("a worker that comes up late is waited for", async () => {
  let attempts = 0;
  await waitUntilAnswering({
    connect: () => {
      attempts++;
      if (attempts < 3) return Promise.reject(new SealroomError("TRANSPORT_CONNECT"));
      return Promise.resolve(new PassThrough());
    },
    isRunning: () => Promise.resolve(true),
    limitMs: 60_000,
    signal: new AbortController().signal,
  });
  assert.equal(attempts, 3);
});

test("a worker that never comes up is given up, and what was seen last is said", async () => {
  const waiting = waitUntilAnswering({
    connect: () => Promise.reject(new SealroomError("TRANSPORT_CONNECT")),
    isRunning: () => Promise.resolve(true),
    limitMs: 0,
    signal: new AbortController().signal,
  });
  await assert.rejects(waiting, (error) => {
    assert.ok(error instanceof SealroomError);
    assert.equal(error.code, "ENCLAVE_SILENT");
    assert.equal(error.details["seen"], "TRANSPORT_CONNECT");
    return true;
  });
});

test("an enclave that ends while its worker is waited for is no longer waited for", async () => {
  const waiting = waitUntilAnswering({
    connect: () => Promise.reject(new SealroomError("TRANSPORT_CONNECT")),
    isRunning: () => Promise.resolve(false),
    limitMs: 60_000,
    signal: new AbortController().signal,
  });
  await assert.rejects(waiting, { code: "ENCLAVE_ENDED" });
});

test("status lists what runs, and says of a worker that cannot be reached why", async (t) => {
  const { start, folder } = await rig(t);
  await start();
  const asked: unknown[] = [];
  const state = join(folder, "state");
  const { exit, json, text } = await listEnclaves(state, (address) => {
    asked.push(address);
    return Promise.reject(new SealroomError("TRANSPORT_CONNECT"));
  });
  assert.equal(exit, 0);
  assert.deepEqual(asked, [{ kind: "vsock", cid: 16 }]);
  const [row, ...others] = json["enclaves"] as Record<string, unknown>[];
  assert.deepEqual(others, []);
  assert.deepEqual(
    [row?.["state"], row?.["mode"], row?.["address"], row?.["memoryMiB"], row?.["answers"], row?.["silence"]],
    ["running", "production", "vsock:16", 2048, false, "TRANSPORT_CONNECT"],
  );
  assert.match(text.join("\n"), /accepts none \(TRANSPORT_CONNECT\)/);
  const up = await listEnclaves(state, () => Promise.resolve(new PassThrough()));
  assert.match(up.text.join("\n"), /accepts connections/);
});

test("status --check fails where none runs, and where one has not answered for long enough", async (t) => {
  const { start, folder } = await rig(t);
  const state = join(folder, "state");
  const up: Connect = () => Promise.resolve(new PassThrough());
  const down: Connect = () => Promise.reject(new SealroomError("TRANSPORT_CONNECT"));
  assert.equal((await checkEnclaves(state, up, 60_000)).exit, 4);
  await start();
  assert.equal((await checkEnclaves(state, up, 0)).exit, 0);
  assert.equal((await checkEnclaves(state, down, 0)).exit, 4);
});

test("status --check waits for a worker that is slow: whoever restarts it ends its job", async (t) => {
  const { start, folder } = await rig(t);
  await start();
  let attempts = 0;
  const slow: Connect = () => {
    attempts++;
    if (attempts < 3) return Promise.reject(new SealroomError("TRANSPORT_TIMEOUT"));
    return Promise.resolve(new PassThrough());
  };
  assert.equal((await checkEnclaves(join(folder, "state"), slow, 60_000)).exit, 0);
  assert.equal(attempts, 3);
});

test("status says in so many words that an enclave runs in debug mode", async (t) => {
  const { folder } = await rig(t, { fault: "debug" });
  await runEnclave({ image: makeImage(folder).path, imageBytes: 1024, memoryMiB: 64, cpus: 2, cid: null });
  const { text, json } = await listEnclaves(join(folder, "state"), () => Promise.resolve(new PassThrough()));
  assert.match(text.join("\n"), /DEBUG MODE/);
  assert.match(text.at(-1) ?? "", /reads the enclave's memory: stop it/);
  assert.equal((json["enclaves"] as Record<string, unknown>[])[0]?.["mode"], "debug");
});

test("stop ends one enclave by its id, and to stop it again is no fault", async (t) => {
  const { start, folder, state } = await rig(t);
  await start();
  const id = (await describeEnclaves())[0]?.id ?? "";
  const place = ["--state", join(folder, "state")];
  const first = await answer(["enclave", "stop", id, ...place]);
  assert.deepEqual([first.exit, first["stopped"], first["notRunning"]], [0, [id], []]);
  assert.deepEqual(state().enclaves, []);
  const second = await answer(["enclave", "stop", id, ...place]);
  assert.deepEqual([second.exit, second["stopped"], second["notRunning"]], [0, [], [id]]);
});

test("stop --all ends all of them, and none is no fault", async (t) => {
  const { start, folder, state } = await rig(t);
  await start();
  const place = ["--state", join(folder, "state")];
  const found = await answer(["enclave", "stop", "--all", ...place]);
  assert.equal((found["stopped"] as string[]).length, 1);
  assert.deepEqual(state().enclaves, []);
  assert.deepEqual((await answer(["enclave", "stop", "--all", ...place]))["stopped"], []);
});

test("stop refuses what is no id, and to be asked for nothing or for both", async (t) => {
  const { state } = await rig(t);
  for (const args of [[], ["i-0; reboot"], ["vsock:16"], ["--all", "emu-00000000"]]) {
    const found = await answer(["enclave", "stop", ...args]);
    assert.deepEqual([found.exit, found.error?.code], [2, "USAGE_ARGUMENTS"], args.join(" "));
  }
  assert.deepEqual(state().calls, []);
});

test("without nitro-cli nothing runs, and that is said", async (t) => {
  hideNitroCli(t);
  const place = ["--state", join(await scratch(t), "state")];
  const status = await answer(["enclave", "status", ...place]);
  assert.deepEqual([status.exit, status["nitroCli"], status["enclaves"]], [0, false, []]);
  assert.deepEqual((await answer(["enclave", "stop", "--all", ...place]))["stopped"], []);
});

test("where nitro-cli may not look, that is a fault and not an empty list", async (t) => {
  const { folder } = await rig(t, { fault: "no-sockets" });
  for (const args of [["status"], ["stop", "--all"]]) {
    const found = await answer(["enclave", ...args, "--state", join(folder, "state")]);
    assert.deepEqual(
      [found.exit, found.error?.code, found.error?.details["nitroError"]],
      [4, "NITRO_FAILED", "E07"],
    );
  }
});

test("start refuses a CID that means something else, and options of nitro-cli in the emulator", async (t) => {
  const { folder } = await rig(t);
  const { path } = makeImage(folder);
  const cases = [
    ["--cid", "3"],
    ["--cid", "4294967295"],
    ["--memory", "1G"],
    ["--cpus", "0"],
    ["--emulator", "--cpus", "2"],
    ["--emulator", "--cid", "16"],
    ["--debug-mode"],
  ];
  for (const args of cases) {
    const found = await answer(["enclave", "start", path, ...args]);
    assert.deepEqual([found.exit, found.error?.code], [2, "USAGE_ARGUMENTS"], args.join(" "));
  }
});
