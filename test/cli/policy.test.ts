// `sealroom policy` as it is typed: what goes to which stream, exit codes, and errors that say what to do.
import assert from "node:assert/strict";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import test from "node:test";
import type { TestContext } from "node:test";
import { consequenceOf } from "../../cli/exit.ts";
import { encodeMeasurements } from "../../core/attestation/measurements.ts";
import type { ErrorCode } from "../../core/errors.ts";
import { LINT_CODES } from "../../owner/lint/codes.ts";
import { answer, scratch, sealroom } from "./command-line.ts";
import type { JsonAnswer } from "./command-line.ts";

const IMAGE = { 0: "0a".repeat(48), 1: "1b".repeat(48), 2: "2c".repeat(48) };
const NEW_IMAGE = { 0: "d0".repeat(48), 1: "e1".repeat(48), 2: "f2".repeat(48) };
const role = (name: string): string => `arn:aws:iam::111122223333:role/${name}`;
/** PCR3 on instances of role("enclave"): of the 48 zero bytes and the ARN. */
const PARENT = "kms:RecipientAttestation:PCR3";

interface Place {
  readonly path: (name: string) => string;
  readonly terms: readonly string[];
}

async function place(t: TestContext): Promise<Place> {
  const directory = await scratch(t);
  const path = (name: string): string => join(directory, name);
  await writeFile(path("old.json"), encodeMeasurements(IMAGE));
  await writeFile(path("new.json"), encodeMeasurements(NEW_IMAGE));
  const terms = [
    ...["--measurements", path("old.json"), "--owner-role", role("owner"), "--enclave-role", role("enclave")],
    ...["--break-glass-role", role("break-glass"), "--owner", "NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs"],
    ...["--dataset", "visits", "--live-epoch", "1763856000000"],
  ];
  return { path, terms };
}

/** What the command prints, in a file as a shell would put it. */
async function printTo(file: string, args: readonly string[]): Promise<string> {
  const { exit, stdout, stderr } = await sealroom(args);
  assert.equal(exit, 0, stderr);
  await writeFile(file, stdout);
  return stderr;
}

function sids({ policy }: JsonAnswer): readonly string[] {
  return (policy as { Statement: readonly { Sid: string }[] }).Statement.map(({ Sid }) => Sid);
}

function adviceOf({ error }: JsonAnswer): string {
  return consequenceOf(error?.code as ErrorCode).advice;
}

test("kms prints a policy that pins the parent, and on standard error what to do with it", async (t) => {
  const { path, terms } = await place(t);
  const said = await printTo(path("policy.json"), ["policy", "kms", ...terms]);
  assert.match(
    said,
    /^1\. [^]*policy lint FILE\n2\. As the break-glass role, [^]*put-key-policy[^]*FILE\.\)\n$/,
  );
  const { next, warnings } = await answer(["policy", "kms", ...terms]);
  assert.deepEqual([(next as readonly string[]).length, warnings], [2, []]);
  const text = await readFile(path("policy.json"), "utf8");
  assert.equal(text.split(PARENT).length - 1, 2);
  const found = await answer(["policy", "lint", path("policy.json")]);
  assert.deepEqual([found.exit, found["findings"], found["notes"]], [0, [], []]);
});

test("kms without a live epoch says that roll-over cannot go on from it, and roll-over says so too", async (t) => {
  const { path, terms } = await place(t);
  const begin = terms.slice(0, -2);
  const said = await printTo(path("begin.json"), ["policy", "kms", ...begin]);
  assert.match(
    said.replaceAll("\n", " "),
    /create-key --policy .*3\. No enclave opens visits under it\. .* --live-epoch EPOCH: roll-over/,
  );
  const rolled = await answer(["policy", "roll-over", path("begin.json"), "--live-epoch", "1763856000000"]);
  assert.deepEqual([rolled.exit, rolled.error?.code], [3, "KEYPOLICY_NO_EPOCH"]);
  assert.match(adviceOf(rolled), /sealroom policy kms \.\.\. --live-epoch EPOCH/);
});

