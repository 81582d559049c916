// Attacks with what documents say and how they say it: two readers who read one text differently, names that look or
// fold alike, numbers that round, keys and paths that point elsewhere. Handed to the parsers as the enclave does.
import assert from "node:assert/strict";
import { encodeCanonical } from "../../core/json.ts";
import type { Manifest } from "../../core/manifest/manifest.ts";
import { signJws } from "../../core/manifest/jws.ts";
import { parseManifest } from "../../core/manifest/parse.ts";
import { GRANT_FORM, MANIFEST_FORM, verifyManifest } from "../../core/manifest/verify.ts";
import { parseJob } from "../../core/plan/job-text.ts";
import { parsePlan } from "../../core/plan/parse.ts";
import { exampleManifest, makeParty, NOW } from "../manifest/example.ts";
import { attempt } from "./attack.ts";
import type { Attack, Verdict } from "./attack.ts";

const OWNER = "A".repeat(43);
const SCANNER = "core/text/json-scanner.ts";

/** A manifest of a sound owner, changed, as the enclave parses it once its signature has verified. */
async function readManifest(change: (manifest: Manifest) => object): Promise<Verdict> {
  const { publicKey } = await makeParty();
  const payload = encodeCanonical(change(exampleManifest(publicKey)));
  return attempt(() => {
    parseManifest(payload);
  });
}

/** The canonical text of a sound plan, changed as text. */
async function readPlan(
  change: (text: string) => string,
  took: (plan: ReturnType<typeof parsePlan>) => void,
): Promise<Verdict> {
  const { publicKey } = await makeParty();
  const plan = {
    version: 1,
    kind: "aggregate",
    inputs: [{ dataset: "visits", owner: OWNER }],
    where: { column: "age", op: "=", value: 40 },
    groupBy: ["city"],
    totals: [],
    select: [{ as: "count", op: "count" }],
    orderBy: [],
    limit: 7,
    recipient: publicKey,
    release: "sealed",
  };
  const text = new TextDecoder().decode(encodeCanonical(plan));
  const changed = change(text);
  assert.notEqual(changed, text);
  return attempt(() => {
    took(parsePlan(Buffer.from(changed)));
  });
}

const ANY_ENCODING = {
  file: "core/json.ts",
  find: 'if (canonicalText(value) !== text) throw new SealroomError("JSON_CANONICAL");',
  replace: "",
};

const otherEncoding: Attack = {
  name: "an owner's software signs a manifest with spaces in it, and two readers give it two digests",
  case: "H42",
  scene: "code",
  expects: "JSON_CANONICAL",
  guard: [ANY_ENCODING],
  async run() {
    const { publicKey, signingKey } = await makeParty();
    const spaced = Buffer.from(JSON.stringify(exampleManifest(publicKey), null, 1));
    const jws = await signJws(spaced, MANIFEST_FORM, signingKey);
    return attempt(async () => {
      await verifyManifest(jws, { nowMs: NOW });
    });
  },
};

const otherKind: Attack = {
  name: "a text that the owner signed as a grant is shown as a manifest",
  case: "H42",
  scene: "code",
  expects: "JWS_TYP",
  guard: [
    {
      file: "core/manifest/jws.ts",
      find: 'if (typ !== form.typ) throw new SealroomError("JWS_TYP");',
      replace: "void typ;",
    },
  ],
  async run() {
    const { publicKey, signingKey } = await makeParty();
    const payload = encodeCanonical(exampleManifest(publicKey));
    const jws = await signJws(payload, GRANT_FORM, signingKey);
    return attempt(async () => {
      await verifyManifest(jws, { nowMs: NOW });
    });
  },
};

const spelledTwice: Attack = {
  name: "the host spells a signature in a second way, for a log that knows documents by their text",
  case: "H42",
  scene: "code",
  expects: "JWS_BASE64URL",
  guard: [
    {
      file: "core/text/base64url.ts",
      find: "return (bits & ((1 << held) - 1)) === 0 ? bytes : undefined;",
      replace: "return bytes;",
    },
  ],
  async run() {
    const { publicKey, signingKey } = await makeParty();
    const jws = await signJws(encodeCanonical(exampleManifest(publicKey)), MANIFEST_FORM, signingKey);
    const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    const text = Buffer.from(jws).toString();
    // 64 bytes end in four bits that are not used.
    const respelled = text.slice(0, -1) + (alphabet[alphabet.indexOf(text.slice(-1)) | 1] ?? "");
    assert.notEqual(respelled, text);
    return attempt(async () => {
      await verifyManifest(Buffer.from(respelled), { nowMs: NOW });
    });
  },
};

const alias: Attack = {
  name: "a manifest names its key by an alias, which whoever administers the account can point elsewhere",
  case: "H24",
  scene: "code",
  expects: "MANIFEST_FIELD",
  guard: [
    {
      file: "core/manifest/parse.ts",
      find: "fields.keyArn.matching(KEY_ARN)",
      replace: "fields.keyArn.text()",
    },
  ],
  run() {
    return readManifest((manifest) => ({
      ...manifest,
      keyArn: "arn:aws:kms:eu-central-1:111122223333:alias/data",
    }));
  },
};

