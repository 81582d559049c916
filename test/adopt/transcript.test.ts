// What a host sees of the reading of adopted objects: ranges and their order follow from plan and layout alone, whatever
// the values are. In this process, a thread's work over a wire, by the enclave's own code.
import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { duplexPair, Readable } from "node:stream";
import { test } from "node:test";
import type { AdoptedEntry, Manifest } from "../../core/manifest/manifest.ts";
import { compileJob } from "../../query/job.ts";
import type { ReadRequest } from "../../core/wire/gateway.ts";
import { objectRunner } from "../../enclave-worker/object-task.ts";
import type { ObjectTask } from "../../enclave-worker/object-task.ts";
import { openSteps } from "../../enclave-worker/steps.ts";
import type { TaskOutcome } from "../../enclave-worker/pool.ts";
import { serveGateway } from "../../host-driver/gateway.ts";
import { compileProgram } from "../../jobs/registry.ts";
import { makeKey, manifestOf, RULES, SCHEMA } from "../host/dataset.ts";
import { BY_CITY } from "../host/host.ts";
import { entryOf, s3ecV3, specimens } from "./specimens.ts";
import { encodeVisits } from "./writers.ts";
import type { Visit } from "./writers.ts";

const DATASET_KEY = new Uint8Array(randomBytes(32));
const OWNER = await makeKey();
const ROWS = 5000;
/** A job that needs no column but the unit's. */
const ROWS_ALONE = (owner: string): string =>
  BY_CITY(owner)
    .replace("group_by: [city]\n", "")
    .replace(/ *- \{ sum[^\n]*\n/, "");

interface Read {
  readonly outcome: TaskOutcome;
  readonly requests: readonly Pick<ReadRequest, "offset" | "length">[];
}

async function readObject(bytes: Uint8Array, entry: AdoptedEntry, text: string): Promise<Read> {
  const manifest: Manifest = {
    ...manifestOf({
      owner: OWNER,
      dataset: "visits",
      epoch: 1,
      keyArn: "arn:aws:kms:us-east-1:000000000000:key/12345678-1234-1234-1234-123456789012",
      wrappedKey: Uint8Array.of(1),
      objects: [entry],
      rules: { ...RULES, recipients: [OWNER.publicKey] },
      notAfter: 2,
    }),
    unit: "scattered",
  };
  const { plan } = await compileJob(text, () => OWNER.publicKey);
  const requests: { offset: number; length: number }[] = [];
  const run = objectRunner({
    connect: () => {
      const [near, far] = duplexPair();
      void serveGateway(
        far,
        ({ offset, length }) => {
          requests.push({ offset, length });
          return Promise.resolve(Readable.from([bytes.slice(offset, offset + length)]));
        },
        () => undefined,
      );
      return Promise.resolve(near);
    },
  });
  const task: ObjectTask = {
    address: { job: "0123456789abcdef", input: 0, object: 0 },
    entry,
    program: compileProgram(plan, [manifest]),
    schema: SCHEMA,
    unit: "scattered",
    datasetKey: DATASET_KEY.slice(),
    secrets: { masters: [], maps: [] },
    output: null,
  };
  const outcome = await run({ task, steps: openSteps(2 ** 20) });
  return { outcome, requests };
}

function visits(seed: number): Visit[] {
  return Array.from({ length: ROWS }, (_, i): Visit => ({
    person: `person-${String((i * 7919 * seed) % 900).padStart(4, "0")}`,
    city: i % 10 === 0 ? null : (["aaaa", "bbbb", "cccc"][(i * seed) % 3] ?? null),
    amount: i % 7 === 0 ? null : (i * seed) % 1000,
  }));
}

test("the same ranges are read in the same order whatever the values are, and whatever is filtered for", async () => {
  const [one, other] = [encodeVisits(visits(1), 700), encodeVisits(visits(5), 700)];
  assert.equal(one.length, other.length);
  assert.ok(!Buffer.from(one).equals(other));
  // A signature's length varies by a byte or two of its own accord.
  const unsigned = (plain: Uint8Array): ReturnType<typeof specimens> =>
    specimens(plain, 20_000).filter(({ name }) => !/(578|378|346|214)$/.test(name));
  const others = unsigned(other);
  for (const [index, specimen] of unsigned(one).entries()) {
    const twin = others[index];
    assert.ok(twin?.bytes.length === specimen.bytes.length);
    const seen: Read[] = [];
    for (const { bytes, ...rest } of [specimen, twin]) {
      const entry = await entryOf({ bytes, ...rest }, DATASET_KEY, 0, { rows: ROWS });
      for (const where of [
        "",
        'where: { column: city, op: "=", value: aaaa }\n',
        'where: { column: city, op: "=", value: none }\n',
      ]) {
        seen.push(await readObject(bytes, entry, BY_CITY(OWNER.thumbprint) + where));
      }
    }
    for (const { outcome, requests } of seen) {
      assert.ok("result" in outcome, `${specimen.name} ${JSON.stringify(outcome)}`);
      assert.equal(outcome.result.rows, ROWS);
      assert.deepEqual(requests, seen[0]?.requests, specimen.name);
    }
  }
});

/** Two of the same seed's length: amounts of three digits, whatever they are. */
function csvText(seed: number, rows = ROWS): Uint8Array {
  const lines = visits(seed)
    .slice(0, rows)
    .map(
      ({ person, city, amount }, i) =>
        `${person},${city ?? ""},${i % 7 === 0 ? "" : 100 + ((amount ?? 0) % 900)}\n`,
    );
  return new TextEncoder().encode(`person,city,amount\n${lines.join("")}`);
}

const CSV = { format: "csv", csv: { delimiter: "comma", header: "names", nulls: [""] } } as const;

test("of CSV texts of one length the same ranges are read, whatever is in them, and whatever is asked for", async () => {
  const [one, other] = [csvText(1), csvText(5)];
  assert.equal(one.length, other.length);
  const others = specimens(other, 20_000);
  for (const [index, specimen] of specimens(one, 20_000).entries()) {
    const twin = others[index];
    if (/(578|378|346|214)$/.test(specimen.name)) continue;
    assert.ok(twin?.bytes.length === specimen.bytes.length);
    const seen: Read[] = [];
    for (const { bytes, ...rest } of [specimen, twin]) {
      const entry = await entryOf({ bytes, ...rest }, DATASET_KEY, 0, { ...CSV, rows: ROWS });
      for (const text of [BY_CITY(OWNER.thumbprint), ROWS_ALONE(OWNER.thumbprint)]) {
        seen.push(await readObject(bytes, entry, text));
      }
    }
    for (const { outcome, requests } of seen) {
      assert.ok("result" in outcome, `${specimen.name} ${JSON.stringify(outcome)}`);
      assert.equal(outcome.result.rows, ROWS);
      assert.deepEqual(requests, seen[0]?.requests, specimen.name);
    }
  }
});

test("a CSV text of other rows than the manifest says, of another header or with a bad value is refused, and not told of", async () => {
  const text = new TextDecoder().decode(csvText(1, 50));
  for (const [content, rows, refusal] of [
    [text, 49, { code: "OBJECT_ROWS", details: { rows: 49 } }],
    [text, 51, { code: "OBJECT_ROWS", details: { rows: 51 } }],
    [text.replace("city", "town"), 50, { code: "COLUMN_CSV", details: { part: "header" } }],
    [text.replace(/,[0-9]+\n/, ",12x\n"), 50, { code: "COLUMN_CSV", details: { part: "value", column: 2 } }],
    [text.replace(/aaaa,/, 'a"aa,'), 50, { code: "COLUMN_CSV", details: { part: "quote" } }],
    [text.replace(/aaaa,/, "aaaa,,"), 50, { code: "COLUMN_CSV", details: { part: "fields" } }],
    [text.replace(/aaaa/, "aa\0a"), 50, { code: "COLUMN_CSV", details: { part: "zero" } }],
    [text.replace(/aaaa/, "a".repeat(2 ** 20)), 50, { code: "COLUMN_CSV", details: { part: "length" } }],
    ["", 0, { code: "COLUMN_CSV", details: { part: "header" } }],
  ] as const) {
    const specimen = s3ecV3(new TextEncoder().encode(content));
    const entry = await entryOf(specimen, DATASET_KEY, 0, { ...CSV, rows });
    const { outcome } = await readObject(specimen.bytes, entry, BY_CITY(OWNER.thumbprint));
    assert.deepEqual(outcome, { refusal });
  }
});

test("an adopted object of other rows than the manifest says, though its key be bound to them, is refused", async () => {
  const plain = encodeVisits(visits(1), 700);
  for (const specimen of specimens(plain, 20_000)) {
    for (const rows of [ROWS - 1, ROWS + 1, 0]) {
      const entry = await entryOf(specimen, DATASET_KEY, 0, { rows });
      const { outcome } = await readObject(specimen.bytes, entry, BY_CITY(OWNER.thumbprint));
      assert.ok("refusal" in outcome && outcome.refusal.code === "OBJECT_ROWS", specimen.name);
    }
  }
});