test("roll-over that takes the last epoch out warns that nothing follows on what it prints", async (t) => {
  const { path, terms } = await place(t);
  await printTo(path("policy.json"), ["policy", "kms", ...terms, "--token-domain", "people:1"]);
  const last = ["policy", "roll-over", path("policy.json"), "--retire-epoch", "1763856000000"];
  const said = await printTo(path("closed.json"), last);
  assert.match(said, /^Retired: epoch 1763856000000\nWarning: no epoch is left, so no enclave opens visits/);
  assert.equal((await answer(["policy", "lint", path("closed.json")])).exit, 0);
  const on = await answer(["policy", "roll-over", path("closed.json"), "--add", path("new.json")]);
  assert.deepEqual([on.exit, on.error?.code], [3, "KEYPOLICY_NO_EPOCH"]);
  const { warnings } = await answer([...last, "--live-epoch", "1763856000001"]);
  assert.deepEqual(warnings, []);
});

test("lint and roll-over take the policy as get-key-policy prints it, with its name or without", async (t) => {
  const { path, terms } = await place(t);
  await printTo(path("policy.json"), ["policy", "kms", ...terms]);
  const Policy = await readFile(path("policy.json"), "utf8");
  const next = await answer(["policy", "roll-over", path("policy.json"), "--add", path("new.json")]);
  for (const printed of [{ Policy, PolicyName: "default" }, { Policy }, { PolicyName: "default", Policy }]) {
    await writeFile(path("answer.json"), JSON.stringify(printed, null, 4));
    const found = await answer(["policy", "lint", path("answer.json")]);
    assert.deepEqual([found.exit, found["findings"]], [0, []]);
    const rolled = await answer(["policy", "roll-over", path("answer.json"), "--add", path("new.json")]);
    assert.deepEqual(rolled["policy"], next["policy"]);
  }
});

test("lint unwraps nothing that says more than get-key-policy does, or says it twice", async (t) => {
  const { path, terms } = await place(t);
  await printTo(path("policy.json"), ["policy", "kms", ...terms]);
  const policy = JSON.stringify(JSON.stringify(JSON.parse(await readFile(path("policy.json"), "utf8"))));
  const cases: readonly (readonly [text: string, code: string])[] = [
    [`{"Policy":${policy},"Policy":${policy}}`, "JSON_DUPLICATE"],
    [`{"Policy":${policy},"PolicyName":"default","PolicyName":"other"}`, "JSON_DUPLICATE"],
    [`{"Policy":${policy},"Statement":[]}`, "KEYPOLICY_SYNTAX"],
    [`[{"Policy":${policy}}]`, "KEYPOLICY_SYNTAX"],
    [`{"Policy":${policy}}{}`, "JSON_SYNTAX"],
    [`{"Policy":{}}`, "KEYPOLICY_SYNTAX"],
    [`{"Policy":"\\q"}`, "JSON_SYNTAX"],
    [`{"Policy":"no policy"}`, "JSON_SYNTAX"],
    [`{"Policy":${JSON.stringify(`{"Policy":${policy}}`)}}`, "KEYPOLICY_SYNTAX"],
  ];
  for (const [text, code] of cases) {
    await writeFile(path("answer.json"), text);
    const found = await answer(["policy", "lint", path("answer.json")]);
    assert.deepEqual([found.exit, found.error?.code], [3, code], text.slice(0, 20));
    assert.doesNotMatch(adviceOf(found), /policy lint/);
  }
});

test("kms --no-parent-role says on standard error what is lost", async (t) => {
  const { path, terms } = await place(t);
  const said = await printTo(path("policy.json"), ["policy", "kms", ...terms, "--no-parent-role"]);
  assert.match(
    said.replaceAll("\n", " "),
    /PCR3 is left out: whoever has the enclave role's credentials .* may run/,
  );
  assert.ok(!(await readFile(path("policy.json"), "utf8")).includes(PARENT));
  const { warnings } = await answer(["policy", "kms", ...terms, "--no-parent-role"]);
  assert.equal((warnings as readonly string[]).length, 1);
  const { notes } = await answer(["policy", "lint", path("policy.json")]);
  assert.match(String(notes), /pin PCR3/);
});

