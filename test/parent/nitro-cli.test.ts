// nitro-cli as a child process: what is asked of it, what is taken of its answers, and each way in which it can fail.
import assert from "node:assert/strict";
import test from "node:test";
import { SealroomError } from "../../core/errors.ts";
import type { Details, ErrorCode } from "../../core/errors.ts";
import {
  callNitroCli,
  describeEnclaves,
  findNitroCli,
  runEnclave,
  terminateEnclave,
} from "../../host-driver/enclave/nitro-cli.ts";
import {
  parseDescriptions,
  parseStarted,
  parseTermination,
} from "../../host-driver/enclave/nitro-answers.ts";
import { readNitroErrors } from "../../host-driver/enclave/nitro-errors.ts";
import { scratch } from "../cli/command-line.ts";
import { hideNitroCli, installNitroCli, makeImage, MEASUREMENTS } from "./nitro.ts";

async function refused(work: Promise<unknown>, code: ErrorCode, details: Details = {}): Promise<void> {
  await assert.rejects(work, (error) => {
    assert.ok(error instanceof SealroomError);
    assert.equal(error.code, code);
    for (const [name, value] of Object.entries(details)) assert.equal(error.details[name], value, name);
    return true;
  });
}

function ask(
  image: string,
  changes: Partial<Parameters<typeof runEnclave>[0]> = {},
): ReturnType<typeof runEnclave> {
  return runEnclave({ image, imageBytes: 1024, memoryMiB: 512, cpus: 2, cid: null, ...changes });
}

test("an enclave is started, described and ended", async (t) => {
  const folder = await scratch(t);
  const nitro = installNitroCli(t, folder);
  assert.equal(await findNitroCli(), "1.5.0");
  const started = await ask(makeImage(folder).path, { cid: 20 });
  assert.deepEqual([started.cid, started.memoryMiB, started.cpus], [20, 512, [1, 3]]);
  const [described, ...others] = await describeEnclaves();
  assert.deepEqual(others, []);
  assert.equal(described?.id, started.id);
  assert.deepEqual([described.state, described.mode], ["RUNNING", "production"]);
  assert.deepEqual(described.measurements, MEASUREMENTS);
  await terminateEnclave(started.id);
  assert.deepEqual(await describeEnclaves(), []);
  assert.deepEqual(
    nitro.state().calls.map(([command]) => command),
    ["--version", "run-enclave", "describe-enclaves", "terminate-enclave", "describe-enclaves"],
  );
});

test("arguments reach nitro-cli as they are, whatever is in a path, and never ask for debug mode", async (t) => {
  const folder = await scratch(t);
  const nitro = installNitroCli(t, folder);
  await refused(ask("/a path; $(touch x) --debug-mode"), "NITRO_FAILED", { nitroError: "E19" });
  assert.deepEqual(nitro.state().calls, [
    ["run-enclave", "--eif-path", "/a path; $(touch x) --debug-mode", "--memory", "512", "--cpu-count", "2"],
  ]);
});

test("each refusal of nitro-cli keeps its code and is explained", async (t) => {
  const folder = await scratch(t);
  installNitroCli(t, folder);
  const { path } = makeImage(folder, 2 ** 20);
  await refused(ask(path, { memoryMiB: 3 }), "NITRO_FAILED", {
    nitroError: "E26",
    meaning: "the memory is less than 4 times the image",
    command: "run-enclave",
    status: 26,
  });
  await refused(ask(path, { memoryMiB: 4096 }), "NITRO_FAILED", { nitroError: "E27", also: "E39" });
  await refused(ask(path, { cpus: 4 }), "NITRO_FAILED", { nitroError: "E22" });
  await refused(ask(path, { cid: 3 }), "NITRO_FAILED", { nitroError: "E03" });
  await refused(terminateEnclave("i-0-enc1"), "NITRO_FAILED", { nitroError: "E11" });
});

test("an image that does not boot is told by the first code, which is the cause", async (t) => {
  const folder = await scratch(t);
  installNitroCli(t, folder, { fault: "boot" });
  await refused(ask(makeImage(folder).path), "NITRO_FAILED", { nitroError: "E36", also: "E39 E11" });
});

test("where there is no nitro-cli, that is what is said", async (t) => {
  hideNitroCli(t);
  assert.equal(await findNitroCli(), null);
  await refused(describeEnclaves(), "NITRO_MISSING");
});

test("an answer that is cut off, or has no end, is refused", async (t) => {
  const folder = await scratch(t);
  installNitroCli(t, folder, { fault: "garbage" });
  await refused(describeEnclaves(), "NITRO_OUTPUT", { command: "describe-enclaves" });
});

