// What `doctor` judges of any machine, and of one that speaks to AWS. Each finding is shown with the facts that make it.
import assert from "node:assert/strict";
import test from "node:test";
import fc from "fast-check";
import { SealroomError } from "../../core/errors.ts";
import { checkIdentity, checkRegion } from "../../host-driver/doctor/aws.ts";
import { checkSkew, skewMs } from "../../host-driver/doctor/clock.ts";
import { checkEmulator, readEmulator } from "../../host-driver/doctor/emulator.ts";
import { checkMetadata } from "../../host-driver/doctor/metadata.ts";
import { checkAddon, checkDisk, checkNode, checkSocketPath } from "../../host-driver/doctor/node.ts";
import { checkRunning, examineParent } from "../../host-driver/doctor/parent.ts";
import type { Finding } from "../../host-driver/enclave/finding.ts";
import type { Description } from "../../host-driver/enclave/nitro-answers.ts";
import { readParent } from "../../host-driver/enclave/parent.ts";
import { scratch } from "../cli/command-line.ts";
import { asMachine, makeParent } from "../parent/machine.ts";
import { hideNitroCli, installNitroCli } from "../parent/nitro.ts";

/** A finding that is not well says why it matters and what to type. */
function judged(finding: Finding, level: Finding["level"], what: RegExp): void {
  assert.equal(finding.level, level, finding.what);
  assert.match(finding.what, what);
  if (level === "ok") return;
  assert.notEqual(finding.why, "");
  assert.notEqual(finding.commands.length, 0);
}

test("Node is recent enough from 22.18 on", () => {
  for (const version of ["v22.18.0", "v22.20.1", "v24.21.0", "v26.0.0"]) {
    judged(checkNode(version), "ok", /^v/);
  }
  for (const version of ["v22.17.9", "v20.20.2", "v18.0.0", "something"]) {
    judged(checkNode(version), "fix", /^Node /);
  }
});

test("an addon that cannot be loaded is a warning: the stand-ins do without", () => {
  judged(
    checkAddon(() => "loaded"),
    "ok",
    /addon/,
  );
  const missing = (): never => {
    throw new SealroomError("TRANSPORT_UNAVAILABLE");
  };
  judged(checkAddon(missing), "warn", /cannot be loaded/);
});

test("an addon that fails in any other way is a fault, and no finding", () => {
  const broken = (): never => {
    throw new TypeError("broken");
  };
  assert.throws(() => checkAddon(broken), TypeError);
});

test("a directory for temporary files is too deep from the byte on at which a socket's path is too long", () => {
  // 107 bytes hold a path of 78 and `/sealroom-XXXXXX/gateway.sock`.
  judged(checkSocketPath(`/${"d".repeat(77)}`), "ok", /^\/d+$/);
  judged(checkSocketPath(`/${"d".repeat(78)}`), "fix", /too deep/);
  // Bytes count, and not characters.
  judged(checkSocketPath(`/${"ä".repeat(40)}`), "fix", /too deep/);
});

test("little room on the disk is a warning, and none is to be mended", () => {
  judged(checkDisk("/x", 2 ** 31), "ok", /2\.0 GiB free for \/x/);
  judged(checkDisk("/x", 2 ** 29), "warn", /0\.5 GiB/);
  judged(checkDisk("/x", 2 ** 26), "fix", /0\.1 GiB/);
});

const NOON = Date.parse("2026-01-31T12:00:00Z");

function answerAt(offsetMs: number): Finding {
  const date = new Date(NOON).toUTCString();
  return checkSkew("kms.example", { date, sentMs: NOON + offsetMs, receivedMs: NOON + offsetMs + 200 });
}

test("a clock is true within what a header of whole seconds can tell", () => {
  for (const offset of [-1400, -500, 0, 400, 2000]) {
    judged(answerAt(offset), "ok", /none against kms\.example/);
  }
});

test("a clock that is off is a warning, and from a minute on to be mended; which way is said", () => {
  judged(answerAt(5_000), "warn", /5 s ahead of/);
  judged(answerAt(-30_000), "warn", /30 s behind/);
  judged(answerAt(61_000), "fix", /61 s ahead of/);
  judged(answerAt(-3_600_000), "fix", /3600 s behind/);
});

test("a service that does not answer, or names no time, is to be mended", () => {
  judged(checkSkew("kms.example", null), "fix", /cannot be reached/);
  for (const date of [null, "", "yesterday"]) {
    judged(checkSkew("kms.example", { date, sentMs: 0, receivedMs: 0 }), "fix", /cannot be reached/);
  }
});