test("kms adds token domains and output data sets, each option as often as wanted", async (t) => {
  const { terms } = await place(t);
  const added = ["--token-domain", "people:1", "--token-domain", "plates:2", "--output-dataset", "sample"];
  const enclave = sids(await answer(["policy", "kms", ...terms, ...added])).filter((sid) =>
    sid.startsWith("Enclave"),
  );
  assert.deepEqual(enclave, [
    "EnclaveDecrypts0",
    "EnclaveDecryptsTokens0Domain0",
    "EnclaveDecryptsTokens0Domain1",
    "EnclaveMakesOutputKeys0",
  ]);
});

test("kms refuses what cannot stand in a policy, by option", async (t) => {
  const { terms } = await place(t);
  const cases: readonly (readonly [option: string, value: string, code: string])[] = [
    ["--token-domain", "people", "USAGE_ARGUMENTS"],
    ["--token-domain", "people:", "USAGE_ARGUMENTS"],
    ["--token-domain", "people:x", "USAGE_ARGUMENTS"],
    ["--token-domain", "peo*:1", "KEYPOLICY_TOKEN"],
    ["--token-domain", "people:0", "KEYPOLICY_TOKEN"],
    ["--output-dataset", "*", "KEYPOLICY_OUTPUT"],
    ["--live-epoch", "yesterday", "USAGE_ARGUMENTS"],
  ];
  for (const [option, value, code] of cases) {
    const found = await answer(["policy", "kms", ...terms, option, value]);
    assert.deepEqual([found.exit, found.error?.code], [2, code], `${option} ${value}`);
  }
});

test("roll-over brings the new image in and takes the old one out, with what to do on standard error", async (t) => {
  const { path, terms } = await place(t);
  await printTo(path("policy.json"), ["policy", "kms", ...terms]);
  const added = await printTo(path("both.json"), [
    ...["policy", "roll-over", path("policy.json"), "--add", path("new.json")],
  ]);
  assert.match(added, new RegExp(`^Added: image with PCR0 ?\\n${NEW_IMAGE[0]}\\n1\\. `));
  assert.match(
    added,
    /put-key-policy[^]*\n2\. Start the new image[^]*\n3\. [^]*verify[^]*\n4\. [^]*--retire/,
  );
  const both = await readFile(path("both.json"), "utf8");
  assert.ok(both.includes(IMAGE[0]) && both.includes(NEW_IMAGE[0]));
  const retired = await printTo(path("last.json"), [
    ...["policy", "roll-over", path("both.json"), "--retire", path("old.json")],
  ]);
  assert.match(retired, /^Retired: image/);
  const last = await readFile(path("last.json"), "utf8");
  assert.ok(!last.includes(IMAGE[0]) && last.includes(NEW_IMAGE[0]));
  for (const name of ["policy.json", "both.json", "last.json"]) {
    assert.equal((await answer(["policy", "lint", path(name)])).exit, 0, name);
  }
});

test("roll-over changes epochs and token keys, and with --json says what it changed", async (t) => {
  const { path, terms } = await place(t);
  await printTo(path("policy.json"), ["policy", "kms", ...terms, "--token-domain", "people:1"]);
  const found = await answer([
    ...["policy", "roll-over", path("policy.json"), "--live-epoch", "1763856000001"],
    ...[
      "--live-epoch",
      "1763856000002",
      "--retire-epoch",
      "1763856000000",
      "--token-domain",
      "people:2",
      "--retire-token",
      "people:1",
    ],
  ]);
  assert.equal(found.exit, 0, JSON.stringify(found.error));
  assert.deepEqual(found["changed"], {
    images: { added: [], retired: [] },
    epochs: { added: [1763856000001, 1763856000002], retired: [1763856000000] },
    tokens: { added: ["people:2"], retired: ["people:1"] },
  });
  const text = JSON.stringify(found["policy"]);
  assert.ok(text.includes('["1763856000001","1763856000002"]') && !text.includes('"1763856000000"'));
  assert.ok((found["next"] as readonly string[]).length >= 3);
});

test("an epoch before the policy's file is one epoch, and swallows no file", async (t) => {
  const { path, terms } = await place(t);
  await printTo(path("policy.json"), ["policy", "kms", ...terms, "--live-epoch", "1763856000001"]);
  const found = await answer([
    ...["policy", "roll-over", "--live-epoch", "1763856000002", "--retire-epoch", "1763856000000"],
    path("policy.json"),
  ]);
  assert.equal(found.exit, 0, JSON.stringify(found.error));
  assert.ok(JSON.stringify(found["policy"]).includes('["1763856000001","1763856000002"]'));
  const two = await answer(["policy", "kms", ...terms, "1763856000001"]);
  assert.deepEqual([two.exit, two.error?.code], [2, "USAGE_ARGUMENTS"]);
});

