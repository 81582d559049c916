// Nothing that is planted in the data leaves the enclave but through the gate, in any encoding, on any channel; and a
// leak, if there were one, would be found.
import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { after, test } from "node:test";
import { openResult } from "../../core/receipt/sealed-result.ts";
import { naiveByCity, openRows, resultOf, tableRows } from "../host/answer.ts";
import { runProgram } from "../host/program.ts";
import { ReusedTrees } from "../host/reused-trees.ts";
import type { Replacement } from "../host/tree.ts";
import { startWorld } from "../host/world.ts";
import type { Channel } from "../host/recording.ts";
import { ENCODING_NAMES, LEAST_BYTES, patternsOf } from "./encodings.ts";
import { plant, runJobs } from "./jobs.ts";
import { findCanaries, textCanary } from "./search.ts";
import type { Hit } from "./search.ts";

test("there are ten encodings and more, each with patterns long enough not to be met by chance", () => {
  assert.ok(ENCODING_NAMES.length >= 10);
  for (const canary of [
    Buffer.from("918273645"),
    randomBytes(24),
    Buffer.from("\u00d8lga \u010cern\u00e1"),
  ]) {
    const patterns = patternsOf(canary);
    assert.deepEqual([...new Set(patterns.map(({ encoding }) => encoding))], ENCODING_NAMES);
    for (const { bytes } of patterns) assert.ok(bytes.length >= LEAST_BYTES);
  }
});