test("the skew that is found is within a second and half of the way of the true one", () => {
  fc.assert(
    fc.property(
      fc.integer({ min: -(10 ** 9), max: 10 ** 9 }),
      fc.integer({ min: 0, max: 5_000 }),
      fc.integer({ min: 0, max: 5_000 }),
      (offset, there, back) => {
        const date = new Date(NOON + there).toUTCString();
        const found = skewMs({ date, sentMs: NOON + offset, receivedMs: NOON + offset + there + back });
        assert.ok(found !== null && Math.abs(found - offset) <= 500 + Math.abs(there - back) / 2);
      },
    ),
  );
});

test("the metadata service has to refuse a request without a token, and to answer", () => {
  judged(checkMetadata(401), "ok", /IMDSv2/);
  judged(checkMetadata(200), "fix", /IMDSv1/);
  judged(checkMetadata(403), "fix", /answers with 403/);
  judged(checkMetadata(null), "fix", /does not answer/);
});

test("credentials without a session token are a user's, which is a warning; none are to be mended", () => {
  judged(checkIdentity(null), "fix", /no AWS credentials/);
  judged(checkIdentity({}), "warn", /never expire/);
  const expiration = new Date(NOON);
  judged(checkIdentity({ sessionToken: "t", expiration }), "ok", /until 2026-01-31T12:00:00/);
  judged(checkRegion(""), "fix", /no AWS region/);
  judged(checkRegion("eu-central-1"), "ok", /eu-central-1/);
});

const KIT = [
  "usr/bin/qemu-system-x86_64",
  "usr/bin/vhost-device-vsock",
  "usr/bin/tsc-khz",
  "boot/vmlinuz-6.12",
  "lib/modules/6.12/modules.dep",
];

function machineWith(files: readonly string[]): ReturnType<typeof asMachine> {
  const made = makeParent();
  for (const file of files) made.files.set(`/kit/root/${file}`, "");
  return asMachine(made);
}

test("an emulator that lacks any of its parts is a warning that names the part", async () => {
  judged(checkEmulator(await readEmulator(machineWith([]), "/kit")), "warn", /there is none in \/kit/);
  for (const lacking of KIT) {
    const facts = await readEmulator(machineWith(KIT.filter((file) => file !== lacking)), "/kit");
    assert.equal(facts.missing.length, 1, lacking);
    judged(checkEmulator(facts), "warn", /\/kit lacks root\//);
  }
});

test("a QEMU without the machine nitro-enclave is no emulator of ours", async () => {
  const whole = await readEmulator(machineWith(KIT), "/kit");
  // There is no such program: it does not run.
  judged(checkEmulator(whole), "warn", /does not run/);
  const machines = "Supported machines are:\nmicrovm              microvm (i386)\n";
  judged(checkEmulator({ ...whole, machines }), "warn", /no machine nitro-enclave/);
  const with_ = `${machines}nitro-enclave        AWS Nitro Enclave\n`;
  judged(checkEmulator({ ...whole, machines: with_ }), "ok", /\/kit/);
});

test("an enclave in debug mode is to be stopped, by its id", () => {
  const enclave = { id: "i-0-enc1", mode: "production" } as Description;
  judged(checkRunning([enclave]), "ok", /1 of 4 run/);
  const found = checkRunning([enclave, { ...enclave, id: "i-0-enc2", mode: "debug" }]);
  judged(found, "fix", /^i-0-enc2 runs in debug mode/);
  assert.deepEqual(found.commands, ["sealroom enclave stop i-0-enc2"]);
});

async function examined(changes: { readonly vendor?: string }): Promise<readonly Finding[]> {
  const made = makeParent();
  // No EC2: what asks the metadata service is left out, and the rest is as on a parent.
  made.files.set("/sys/class/dmi/id/sys_vendor", changes.vendor ?? "test");
  return examineParent(await readParent(asMachine(made)));
}

test("a parent that is set up is well in all its parts", async (t) => {
  installNitroCli(t, await scratch(t));
  const findings = await examined({});
  assert.deepEqual(
    findings.filter(({ level }) => level !== "ok"),
    [],
  );
  assert.ok(findings.some(({ check, what }) => check === "enclaves" && what.startsWith("0 of 4")));
});

test("without nitro-cli that is what is found, and nothing is asked of it", async (t) => {
  hideNitroCli(t);
  const found = (await examined({})).filter(({ level }) => level === "fix");
  assert.deepEqual(
    found.map(({ check }) => check),
    ["nitro-cli"],
  );
});

test("a nitro-cli that fails is a finding with its code in words", async (t) => {
  installNitroCli(t, await scratch(t), { fault: "no-sockets" });
  const found = (await examined({})).filter(({ level }) => level === "fix");
  assert.deepEqual(
    found.map(({ check }) => check),
    ["enclaves"],
  );
  assert.match(found[0]?.what ?? "", /\(E07\)$/);
  assert.match(found[0]?.why ?? "", /\/run\/nitro_enclaves cannot be read/);
});