test("roll-over warns of an epoch and a token version that go back, and of no other", async (t) => {
  const { path, terms } = await place(t);
  await printTo(path("policy.json"), ["policy", "kms", ...terms, "--token-domain", "people:2"]);
  const warnings = async (...args: readonly string[]): Promise<readonly string[]> => {
    const found = await answer(["policy", "roll-over", path("policy.json"), ...args]);
    assert.equal(found.exit, 0, JSON.stringify(found.error));
    return found["warnings"] as readonly string[];
  };
  const back = await warnings("--live-epoch", "1763855999999", "--token-domain", "people:1");
  assert.deepEqual(
    back.map((text) => /^Warning: (\S+ \S+|\S+) is older/.exec(text)?.[1]),
    ["epoch 1763855999999", "people:1"],
  );
  assert.deepEqual(await warnings("--live-epoch", "1763856000001", "--token-domain", "people:3"), []);
  assert.deepEqual(await warnings("--token-domain", "plates:1"), []);
});

test("roll-over refuses what makes no sense, and names the policy's file", async (t) => {
  const { path, terms } = await place(t);
  await printTo(path("policy.json"), ["policy", "kms", ...terms]);
  const changed = (await readFile(path("policy.json"), "utf8")).replace('"kms:*"', '"*"');
  await writeFile(path("changed.json"), changed);
  await writeFile(path("text.json"), "no policy");
  const policy = path("policy.json");
  const cases: readonly (readonly [args: readonly string[], exit: number, code: string])[] = [
    [[policy], 2, "USAGE_ARGUMENTS"],
    [[policy, "--add", path("old.json")], 3, "KEYPOLICY_CHANGE"],
    [[policy, "--retire", path("old.json")], 3, "KEYPOLICY_CHANGE"],
    [[policy, "--retire", path("new.json")], 3, "KEYPOLICY_CHANGE"],
    [[policy, "--add", path("absent.json")], 3, "FILE_MISSING"],
    [[policy, "--add", policy], 2, "MEASUREMENTS_FORMAT"],
    [[policy, "--retire-epoch", "1"], 3, "KEYPOLICY_CHANGE"],
    [[policy, "--live-epoch", "0"], 2, "KEYPOLICY_EPOCH"],
    [[path("changed.json"), "--add", path("new.json")], 3, "KEYPOLICY_FOREIGN"],
    [[path("text.json"), "--add", path("new.json")], 3, "JSON_SYNTAX"],
    [[path("old.json"), "--add", path("new.json")], 3, "KEYPOLICY_FOREIGN"],
  ];
  for (const [args, exit, code] of cases) {
    const found = await answer(["policy", "roll-over", ...args]);
    assert.deepEqual([found.exit, found.error?.code], [exit, code], args.join(" "));
  }
  const { error } = await answer(["policy", "roll-over", policy, "--add", path("old.json")]);
  assert.equal(error?.where, policy);
});

test("lint exits 1 with each finding's statement, attack, request and advice", async (t) => {
  const { path, terms } = await place(t);
  const { policy } = await answer(["policy", "kms", ...terms]);
  const { Statement } = policy as { Statement: readonly Record<string, unknown>[] };
  const broad = {
    Sid: "Mistake",
    Effect: "Allow",
    Principal: { AWS: role("enclave") },
    Action: "kms:CreateGrant",
    Resource: "*",
  };
  const kept = Statement.filter(({ Sid }) => Sid !== "NobodyElseHandsOn");
  await writeFile(path("bad.json"), JSON.stringify({ Version: "2012-10-17", Statement: [...kept, broad] }));

  const { exit, stdout, stderr } = await sealroom(["policy", "lint", path("bad.json")]);
  assert.deepEqual([exit, stderr], [1, ""]);
  assert.match(stdout, /^GRANT in Mistake: open today\n/);
  assert.match(stdout, /kms:CreateGrant by arn:aws:iam::111122223333:role\/enclave/);
  assert.match(stdout, /NO_DENY_HANDING_ON in the policy as a whole: latent, nothing allows it today\n/);
  assert.match(stdout, /bad\.json: 2 findings, 1 of them open today\.\n/);

  const found = await answer(["policy", "lint", path("bad.json")]);
  const [grant] = found["findings"] as readonly Record<string, unknown>[];
  assert.deepEqual(grant, {
    code: "GRANT",
    statement: kept.length,
    sid: "Mistake",
    detail: "kms:CreateGrant",
    ...LINT_CODES.GRANT,
    stand: "open",
    heldBy: null,
    witness: { principal: role("enclave"), action: "kms:CreateGrant", context: null, registers: null },
  });
  assert.deepEqual(found["roles"], {
    enclave: [role("enclave")],
    owner: [role("owner")],
    breakGlass: [role("break-glass")],
    others: [],
  });
});

