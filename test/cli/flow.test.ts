// A job by the commands that a user types, against a real local enclave: what each leaves, and what each refuses.
import assert from "node:assert/strict";
import { execFileSync, spawnSync } from "node:child_process";
import { cp, mkdir, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import test, { after, before } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import { parseSchemaFile } from "../../owner/schema-file.ts";
import { answer, LAUNCHER, sealroom, start } from "./command-line.ts";
import type { JsonAnswer } from "./command-line.ts";
import { jobText, must, NONCE, startFlow } from "./flow.ts";
import type { Flow } from "./flow.ts";

let flow: Flow;
/** A finished run with everything in it; tests copy it before they change anything. */
let done: string;

before(async () => {
  flow = await startFlow();
  done = flow.path("done");
  await must(runArgs(done));
});

after(async () => {
  await flow.stop();
});

function runArgs(out: string, job: string = flow.jobs.allowed): string[] {
  const key = ["--recipient-key", flow.path("analyst.key")];
  return ["run", job, "--out", out, "--nonce", NONCE, ...key, "--state", flow.state];
}

function verifyArgs(directory: string, changes: Readonly<Record<string, string | null>> = {}): string[] {
  const options = Object.entries({ ...flow.expectations(), ...changes });
  return ["verify", directory, ...options.flatMap(([name, value]) => (value === null ? [] : [name, value]))];
}

async function copyOfDone(name: string): Promise<string> {
  const copy = flow.path(name);
  await cp(done, copy, { recursive: true });
  return copy;
}

test("a run leaves the sealed result, its receipt and the opened result, and nothing else", async () => {
  const names = ["receipt.json", "result.arrow", "result.csv", "result.jwe"];
  assert.deepEqual((await readdir(done)).sort(), names);
  const csv = await readFile(join(done, "result.csv"), "utf8");
  assert.deepEqual(
    csv.split("\r\n").map((line) => line.split(",").slice(0, 3).join(",")),
    ["town,count,people", "Aachen,90,30", "Bonn,90,30", "Celle,,", ""],
  );
});

test("without the recipient's key nothing opened is left", async () => {
  const out = flow.path("sealed-only");
  const found = await must(["run", flow.jobs.allowed, "--out", out, "--state", flow.state]);
  assert.deepEqual((await readdir(out)).sort(), ["receipt.json", "result.jwe"]);
  assert.match(String(found["nonce"]), /^[0-9a-f]{64}$/);
  assert.equal(found["rows"], null);
});

test("the receipt verifies against what was held from before, and the output says that it is simulated", async () => {
  const found = await must(verifyArgs(done));
  assert.deepEqual([found["verified"], found["simulated"], found["epochChecked"]], [true, true, false]);
  const printed = await sealroom(verifyArgs(done));
  assert.equal(printed.exit, 0);
  const text = printed.stdout.replaceAll(/\s+/g, " ");
  assert.match(text, /^VERIFIED, BUT SIMULATED/);
  assert.match(text, /SIMULATED under the root you gave/);
  assert.match(text, /NOT CHECKED: give --manifest/);
  assert.match(text, /UNVERIFIED result\.arrow, result\.csv/);
  // What is longer is one word, such as a digest, whole.
  const isReadable = (line: string): boolean =>
    line.length <= 80 || line.startsWith("VERIFIED") || /^ +\S+ {2,}\S+$/.test(line);
  assert.ok(printed.stdout.split("\n").every(isReadable));
});

test("opened files count as verified only when the recipient's key opens the sealed result again", async () => {
  const without = await must(verifyArgs(done));
  assert.equal((without["files"] as Record<string, string>)["result.csv"], "unverified");
  const withKey = await must(verifyArgs(done, { "--recipient-key": flow.path("analyst.key") }));
  assert.deepEqual(withKey["files"], {
    "receipt.json": "verified",
    "result.arrow": "verified",
    "result.csv": "verified",
    "result.jwe": "verified",
  });
  const stranger = await answer(verifyArgs(done, { "--recipient-key": flow.path("stranger.key") }));
  assert.deepEqual([stranger.exit, stranger.error?.code], [1, "RESULT_OPEN"]);
});

test("each expectation that is missing is exit 2, whatever else is there", async () => {
  for (const name of ["--measurements", "--nonce", "--owner", "--job"]) {
    const found = await answer(verifyArgs(done, { [name]: null }));
    assert.deepEqual([found.exit, found.error?.code], [2, "EXPECTATION_EMPTY"], name);
  }
  assert.equal((await answer(["verify", done])).exit, 2);
});

test("an owner of another data set than the job's is told from one that is missing", async () => {
  const found = await answer(verifyArgs(done, { "--owner": `vists=${flow.owner}` }));
  assert.deepEqual([found.exit, found.error?.code], [2, "EXPECTATION_EMPTY"]);
  assert.equal(found.error?.details["fault"], "the job names visits, you gave vists");
});

test("no expectation may lie in the directory that is judged by it", async () => {
  const copy = await copyOfDone("self-judged");
  for (const name of ["--measurements", "--job", "--simulated-root"]) {
    const inside = join(copy, `mine-${name.slice(2)}`);
    await cp(verifyArgs(done)[verifyArgs(done).indexOf(name) + 1] ?? "", inside);
    const found = await answer(verifyArgs(copy, { [name]: inside }));
    assert.deepEqual([found.exit, found.error?.code], [2, "EXPECTATION_EMPTY"], name);
  }
});

test("a file's name in the directory cannot move the cursor, and a pipe is not waited for", async () => {
  const copy = await copyOfDone("hostile-names");
  await writeFile(join(copy, "x\u001b[1A\r verified  all"), "");
  const printed = await sealroom(verifyArgs(copy));
  assert.equal(printed.exit, 0);
  assert.ok(!printed.stdout.includes("\u001b[1A") && !printed.stdout.includes("\r"));
  await rm(join(copy, "receipt.json"));
  execFileSync("mkfifo", [join(copy, "receipt.json")]);
  const piped = await answer(verifyArgs(copy));
  assert.equal(piped.error?.code, "FILE_KIND");
});

test("each expectation that cannot be used is as good as missing", async () => {
  await writeFile(flow.path("junk"), "junk");
  await writeFile(flow.path("nothing"), "");
  const zeros = JSON.stringify({
    Measurements: {
      HashAlgorithm: "Sha384 { ... }",
      PCR0: "0".repeat(96),
      PCR1: "0".repeat(96),
      PCR2: "0".repeat(96),
    },
  });
  await writeFile(flow.path("zeros.json"), zeros);
  const cases: readonly (readonly [name: string, value: string])[] = [
    ["--measurements", flow.path("none")],
    ["--measurements", flow.path("junk")],
    ["--measurements", flow.path("nothing")],
    ["--measurements", flow.path("zeros.json")],
    ["--nonce", ""],
    ["--nonce", "5e"],
    ["--nonce", "zz".repeat(32)],
    ["--nonce", "00".repeat(32)],
    ["--owner", "visits="],
    ["--owner", "visits"],
    ["--owner", `other=${flow.owner}`],
    ["--job", flow.path("none")],
    ["--job", flow.path("junk")],
    ["--job", flow.path("nothing")],
    ["--manifest", ""],
    ["--manifest", "abc"],
    ["--simulated-root", flow.path("none")],
    ["--simulated-root", flow.path("junk")],
  ];
  for (const [name, value] of cases) {
    const found = await answer(verifyArgs(done, { [name]: value }));
    assert.deepEqual([found.exit, found.error?.code], [2, "EXPECTATION_EMPTY"], `${name} ${value}`);
  }
});

test("each expectation that differs is exit 1, with the fact that differs", async () => {
  const measurements = await readFile(flow.measurements, "utf8");
  const other = JSON.parse(measurements) as { Measurements: Record<string, string> };
  for (const register of ["PCR0", "PCR1", "PCR2"]) {
    const image = { Measurements: { ...other.Measurements, [register]: "ab".repeat(48) } };
    await writeFile(flow.path(`${register}.json`), JSON.stringify(image));
    const found = await answer(verifyArgs(done, { "--measurements": flow.path(`${register}.json`) }));
    assert.deepEqual([found.exit, found.error?.code], [1, "POLICY_PCR"], register);
  }
  const text = jobText(flow.owner, "analyst.key.pub");
  await writeFile(flow.path("other-job.yaml"), text.replace("order_by: [town]", "limit: 5"));
  await writeFile(flow.path("other-owner.yaml"), text.replace(flow.owner, "A".repeat(43)));
  const stranger = `visits=${"A".repeat(43)}`;
  const cases: readonly (readonly [changes: Record<string, string | null>, code: string])[] = [
    [{ "--nonce": "5f".repeat(32) }, "POLICY_NONCE"],
    [{ "--owner": stranger }, "RECEIPT_OWNER"],
    [{ "--job": flow.path("other-job.yaml") }, "RECEIPT_PLAN"],
    [{ "--job": flow.path("other-owner.yaml"), "--owner": stranger }, "RECEIPT_PLAN"],
    [{ "--job": flow.jobs.unlisted }, "RECEIPT_PLAN"],
    [{ "--manifest": "ab".repeat(48) }, "RECEIPT_MANIFEST"],
    [{ "--simulated-root": null }, "CHAIN_ROOT"],
  ];
  for (const [changes, code] of cases) {
    const found = await answer(verifyArgs(done, changes));
    assert.deepEqual([found.exit, found.error?.code], [1, code], JSON.stringify(changes));
  }
  const pinned = await must(verifyArgs(done, { "--manifest": String(flow.sealed["manifest"]) }));
  assert.equal(pinned["epochChecked"], true);
});

test("one byte of any file that counts, changed, is exit 1; a file that is gone is exit 3", async () => {
  for (const name of ["receipt.json", "result.jwe", "result.arrow", "result.csv"]) {
    const copy = await copyOfDone(`changed-${name}`);
    const bytes = await readFile(join(copy, name));
    const at = bytes.length >> 1;
    bytes[at] = (bytes[at] ?? 0) ^ 1;
    await writeFile(join(copy, name), bytes);
    const found = await answer(verifyArgs(copy, { "--recipient-key": flow.path("analyst.key") }));
    assert.equal(found.exit, 1, name);
    if (name === "result.csv" || name === "result.arrow") {
      assert.equal(found.error?.code, "RESULT_OPENED");
      // Without the key such a file is not vouched for.
      const files = (await must(verifyArgs(copy)))["files"] as Record<string, string>;
      assert.equal(files[name], "unverified");
    }
  }
  const copy = await copyOfDone("without-receipt");
  await rm(join(copy, "receipt.json"));
  assert.deepEqual((await answer(verifyArgs(copy))).exit, 3);
  assert.equal((await answer(verifyArgs(flow.path("no-such-directory")))).exit, 3);
  assert.equal((await answer(verifyArgs(flow.measurements))).exit, 2);
});

test("a directory with anything in it is refused before anything is started, and left as it was", async () => {
  const taken = flow.path("taken");
  await mkdir(taken);
  await writeFile(join(taken, "mine"), "mine");
  const found = await answer(runArgs(taken));
  assert.deepEqual([found.exit, found.error?.code], [3, "FILE_EXISTS"]);
  assert.deepEqual(await readdir(taken), ["mine"]);
  const again = await answer(runArgs(done));
  assert.equal(again.error?.code, "FILE_EXISTS");
  await must(runArgs(flow.path("empty")));
  assert.ok((await readdir(flow.path("empty"))).includes("receipt.json"));
});

test("a run that is killed or interrupted leaves nothing that looks like a result", async () => {
  const out = flow.path("killed/out");
  for (const [signal, afterMs] of [
    ["SIGKILL", 0],
    ["SIGKILL", 30],
    ["SIGKILL", 120],
    ["SIGINT", 0],
    ["SIGTERM", 60],
  ] as const) {
    await mkdir(flow.path("killed"), { recursive: true });
    const { child, finished } = start(runArgs(out));
    // The line that it prints when it has found S3, KMS and the enclave; the job is next.
    await new Promise((seen) => child.stderr?.once("data", seen));
    await delay(afterMs);
    child.kill(signal);
    const { exit } = await finished;
    const left = await readdir(flow.path("killed"));
    if (exit === 0) assert.ok((await readdir(out)).includes("receipt.json"), "finished before the signal");
    else {
      assert.ok(!left.includes("out"), `${signal} after ${afterMs} ms left ${left.join(", ")}`);
      if (signal !== "SIGKILL") assert.equal(exit, 130);
    }
    await rm(flow.path("killed"), { recursive: true });
  }
  // The enclave serves the next job.
  await must(runArgs(flow.path("after-kills")));
});

test("a key that cannot open the result, or a nonce that anyone guesses, is refused before the job runs", async () => {
  const out = flow.path("never");
  const args = ["run", flow.jobs.allowed, "--out", out, "--state", flow.state];
  assert.equal((await answer([...args, "--recipient-key", flow.path("stranger.key")])).exit, 2);
  assert.equal((await answer([...args, "--nonce", "00".repeat(32)])).exit, 2);
  assert.equal((await answer([...args, "--nonce", "5e5e"])).exit, 2);
  await writeFile(flow.path("junk.key"), "{", { mode: 0o600 });
  const junk = await answer([...args, "--recipient-key", flow.path("junk.key")]);
  assert.deepEqual(
    [junk.exit, junk.error?.code, junk.error?.where],
    [3, "JSON_SYNTAX", flow.path("junk.key")],
  );
  await assert.rejects(readdir(out), { code: "ENOENT" });
});

test("without AWS credentials --aws says what is missing", () => {
  const env = { AWS_EC2_METADATA_DISABLED: "true", HOME: flow.directory, PATH: process.env["PATH"] ?? "" };
  for (const region of [{}, { AWS_REGION: "eu-central-1" }]) {
    const args = [LAUNCHER, "explain", flow.jobs.allowed, "--aws"];
    const found = spawnSync(process.execPath, args, { env: { ...env, ...region }, encoding: "utf8" });
    assert.equal(found.status, 4, found.stderr);
    assert.match(found.stderr, /^Using AWS .*\n.*\[CLOUD_CREDENTIALS\]\. .*\n$/s);
  }
});

test("jobs that are run at the same time on one enclave take turns", async () => {
  const names = ["turn-1", "turn-2", "turn-3"];
  const runs = await Promise.all(names.map((name) => sealroom(runArgs(flow.path(name)))));
  assert.deepEqual(
    runs.map(({ exit, stderr }) => (exit === 0 ? "done" : stderr)),
    ["done", "done", "done"],
  );
});

test("a job reads no more than explain says", async () => {
  const explained = await must(["explain", flow.jobs.allowed, "--state", flow.state]);
  const [input] = explained["inputs"] as readonly Record<string, number>[];
  const run = await must(runArgs(flow.path("measured")));
  assert.ok(Number(run["bytesRead"]) > 0);
  assert.ok(Number(run["bytesRead"]) <= (input?.["bytesReadAtMost"] ?? 0));
});

test("explain names the rule that refuses, and a grant for that very job overrules it", async () => {
  const allowed = await must(["explain", flow.jobs.allowed, "--state", flow.state]);
  const [input] = allowed["inputs"] as readonly Record<string, unknown>[];
  assert.equal(input?.["basis"], "adhoc");
  const columns = input["columns"] as readonly Record<string, unknown>[];
  assert.ok(columns.some(({ role, uses }) => role === "unit" && JSON.stringify(uses) === "[]"));
  const used = columns.filter(({ uses }) => JSON.stringify(uses) !== "[]");
  assert.deepEqual(used, [
    { name: "town", type: "utf8", role: "dimension", uses: ["group by"], bounds: null },
    {
      name: "amount",
      type: "decimal(8,2)",
      role: "measure",
      uses: ["sum"],
      bounds: { lower: 0, upper: 1000 },
    },
  ]);
  assert.deepEqual([input["rows"], input["minUnits"]], [186, 5]);

  const refused = await answer(["explain", flow.jobs.unlisted, "--state", flow.state]);
  assert.equal(refused.exit, 1);
  assert.equal((refused["inputs"] as readonly Record<string, unknown>[])[0]?.["code"], "RULES_RECIPIENT");
  const denied = await answer([
    "run",
    flow.jobs.unlisted,
    "--out",
    flow.path("denied"),
    "--state",
    flow.state,
  ]);
  assert.deepEqual(
    [denied.exit, denied.error?.code, denied.error?.where],
    [1, "RULES_RECIPIENT", flow.jobs.unlisted],
  );
  await assert.rejects(readdir(flow.path("denied")), { code: "ENOENT" });

  const grant = flow.path("grant.jws");
  const owner = ["--owner", flow.path("owner.key"), "--state", flow.state];
  await must(["grant", flow.jobs.unlisted, ...owner, "--out", grant]);
  const explained = await must(["explain", flow.jobs.unlisted, "--grant", grant, "--state", flow.state]);
  assert.equal((explained["inputs"] as readonly Record<string, unknown>[])[0]?.["basis"], "grant");
  const out = flow.path("granted");
  const key = ["--recipient-key", flow.path("stranger.key")];
  await must([
    "run",
    flow.jobs.unlisted,
    "--out",
    out,
    "--grant",
    grant,
    ...key,
    "--nonce",
    NONCE,
    "--state",
    flow.state,
  ]);
  const verified = await must(verifyArgs(out, { "--job": flow.jobs.unlisted }));
  assert.equal((verified["inputs"] as readonly Record<string, unknown>[])[0]?.["basis"], "grant");
  // For another job the same grant is refused.
  const other = await answer([
    "run",
    flow.jobs.allowed,
    "--out",
    flow.path("denied"),
    "--grant",
    grant,
    "--state",
    flow.state,
  ]);
  assert.deepEqual([other.exit, other.error?.code, other.error?.where], [1, "GRANT_PLAN", grant]);
});

const QUERY = `SELECT town, width_bucket(amount) AS band,
  count(*), sum((1 + amount) * 0.5) AS halves
FROM visits
GROUP BY 1, 2
HAVING count(*) > 20 -- only what is shown
ORDER BY town, band`;

test("a query is run, explained and verified with a job's file or without, and has the file's recipient", async () => {
  const state = ["--state", flow.state];
  const key = ["--recipient-key", flow.path("analyst.key")];
  const withFile = flow.path("by-query");
  await must([
    "run",
    flow.jobs.allowed,
    "--sql",
    QUERY,
    "--out",
    withFile,
    "--nonce",
    NONCE,
    ...key,
    ...state,
  ]);
  const csv = await readFile(join(withFile, "result.csv"), "utf8");
  assert.deepEqual(csv.trimEnd().split("\r\n"), [
    "town,band,count,halves",
    "Aachen,0,30,152.250",
    "Aachen,1,30,452.250",
    "Aachen,2,30,752.250",
    "Bonn,0,30,167.250",
    "Bonn,1,30,467.250",
    "Bonn,2,30,767.250",
  ]);
  const asked = [
    "--sql",
    QUERY,
    "--dataset",
    `visits=${flow.owner}`,
    "--recipient",
    flow.path("analyst.key.pub"),
  ];
  const place = ["--from", "visits=s3://flow/visits/"];
  const explained = await must(["explain", ...asked, ...place, ...state]);
  const [input] = explained["inputs"] as [{ columns: { name: string; uses: string[] }[] }];
  assert.deepEqual(
    input.columns.map(({ name, uses }) => [name, uses]),
    [
      ["person", []],
      ["name", []],
      ["town", ["group by"]],
      ["amount", ["group by", "sum"]],
    ],
  );
  const without = flow.path("by-options");
  const ran = await must(["run", ...asked, ...place, "--out", without, "--nonce", NONCE, ...state]);
  assert.equal(ran["planDigest"], explained["planDigest"]);
  const query = { "--sql": QUERY };
  for (const directory of [withFile, without]) {
    assert.equal((await must(verifyArgs(directory, query)))["verified"], true);
    const recipient = { ...query, "--job": null, "--recipient": flow.path("analyst.key.pub") };
    assert.equal((await must(verifyArgs(directory, recipient)))["verified"], true);
    const other = await answer(verifyArgs(directory, { "--sql": QUERY.replace("20", "21") }));
    assert.deepEqual([other.exit, other.error?.code], [1, "RECEIPT_PLAN"]);
  }
});

test("a query that cannot be asked is refused by its place before anything is started, or by the rule", async () => {
  const run = (sql: string, ...more: string[]): Promise<JsonAnswer> =>
    answer([
      "run",
      flow.jobs.allowed,
      "--sql",
      sql,
      "--out",
      flow.path("never"),
      "--state",
      flow.state,
      ...more,
    ]);
  const dialect = await run("SELECT town, count(*)\nFROM visits\nWHERE town LIKE 'A%' GROUP BY town");
  assert.deepEqual([dialect.exit, dialect.error?.code], [3, "SQL_DIALECT"]);
  assert.equal(dialect.error?.details["at"], "line 3, column 12");
  assert.equal((await run("SELECT (")).error?.code, "SQL_SYNTAX");
  const foreign = await run("SELECT sum(amount * amount) FROM visits");
  assert.deepEqual([foreign.exit, foreign.error?.code], [1, "PLAN_EXPRESSION"]);
  const both = await run("SELECT count(*) FROM visits", "--recipient", flow.path("analyst.key.pub"));
  assert.deepEqual([both.exit, both.error?.code], [2, "USAGE_ARGUMENTS"]);
  const alone = await answer(["run", "--sql", "SELECT count(*) FROM visits", "--out", flow.path("never")]);
  assert.deepEqual([alone.exit, alone.error?.code], [2, "USAGE_ARGUMENTS"]);
});

test("explain says which expressions and bins the owner declares, and what to ask for", async () => {
  const sql = "SELECT width_bucket(town), sum(amount * amount) FROM visits GROUP BY 1";
  const printed = await sealroom(["explain", flow.jobs.allowed, "--sql", sql, "--state", flow.state]);
  assert.equal(printed.exit, 1);
  const text = printed.stdout.replaceAll(/\s+/g, " ");
  assert.match(
    text,
    /\[PLAN_EXPRESSION\] rule `expressions` in rules\.yaml, which says half: \(amount \+ 1\) \* 0\.5/,
  );
  assert.match(text, /ask for expressions: \{ NAME: amount \* amount \}, with bounds of NAME/);
  assert.match(text, /\[PLAN_BINS\] rule `bins` in rules\.yaml, which says nothing for town/);
});

test("a data set's schema is written as a module, once its owner is who he should be", async () => {
  const file = flow.path("visits.schema.ts");
  const args = ["schema", "s3://flow/visits/", "--out", file, "--state", flow.state];
  const stranger = await answer([
    ...args,
    "--owner",
    flow.owner.replace(/^./, (first) => (first === "A" ? "B" : "A")),
  ]);
  assert.deepEqual([stranger.exit, stranger.error?.code], [1, "JOB_INPUTS"]);
  await must([...args, "--owner", flow.owner]);
  const { visits } = (await import(file)) as { visits: Record<string, unknown> };
  assert.deepEqual(visits, {
    dataset: "visits",
    owner: flow.owner,
    from: "s3://flow/visits/",
    columns: {
      person: { type: "utf8", role: "unit" },
      name: { type: "utf8", role: "identifier" },
      town: { type: "utf8", role: "dimension" },
      amount: { type: "decimal(8,2)", role: "measure" },
    },
    expressions: ["half"],
    bins: ["amount"],
  });
});

test("a job that no grant could let run is not granted, and a grant says to whom and how much", async () => {
  const owner = ["--owner", flow.path("owner.key"), "--state", flow.state];
  const text = jobText(flow.owner, "analyst.key.pub");
  const cases: readonly (readonly [name: string, text: string, code: string])[] = [
    ["grouped-by-name", text.replaceAll("[town]", "[name]"), "PLAN_ROLE"],
    ["least", text.replace("sum: amount", "min: amount"), "PLAN_EXTREMES"],
    ["clear", `${text}release: clear\n`, "RULES_RELEASE"],
  ];
  for (const [name, job, code] of cases) {
    const path = flow.path(`${name}.yaml`);
    await writeFile(path, job);
    const out = flow.path(`${name}.jws`);
    const found = await answer(["grant", path, ...owner, "--out", out]);
    assert.deepEqual([found.exit, found.error?.code, found.error?.where], [1, code, path]);
    await assert.rejects(readFile(out), { code: "ENOENT" });
  }
  const few = ["--out", flow.path("few.jws"), "--max-rows", "7"];
  const granted = await must(["grant", flow.jobs.allowed, ...owner, ...few]);
  assert.equal(granted["maxRows"], 7);
  assert.match(String(granted["recipient"]), /^[A-Za-z0-9_-]{43}$/);
});

test("a job that uses a column against its role is refused, and says which", async () => {
  const text = jobText(flow.owner, "analyst.key.pub");
  const cases: readonly (readonly [name: string, text: string, code: string, exit: number])[] = [
    ["by-name.yaml", text.replaceAll("[town]", "[name]"), "PLAN_ROLE", 1],
    ["by-person.yaml", text.replaceAll("[town]", "[person]"), "PLAN_ROLE", 1],
    ["no-column.yaml", text.replaceAll("[town]", "[twon]"), "PLAN_COLUMN", 3],
  ];
  for (const [name, job, code, exit] of cases) {
    await writeFile(flow.path(name), job);
    const explained = await answer(["explain", flow.path(name), "--state", flow.state]);
    assert.equal((explained["inputs"] as readonly Record<string, unknown>[])[0]?.["code"], code, name);
    const run = await answer(["run", flow.path(name), "--out", flow.path("refused"), "--state", flow.state]);
    assert.deepEqual([run.exit, run.error?.code], [exit, code], name);
  }
});

test("where a data set lies can be said, and another owner's or no data set there is told apart", async () => {
  const from = (
    value: string,
  ): Promise<{ readonly exit: number; readonly error?: { readonly code: string } }> =>
    answer(["explain", flow.jobs.allowed, "--from", value, "--state", flow.state]);
  assert.equal((await from("visits=s3://flow/visits")).exit, 0);
  assert.deepEqual([(await from("vists=s3://flow/visits/")).error?.code], ["INPUT_NAME"]);
  assert.deepEqual([(await from("visits=s3://flow/none/")).error?.code], ["STORE_MISSING"]);
  assert.deepEqual([(await from("visits=/tmp")).error?.code], ["STORE_LOCATION"]);
  assert.equal((await from("visits")).exit, 2);
  await writeFile(flow.path("stranger.yaml"), jobText("A".repeat(43), "analyst.key.pub"));
  const stranger = await answer(["explain", flow.path("stranger.yaml"), "--state", flow.state]);
  assert.deepEqual([stranger.exit, stranger.error?.code], [1, "JOB_INPUTS"]);
});

test("--json prints exactly one object, and progress stays on standard error", async () => {
  const { stdout, stderr, exit } = await sealroom([...runArgs(flow.path("as-json")), "--json"]);
  assert.equal(exit, 0);
  assert.equal(stdout.trimEnd().split("\n").length, 1);
  const found = JSON.parse(stdout) as Record<string, unknown>;
  assert.deepEqual([found["ok"], found["command"], found["nonce"]], [true, "sealroom run", NONCE]);
  assert.match(stderr, /^Using running stand-ins, .*\nThe enclave answered after .*\n$/s);
});

test("stand-ins that were killed leave nothing that keeps others from the state", async () => {
  const state = flow.path("other-state");
  const { child, finished } = start(["local", "--state", state, "--json"]);
  await new Promise((ready) => child.stdout?.once("data", ready));
  assert.equal((await must(["local", "status", "--state", state]))["running"], true);
  child.kill("SIGKILL");
  await finished;
  // Their process ends when it sees that its standard input has closed.
  let status = await answer(["local", "status", "--state", state]);
  for (let tries = 0; tries < 100 && status["running"] !== false; tries++) {
    await delay(100);
    status = await answer(["local", "status", "--state", state]);
  }
  assert.equal(status["running"], false);
});

test("one state serves one `sealroom local`: a second one is refused", async () => {
  const second = await sealroom(["local", "--state", flow.state]);
  assert.equal(second.exit, 4);
  assert.match(second.stderr, /\[LOCAL_LOCKED\]/);
});

test("seal --init proposes files that seal takes, and overwrites neither", async () => {
  const names = { schema: flow.path("proposed-schema.yaml"), rules: flow.path("proposed-rules.yaml") };
  const init = ["seal", "--init", flow.path("visits.csv"), "--schema", names.schema, "--rules", names.rules];
  const proposed = await must(init);
  assert.deepEqual([proposed["schema"], proposed["rules"]], [names.schema, names.rules]);
  parseSchemaFile(await readFile(names.schema, "utf8"));
  assert.deepEqual((await answer(init)).error?.code, "FILE_EXISTS");
});

test("seal says which of its files is wrong, and where, and stores nothing", async () => {
  const given = {
    "--dataset": "other",
    "--schema": flow.path("schema.yaml"),
    "--rules": flow.path("rules.yaml"),
    "--owner": flow.path("owner.key"),
    "--kms-key": flow.keyArn,
    "--to": "s3://flow/other/",
  };
  const sealWith = (
    changes: Record<string, string>,
    input = flow.path("visits.csv"),
  ): Promise<JsonAnswer> => {
    const options = Object.entries({ ...given, ...changes }).flat();
    return answer(["seal", input, ...options, "--state", flow.state]);
  };
  await writeFile(
    flow.path("bad-role.yaml"),
    "unit: person\ncolumns:\n  person: { type: utf8, role: units }\n",
  );
  await writeFile(
    flow.path("missing-column.yaml"),
    "unit: person\ncolumns:\n  person: { type: utf8, role: unit }\n",
  );
  await writeFile(flow.path("bad-rules.yaml"), "min_units: 1\nmax_groups: 10\n");
  await writeFile(flow.path("plain-rules.yaml"), "min_units: 2\nmax_groups: 10\n");
  await writeFile(flow.path("bad.csv"), "person,name,town,amount\np1,n,Bonn,not a number\n");
  const cases: readonly (readonly [
    changes: Record<string, string>,
    input: string,
    exit: number,
    code: RegExp,
  ])[] = [
    [{}, flow.path("none.csv"), 3, /^FILE_MISSING$/],
    [{}, flow.path("bad.csv"), 3, /^OWNER_VALUES$/],
    [{ "--schema": flow.path("none") }, flow.path("visits.csv"), 3, /^FILE_MISSING$/],
    [{ "--schema": flow.path("bad-role.yaml") }, flow.path("visits.csv"), 3, /^OWNER_SCHEMA$/],
    [
      { "--schema": flow.path("missing-column.yaml"), "--rules": flow.path("plain-rules.yaml") },
      flow.path("visits.csv"),
      3,
      /^OWNER_COLUMNS$/,
    ],
    [{ "--schema": flow.path("missing-column.yaml") }, flow.path("none.csv"), 3, /^MANIFEST_RULES$/],
    [{ "--not-after": "2020-01-01" }, flow.path("none.csv"), 2, /./],
    [{ "--rules": flow.path("bad-rules.yaml") }, flow.path("visits.csv"), 3, /_RULES$/],
    [{ "--owner": flow.path("analyst.key") }, flow.path("visits.csv"), 3, /^OWNER_KEY_FORM$/],
    [{ "--owner": flow.path("owner.key.pub") }, flow.path("visits.csv"), 3, /^OWNER_KEY_FORM$/],
    [{ "--to": "/tmp" }, flow.path("visits.csv"), 2, /^STORE_LOCATION$/],
    [{ "--dataset": "no good" }, flow.path("visits.csv"), 2, /^USAGE_ARGUMENTS$/],
    [{ "--kms-key": "alias/mine" }, flow.path("visits.csv"), 2, /^USAGE_ARGUMENTS$/],
  ];
  for (const [changes, input, exit, code] of cases) {
    const found = await sealWith(changes, input);
    assert.equal(found.exit, exit, `${JSON.stringify(changes)} ${input}: ${JSON.stringify(found.error)}`);
    assert.match(found.error?.code ?? "", code);
    if (found.error?.code === "MANIFEST_RULES") assert.equal(found.error.where, given["--rules"]);
    if (found.error?.code === "FILE_MISSING") assert.match(found.error.where ?? "", /none(\.csv)?$/);
  }
  const nothing = await answer([
    "explain",
    flow.jobs.allowed,
    "--from",
    "visits=s3://flow/other/",
    "--state",
    flow.state,
  ]);
  assert.equal(nothing.error?.code, "STORE_MISSING");
  assert.equal((await answer(["seal", flow.path("visits.csv"), "--state", flow.state])).exit, 2);
});

test("rules that are signed again are a new epoch, which works once the key policy lists it", async () => {
  const strict = (await readFile(flow.path("rules.yaml"), "utf8")).replace("min_units: 5", "min_units: 40");
  await writeFile(flow.path("strict.yaml"), strict);
  const owner = ["--owner", flow.path("owner.key"), "--state", flow.state];
  const signed = await must([
    "sign",
    "s3://flow/visits/",
    "--dataset",
    "visits",
    ...owner,
    "--manifest",
    String(flow.sealed["manifest"]),
    "--rules",
    flow.path("strict.yaml"),
  ]);
  assert.equal(signed["previousEpoch"], flow.sealed["epoch"]);
  const early = await answer(runArgs(flow.path("early")));
  assert.deepEqual([early.exit, early.error?.code, early.error?.where], [1, "KMS_DENIED", flow.keyArn]);
  // What the statement of the key policy would have to list.
  const { dataset, epoch, owner: asked, purpose } = early.error?.details ?? {};
  assert.deepEqual(
    { dataset, epoch, asked, purpose },
    { dataset: "visits", epoch: String(signed["epoch"]), asked: flow.owner, purpose: "dataset" },
  );
  await flow.makeLive(String(signed["epoch"]));
  const out = flow.path("strict");
  await must(runArgs(out));
  assert.equal(
    await readFile(join(out, "result.csv"), "utf8"),
    "town,count,people,total\r\nAachen,,,\r\nBonn,,,\r\nCelle,,,\r\n",
  );
  const pinned = await answer(verifyArgs(out, { "--manifest": String(flow.sealed["manifest"]) }));
  assert.equal(pinned.error?.code, "RECEIPT_MANIFEST");
  await must(verifyArgs(out, { "--manifest": String(signed["manifest"]) }));
  const another = await answer([
    "sign",
    "s3://flow/visits/",
    "--dataset",
    "others",
    ...owner,
    "--manifest",
    String(signed["manifest"]),
  ]);
  const rolledBack = await answer([
    ...["sign", "s3://flow/visits/", "--dataset", "visits", ...owner],
    ...["--manifest", String(flow.sealed["manifest"])],
  ]);
  assert.deepEqual([rolledBack.exit, rolledBack.error?.code], [1, "OWNER_MANIFEST"]);
  assert.deepEqual([another.exit, another.error?.code], [1, "OWNER_DATASET"]);
});
