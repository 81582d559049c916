// Attacks on an owner who signs what a job made: manifests of other jobs and other people, and objects that are not there.
import assert from "node:assert/strict";
import { DecryptCommand, EncryptCommand } from "@aws-sdk/client-kms";
import type { KMSClient } from "@aws-sdk/client-kms";
import {
  GetObjectCommand,
  HeadObjectCommand,
  NoSuchKey,
  NotFound,
  PutObjectCommand,
} from "@aws-sdk/client-s3";
import type { S3Client } from "@aws-sdk/client-s3";
import type { VerifiedManifest } from "../../core/manifest/manifest.ts";
import { encodeOutputManifest } from "../../core/manifest/output.ts";
import type { OutputManifest } from "../../core/manifest/output.ts";
import { compileJob } from "../../query/job.ts";
import { composeStatement } from "../../core/receipt/compose.ts";
import { OUTPUT_FILE } from "../../core/receipt/statement.ts";
import { sha384Hex } from "../../core/text/digest.ts";
import type { OwnerKey } from "../../owner/keys.ts";
import { parseRulesFile } from "../../owner/rules-file.ts";
import { signOutput } from "../../owner/sign-output.ts";
import { columnRules } from "../host/dataset.ts";
import { KEY_ARN, makeParty, NOW } from "../manifest/example.ts";
import {
  analyst,
  authority,
  check,
  owner,
  receiptOf,
  result,
  statement,
  verified,
} from "../receipt/example.ts";
import { attempt } from "./attack.ts";
import type { Attack, Verdict } from "./attack.ts";

const SIGN = "owner/sign-output.ts";
const COPY = "encounters-research";
const PART = "0123456789abcdef/part-00000.sealed";
const PART_BYTES = 1000;
const { rules, schema } = verified.manifest;
const columns = columnRules(schema);
const input: VerifiedManifest = {
  ...verified,
  manifest: {
    ...verified.manifest,
    rules: { ...rules, tokenization: { research: { dataset: COPY, keyArn: KEY_ARN, columns } } },
  },
};

interface Signing {
  /** What the host hands to the owner in place of what the enclave made. */
  readonly handed?: Partial<OutputManifest>;
  /** What the enclave made, and its receipt names. */
  readonly made?: Partial<OutputManifest>;
  readonly signer?: typeof owner;
  /** Bytes of the copy's object as it is stored; undefined where it is not. */
  readonly stored?: number | undefined;
}

/** The owner's whole part, with a receipt that an enclave has attested, S3 and KMS in memory. */
async function sign({ handed, made = {}, signer = owner, ...given }: Signing): Promise<Verdict> {
  const text = `datasets: { encounters: { owner: ${owner.thumbprint} } }\nrecipient: analyst\nkind: tokenize\naudience: research\n`;
  const { plan, bytes, digest } = await compileJob(text, () => analyst.publicKey);
  const manifest: OutputManifest = {
    version: 1,
    dataset: COPY,
    owner: owner.thumbprint,
    job: digest,
    keyArn: KEY_ARN,
    wrappedKey: "AAAA",
    unit: "row",
    schema: [{ name: "city", type: "utf8", role: "dimension" }],
    objects: [{ key: PART, format: "arrow", digest: "0a".repeat(48), bytes: PART_BYTES, rows: 3 }],
    tokens: {},
    vaults: [],
    source: verified.digest,
    ...made,
  };
  const named = encodeOutputManifest(manifest);
  const output = encodeOutputManifest({ ...manifest, ...handed });
  const stated = await composeStatement({
    plan,
    planDigest: digest,
    inputs: [{ verified: input, authority }],
    result: statement.subject,
    outputs: [{ name: OUTPUT_FILE, sha384: await sha384Hex(named) }],
    software: statement.software,
  });
  const receipt = await receiptOf(stated);
  const lengths = new Map([[PART, "stored" in given ? given.stored : PART_BYTES]]);
  const store = new MemoryStore(lengths);
  return attempt(async () => {
    const signed = await signOutput({
      check: { ...check, receipt, result, plan: { bytes, digest }, manifest: verified.digest, output },
      at: { bucket: "copies", prefix: "" },
      rules: await parseRulesFile("min_units: 2\nmax_groups: 10\n", () => Promise.resolve(analyst.publicKey)),
      ownerKey: ownerKeyOf(signer),
      s3: store as unknown as S3Client,
      kms: ANY_KMS,
      nowMs: NOW,
    });
    assert.equal(signed.owner, signer.thumbprint);
    assert.ok(store.objects.has("manifest.jws"));
  });
}