test("an answer that is too long is refused before it is kept", async (t) => {
  const folder = await scratch(t);
  installNitroCli(t, folder, { fault: "long" });
  await refused(describeEnclaves(), "NITRO_OUTPUT", { limit: 1024 * 1024 });
});

test("a nitro-cli that does not answer is given up, and its process ended", async (t) => {
  const folder = await scratch(t);
  installNitroCli(t, folder, { fault: "hangs" });
  await refused(callNitroCli(["describe-enclaves"], 300), "NITRO_TIMEOUT", { command: "describe-enclaves" });
});

test("an answer about another enclave than the one that was to end is refused", async (t) => {
  const folder = await scratch(t);
  installNitroCli(t, folder, { fault: "other-id" });
  const { id } = await ask(makeImage(folder).path);
  await refused(terminateEnclave(id), "NITRO_OUTPUT", { member: "Terminated" });
});

const STARTED = {
  EnclaveName: "sealroom",
  EnclaveID: "i-05f6ed443aa28ca93-enc17a6c5d5f4b9e5c",
  ProcessID: 4242,
  EnclaveCID: 16,
  NumberOfCPUs: 2,
  CPUIDs: [1, 3],
  MemoryMiB: 512,
};
const DESCRIBED = {
  ...STARTED,
  State: "RUNNING",
  Flags: "NONE",
  Measurements: {
    HashAlgorithm: "Sha384 { ... }",
    PCR0: "0a".repeat(48),
    PCR1: "0b".repeat(48),
    PCR2: "0c".repeat(48),
  },
};

test("members that another version adds do no harm, and a name may be missing", () => {
  const older = { ...STARTED, EnclaveName: undefined };
  assert.equal(parseStarted(JSON.stringify({ ...older, Uptime: 5 })).name, null);
  assert.equal(parseStarted(JSON.stringify(STARTED)).name, "sealroom");
});

const WRONG: readonly (readonly [member: string, value: unknown])[] = [
  ["EnclaveID", "i-05f6ed443aa28ca93-enc17; rm -rf /"],
  ["EnclaveID", ""],
  ["EnclaveID", 16],
  ["EnclaveName", 7],
  ["ProcessID", -1],
  ["ProcessID", "4242"],
  ["EnclaveCID", 16.5],
  ["EnclaveCID", null],
  ["CPUIDs", "1,3"],
  ["CPUIDs", [1, "3"]],
  ["MemoryMiB", "512"],
  ["State", 1],
  ["State", ""],
  ["Flags", "SOMETHING"],
  ["Flags", undefined],
  ["Measurements", []],
  ["Measurements", { PCR0: "0a".repeat(48), PCR1: "0b".repeat(48) }],
  ["Measurements", { PCR0: "0a", PCR1: "0b".repeat(48), PCR2: "0c".repeat(48) }],
];

for (const [member, value] of WRONG) {
  test(`a description whose ${member} is ${JSON.stringify(value)} is refused`, () => {
    const text = JSON.stringify([{ ...DESCRIBED, [member]: value }]);
    assert.throws(() => parseDescriptions(text), { code: "NITRO_OUTPUT" });
  });
}

test("answers that are no list, no object or two documents are refused", () => {
  for (const text of ["", "null", "{}", "[1]", "[null]", "[[]]", `${JSON.stringify([DESCRIBED])}[]`, "[,]"]) {
    assert.throws(() => parseDescriptions(text), { code: "NITRO_OUTPUT" }, text);
    assert.throws(() => parseStarted(text), { code: "NITRO_OUTPUT" }, text);
    assert.throws(
      () => {
        parseTermination(text, STARTED.EnclaveID);
      },
      { code: "NITRO_OUTPUT" },
      text,
    );
  }
  const many = JSON.stringify(Array.from({ length: 65 }, () => DESCRIBED));
  assert.throws(() => parseDescriptions(many), { code: "NITRO_OUTPUT" });
});

test("an enclave in debug mode is told from others by its flags: nitro-cli gives it the image's measurements too", () => {
  const [found] = parseDescriptions(JSON.stringify([{ ...DESCRIBED, Flags: "DEBUG_MODE" }]));
  assert.equal(found?.mode, "debug");
  assert.equal(found.measurements?.[0], "0a".repeat(48));
});

test("every code from E00 to E60 is explained in words, and nothing else of the text is taken", () => {
  for (let code = 0; code <= 60; code++) {
    const name = `E${String(code).padStart(2, "0")}`;
    const [error, ...others] = readNitroErrors(`[ ${name} ] secret text\n[ ${name} ] again`);
    assert.deepEqual(others, []);
    assert.equal(error?.code, name);
    assert.ok(error.meaning.length > 10 && !error.meaning.includes("secret"));
  }
  assert.deepEqual(readNitroErrors("error: unexpected argument E27 found"), []);
});