const twins: Attack = {
  name: "a manifest names two objects by keys that a store without letter case takes for one",
  case: "H31",
  scene: "code",
  expects: "MANIFEST_OBJECT",
  guard: [
    {
      file: "core/manifest/objects.ts",
      find: 'if (keys.has(folded)) throw key.fault("named twice", {}, "MANIFEST_OBJECT");',
      replace: "",
    },
  ],
  run() {
    return readManifest((manifest) => ({
      ...manifest,
      objects: manifest.objects.map((object, at) => ({ ...object, key: at === 0 ? "part" : "PART" })),
    }));
  },
};

const wayOut: Attack = {
  name: "a manifest's object lies outside the data set's own place, by a path that goes up",
  case: "H54",
  scene: "code",
  expects: "MANIFEST_OBJECT",
  guard: [
    {
      file: "core/manifest/objects.ts",
      find: 'if (!isPlain) throw field.fault("not a plain relative path", {}, "MANIFEST_OBJECT");',
      replace: "void isPlain;",
    },
  ],
  run() {
    return readManifest((manifest) => ({
      ...manifest,
      objects: manifest.objects.map((object, at) => ({ ...object, key: `../../other/part-${String(at)}` })),
    }));
  },
};

const oneUnit: Attack = {
  name: "an owner's rules say that a group of one may be shown",
  case: "A05",
  scene: "code",
  expects: "MANIFEST_FIELD",
  guard: [
    {
      file: "core/manifest/rules.ts",
      find: "fields.minUnits.integer(2,",
      replace: "fields.minUnits.integer(1,",
    },
  ],
  run() {
    return readManifest((manifest) => ({
      ...manifest,
      rules: { ...manifest.rules, minUnits: 1, interval: 1 },
    }));
  },
};

const saidTwice: Attack = {
  name: "a plan says its limit twice, for the owner who grants it and for the enclave that runs it",
  case: "A24",
  scene: "code",
  expects: "JSON_DUPLICATE",
  guard: [
    {
      file: SCANNER,
      find: 'if (name in object) throw this.#fault("JSON_DUPLICATE",',
      replace: 'if (name === "") throw this.#fault("JSON_DUPLICATE",',
    },
    ANY_ENCODING,
  ],
  run() {
    return readPlan(
      (text) => text.replace('"limit":7', '"limit":7,"limit":100000'),
      (plan) => {
        assert.ok(plan.kind === "aggregate" && plan.limit === 100_000);
      },
    );
  },
};

const roundedNumber: Attack = {
  name: "a plan compares with 2^53 + 1, which one reader keeps and the next one rounds",
  case: "A24",
  scene: "code",
  expects: "JSON_NUMBER",
  guard: [
    {
      file: SCANNER,
      find: 'if (number === "range") throw',
      replace: 'if (number === "range") return 2 ** 53; if (start < 0) throw',
    },
    ANY_ENCODING,
  ],
  run() {
    return readPlan(
      (text) => text.replace('"value":40', '"value":9007199254740993'),
      (plan) => {
        const where = plan.kind === "aggregate" ? plan.where : null;
        assert.ok(where !== null && "value" in where && where.value === 2 ** 53);
      },
    );
  },
};

const unknownMember: Attack = {
  name: "a plan asks, under a name that this version does not know, for what a later one would do",
  case: "A36",
  scene: "code",
  expects: "PLAN_FIELD",
  guard: [
    {
      file: "core/text/field.ts",
      find: 'if (!known.includes(name)) throw field.fault("unknown", meantDetail(name, known));',
      replace: "if (!known.includes(name)) continue;",
    },
  ],
  run() {
    return readPlan(
      (text) => text.replace('{"groupBy"', '{"debug":true,"groupBy"'),
      () => undefined,
    );
  },
};

const inheritedName: Attack = {
  name: "a job puts out a column by a name that every object answers to",
  case: "A24",
  scene: "code",
  expects: "JOB_FIELD",
  guard: [
    {
      file: "core/text/name.ts",
      find: "|| INHERITED.has(text)) {",
      replace: ") {",
    },
  ],
  run() {
    return readJob("constructor");
  },
};

const turnedName: Attack = {
  name: "a job names a column with a mark that turns the direction of what is read after it",
  case: "A24",
  scene: "code",
  expects: "JSON_STRING",
  guard: [
    { file: "core/text/name.ts", find: "(!UNSAFE.test(text) && text.normalize", replace: "(text.normalize" },
    {
      file: "core/text/name.ts",
      find: "isSafeText(text) && !SHAPELESS.test(text)",
      replace: "isSafeText(text)",
    },
  ],
  run() {
    return readJob("total\u202elatot");
  },
};

function readJob(as: string): Promise<Verdict> {
  const job = [
    "datasets:",
    `  visits: { owner: ${OWNER} }`,
    "select:",
    `  - { count: "*", as: "${as}" }`,
    "recipient: analyst.key.pub",
    "",
  ].join("\n");
  return attempt(() => {
    const parsed = parseJob(job);
    assert.ok(parsed.kind === "aggregate" && parsed.select[0]?.as === as);
  });
}

export const TEXT_ATTACKS: readonly Attack[] = [
  otherEncoding,
  otherKind,
  spelledTwice,
  alias,
  twins,
  wayOut,
  oneUnit,
  saidTwice,
  roundedNumber,
  unknownMember,
  inheritedName,
  turnedName,
];