test("a canary is found in the middle of other bytes in every form in which programs print it", () => {
  const text = "Canary \u00d8lga \u010cern\u00e1";
  const bytes = Buffer.from(text);
  const shown: Readonly<Record<string, Uint8Array | string>> = {
    "as it is": `{"rows":"${text}"}`,
    "upper case": Buffer.from(bytes).map((byte) => (byte >= 0x61 && byte <= 0x7a ? byte - 32 : byte)),
    "lower case": Buffer.from(bytes).map((byte) => (byte >= 0x41 && byte <= 0x5a ? byte + 32 : byte)),
    "UTF-16, little end first": Buffer.from(`x${text}y`, "utf16le"),
    "UTF-16, big end first": Buffer.from(`x${text}y`, "utf16le").swap16(),
    "hex, lower case": `0x${bytes.toString("hex")}`,
    "hex, upper case": bytes.toString("hex").toUpperCase(),
    "hex with spaces": `<Buffer ${bytes.toString("hex").replace(/(..)(?=.)/g, "$1 ")}>`,
    "URL-encoded": `?q=${encodeURIComponent(text)}`,
    "JSON-escaped": Array.from(text)
      .map((c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, "0")}`)
      .join(""),
    "decimal bytes": JSON.stringify([...bytes]),
    reversed: Buffer.from(bytes).reverse(),
    "reversed text": Array.from(text).reverse().join(""),
    inverted: Buffer.from(bytes).map((byte) => ~byte),
  };
  for (const before of [0, 1, 2, 3]) {
    const around = Buffer.concat([randomBytes(before), bytes, randomBytes(5)]);
    for (const encoding of ["base64", "base64url"] as const) {
      const hits = findCanaries(
        [{ channel: "control", bytes: Buffer.from(around.toString(encoding)) }],
        [textCanary(text)],
      );
      assert.ok(
        hits.some((hit) => hit.encoding === encoding),
        `${encoding} after ${before}`,
      );
    }
  }
  for (const [encoding, form] of Object.entries(shown)) {
    const recorded = [{ channel: "stderr", bytes: Buffer.from(form as string) }] as const;
    const hits = findCanaries(recorded, [textCanary(text)]);
    assert.ok(
      hits.some((hit) => hit.encoding === encoding),
      encoding,
    );
  }
  assert.deepEqual(
    [...Object.keys(shown), "base64", "base64url"].sort(),
    [...ENCODING_NAMES].sort(),
    "an encoding that nothing shows to be found",
  );
});

const ENDS = {
  done: "done",
  "done, TLS ended by the test": "done",
  "done, TLS ended by the test, again": "done",
  "refused by the rules": "RULES_RECIPIENT",
  "refused by its groups": "GATE_GROUPS",
  malformed: "PLAN_FIELD",
  damaged: "SEAL_HEADER",
  "damaged at its end": "SEAL_FRAME_TAG",
  "short of rows": "OBJECT_ROWS",
  abandoned: null,
  "done after all that": "done",
};

const world = await startWorld();
after(() => world.close());

for (const release of ["sealed", "clear"] as const) {
  test(`no canary leaves in jobs that are done, refused, malformed, damaged and abandoned (${release})`, async () => {
    const planted = await plant(world, release);
    const { recorded, ends } = await runJobs(world, planted, release);
    const codes = Object.entries(ends).map(([name, end]) => [
      name,
      end?.type === "refused" ? end.code : (end?.type ?? null),
    ]);
    assert.deepEqual(Object.fromEntries(codes), ENDS);
    const bytes = (of: Channel): number =>
      recorded.filter(({ channel }) => channel === of).reduce((sum, entry) => sum + entry.bytes.length, 0);
    for (const channel of ["control", "gateway", "tunnel", "kms", "stdout"] as const) {
      assert.ok(bytes(channel) > 0, channel);
    }
    assert.equal(bytes("stderr"), 0);
    assert.ok(planted.secret.length > 30);
    const canaries = release === "sealed" ? [...planted.secret, ...planted.released] : planted.secret;
    assert.deepEqual(findCanaries(recorded, canaries), []);
    // The search does find what is allowed to leave in the clear.
    if (release === "clear") {
      const found = findCanaries(recorded, planted.released);
      for (const { name } of planted.released) {
        assert.ok(
          found.some(({ canary, encoding }) => canary === name && encoding === "as it is"),
          name,
        );
      }
      for (const { channel } of found) assert.equal(channel, "control");
    }
  });
}

test("what the analyst opens has the released keys and figures, and no canary", async () => {
  const planted = await plant(world, "sealed");
  const { ends } = await runJobs(world, planted, "sealed");
  const event = ends["done"];
  assert.ok(event);
  const rows = planted.dataset.objects.flatMap((object) => object.rows);
  const expected = naiveByCity(rows, { minUnits: 5, lower: 0, upper: 2_000_000_000 });
  assert.deepEqual(await openRows(event, world.analyst), expected);
  assert.equal(expected.length, 2);
  const opened = await openResult(resultOf(event), world.analyst.privateKey);
  assert.deepEqual(tableRows(opened), expected);
  assert.deepEqual(findCanaries([{ channel: "control", bytes: opened }], planted.secret), []);
});

interface Leak {
  readonly name: string;
  readonly release: "sealed" | "clear";
  readonly plants: readonly Replacement[];
  readonly found: { readonly canary: RegExp; readonly encoding: string; readonly channel: Channel };
}

/** Of the first piece of plaintext in which a name stands: the name. */
const NAMED = `
    for (const { bytes } of runs) {
      const at = Buffer.from(bytes).indexOf("Canary W");
      if (at < 0) continue;
      const name = Buffer.from(bytes.subarray(at, at + 32));
      LEAK
    }
`;
const AFTER_READ = "    return (range) => bytesIn(runs, range);";

function inRead(leak: string): Replacement {
  return {
    file: "enclave-worker/sealed-file.ts",
    find: AFTER_READ,
    replace: NAMED.replace("LEAK", () => leak) + AFTER_READ,
  };
}

const LEAKS: readonly Leak[] = [
  {
    name: "a person's name in a refusal",
    release: "sealed",
    plants: [inRead('throw new SealroomError("OBJECT_ROWS", { name: name.toString() });')],
    found: { canary: /Wilhelmina/, encoding: "as it is", channel: "control" },
  },
  {
    name: "a person's name in what is printed",
    release: "sealed",
    plants: [inRead("console.error(name);")],
    found: { canary: /Wilhelmina/, encoding: "hex with spaces", channel: "stderr" },
  },
  {
    name: "a person's name in the next request for bytes",
    release: "sealed",
    plants: [
      inRead('(globalThis as any).leak = name.toString("base64url");'),
      {
        file: "enclave-worker/gateway.ts",
        find: "writeReadRequest(this.#stream, { ...this.#address, offset, length })",
        replace:
          "writeReadRequest(this.#stream, { ...this.#address, job: (globalThis as any).leak ?? this.#address.job, offset, length })",
      },
    ],
    found: { canary: /Wilhelmina/, encoding: "base64url", channel: "gateway" },
  },
  {
    name: "the key of the job before in a request to KMS",
    release: "sealed",
    plants: [
      {
        file: "enclave-worker/kms/recipient-call.ts",
        find: '"x-amz-target": `TrentService.${operation}`',
        replace:
          '"x-amz-target": `TrentService.${operation}`, "x-amz-note": (globalThis as any).kept ?? "none"',
      },
      {
        file: "enclave-worker/kms/recipient-call.ts",
        find: "  if (key.length !== DATA_KEY_BYTES)",
        replace:
          '  (globalThis as any).kept = Buffer.from(key).toString("hex");\n  if (key.length !== DATA_KEY_BYTES)',
      },
    ],
    found: { canary: /dataset key/, encoding: "hex, lower case", channel: "kms" },
  },
  {
    name: "a suppressed key in a result in the clear",
    release: "clear",
    plants: [
      {
        file: "jobs/aggregate/gate/small.ts",
        find: "const isShown = group.units >= minUnits;",
        replace: "const isShown = group.units >= 1;",
      },
    ],
    found: { canary: /Zwischenwasser/, encoding: "as it is", channel: "control" },
  },
];

const copies = new ReusedTrees(["test/canary"], 2);
after(() => copies.remove());

async function runLeak({ plants, release }: Leak): Promise<readonly Hit[]> {
  const stdout = await copies.use(plants, (root) => runProgram(root, "test/canary/leaky.ts", [release]));
  return JSON.parse(stdout) as Hit[];
}

const leaking = LEAKS.map(runLeak);
for (const running of leaking) running.catch(() => undefined);

for (const [index, { name, found }] of LEAKS.entries()) {
  test(`a planted leak is found: ${name}`, async () => {
    const hits = (await leaking[index]) ?? [];
    const isThere = hits.some(
      ({ canary, encoding, channel }) =>
        found.canary.test(canary) && encoding === found.encoding && channel === found.channel,
    );
    assert.ok(isThere, JSON.stringify(hits));
  });
}