function ownerKeyOf({ thumbprint, signingKey, publicKey }: typeof owner): OwnerKey {
  return { thumbprint, signing: signingKey, sealing: publicKey } as unknown as OwnerKey;
}

class MemoryStore {
  readonly objects = new Map<string, unknown>();
  readonly #lengths: ReadonlyMap<string, number | undefined>;

  constructor(lengths: ReadonlyMap<string, number | undefined>) {
    this.#lengths = lengths;
  }

  send(command: unknown): Promise<unknown> {
    const none = { message: "none", $metadata: {} };
    if (command instanceof HeadObjectCommand) {
      const length = this.#lengths.get(command.input.Key ?? "");
      return length === undefined
        ? Promise.reject(new NotFound(none))
        : Promise.resolve({ ContentLength: length });
    }
    if (command instanceof GetObjectCommand) return Promise.reject(new NoSuchKey(none));
    assert.ok(command instanceof PutObjectCommand);
    this.objects.set(command.input.Key ?? "", command.input.Body);
    return Promise.resolve({});
  }
}

/** Opens and wraps whatever it is asked to: what is tried is stopped before, or not at all. */
const ANY_KMS = {
  send(command: unknown) {
    if (command instanceof DecryptCommand) {
      return Promise.resolve({ KeyId: command.input.KeyId, Plaintext: new Uint8Array(32) });
    }
    assert.ok(command instanceof EncryptCommand);
    return Promise.resolve({ KeyId: command.input.KeyId, CiphertextBlob: new Uint8Array(184) });
  },
} as unknown as KMSClient;

const olderCopy: Attack = {
  name: "the host hands the owner the manifest of an older run of the same job to sign",
  case: "H58",
  scene: "code",
  expects: "RECEIPT_OUTPUT",
  guard: [
    { file: "core/receipt/verify.ts", find: "|| stated !== found) {", replace: "|| stated === undefined) {" },
  ],
  run() {
    const key = "00000000000000aa/part-00000.sealed";
    const objects = [
      { key: PART, format: "arrow", digest: "0b".repeat(48), bytes: PART_BYTES, rows: 3 },
    ] as const;
    return sign({
      handed: { objects: [...objects], wrappedKey: "BBBB", vaults: [] },
      made: { objects: [{ ...objects[0], key }] },
    });
  },
};

const otherJob: Attack = {
  name: "the host has the owner sign, under the receipt of one job, a copy of which another job's manifest tells",
  case: "H42",
  scene: "code",
  expects: "OWNER_OUTPUT",
  guard: [{ file: SIGN, find: "    output.job === planDigest &&\n", replace: "" }],
  run() {
    return sign({ made: { job: "0d".repeat(48) } });
  },
};

const otherSource: Attack = {
  name: "the host has the owner sign a copy of older data as one of what the receipt names",
  case: "H37",
  scene: "code",
  expects: "OWNER_OUTPUT",
  guard: [
    { file: SIGN, find: "    output.source === input?.manifest &&\n", replace: "" },
    { file: SIGN, find: "output.owner === input.owner;", replace: "output.owner === input?.owner;" },
  ],
  run() {
    return sign({ made: { source: "0c".repeat(48) } });
  },
};

const othersCopy: Attack = {
  name: "a stranger signs the copy of an owner's data as a data set of his own",
  case: "H42",
  scene: "code",
  expects: "OWNER_OUTPUT",
  guard: [
    {
      file: SIGN,
      find: "if (output.owner !== ownerKey.thumbprint) {",
      replace: "if (output.objects.length === 0) {",
    },
  ],
  async run() {
    return sign({ signer: await makeParty() });
  },
};

const missingPart: Attack = {
  name: "the host stores only some of a copy's objects, and has the owner sign all of them",
  case: "H30",
  scene: "code",
  expects: "OWNER_OBJECT",
  guard: [
    {
      file: SIGN,
      find: "if (stored !== bytes) throw",
      replace: "if (stored !== undefined && stored !== bytes) throw",
    },
  ],
  run() {
    return sign({ stored: undefined });
  },
};

const shortPart: Attack = {
  name: "the host cuts an object of a copy short before the owner signs it",
  case: "H34",
  scene: "code",
  expects: "OWNER_OBJECT",
  guard: [{ file: SIGN, find: "if (stored !== bytes) throw", replace: "if (stored === undefined) throw" }],
  run() {
    return sign({ stored: PART_BYTES - 1 });
  },
};

export const SIGNING_ATTACKS: readonly Attack[] = [
  olderCopy,
  otherJob,
  otherSource,
  othersCopy,
  missingPart,
  shortPart,
];