test("lint says what findings of a code have in common once, and which registers may have any value", async (t) => {
  const { path, terms } = await place(t);
  const { policy } = await answer(["policy", "kms", ...terms]);
  const { Statement } = policy as { Statement: readonly { Sid: string }[] };
  const kept = Statement.filter(({ Sid }) => !/OtherPCR[012]$/.test(Sid));
  await writeFile(path("bad.json"), JSON.stringify({ Version: "2012-10-17", Statement: kept }));
  const { stdout } = await sealroom(["policy", "lint", path("bad.json")]);
  const count = (part: string): number => stdout.split(part).length - 1;
  assert.equal(count("NO_DENY_IMAGE in the policy as a whole: latent, nothing allows it today\n"), 3, stdout);
  assert.deepEqual(
    [count("  found "), count("  request "), count("  attack "), count("  instead ")],
    [3, 3, 1, 1],
  );
  const text = stdout.replaceAll(/\s+/g, " ");
  assert.match(
    text,
    /PCR1 1b1b1b1b\.\.\. PCR2 2c2c2c2c\.\.\. [^,]*and values that the policy does not name in PCR0/,
  );
  assert.doesNotMatch(text, /5c5c/);
});

test("lint believes what it is told about roles over what the policy lets them do", async (t) => {
  const { path, terms } = await place(t);
  await printTo(path("policy.json"), ["policy", "kms", ...terms]);
  const found = await answer(["policy", "lint", path("policy.json"), "--enclave-role", role("owner")]);
  assert.equal(found.exit, 1);
  const codes = (found["findings"] as readonly { code: string }[]).map(({ code }) => code);
  assert.ok(codes.includes("UNATTESTED") && codes.includes("WRAP"), codes.join(" "));
});

test("lint tells what is no policy from a policy with faults", async (t) => {
  const { path } = await place(t);
  const cases: readonly (readonly [text: string, exit: number, code: string | undefined])[] = [
    ["no JSON", 3, "JSON_SYNTAX"],
    ["[]", 3, "KEYPOLICY_SYNTAX"],
    ["{}", 3, "KEYPOLICY_SYNTAX"],
    ['{"Statement":[]}', 3, "KEYPOLICY_SYNTAX"],
    ['{"Statement":[1]}', 3, "KEYPOLICY_SYNTAX"],
    ['{"Statement":[{}],"Statement":[{}]}', 3, "JSON_DUPLICATE"],
    ['{"Statement":{}}', 1, undefined],
    ['{"Version":"2012-10-17","Statement":{"Effect":"Allow"}}', 1, undefined],
  ];
  for (const [text, exit, code] of cases) {
    await writeFile(path("policy.json"), text);
    const found = await answer(["policy", "lint", path("policy.json")]);
    assert.deepEqual([found.exit, found.error?.code], [exit, code], text);
  }
});

test("lint refuses a policy whose text could move the terminal's cursor, and does not print it", async (t) => {
  const { path } = await place(t);
  const policy = { Version: "2012-10-17", Statement: [{ Sid: "\u009b2J\u202eevil", Effect: "Allow" }] };
  await writeFile(path("policy.json"), JSON.stringify(policy));
  const { stdout, stderr, exit } = await sealroom(["policy", "lint", path("policy.json")]);
  assert.equal(exit, 3);
  assert.match(stderr, /\[JSON_STRING\]/);
  assert.doesNotMatch(stdout + stderr, /[\u009b\u202e]/);
});
