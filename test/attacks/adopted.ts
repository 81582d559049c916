// Attacks with objects that others wrote, handed to the code that opens them in the enclave: other bytes the second time,
// another object under the same key, a key that its writer did not choose, a text whose tag nobody checked.
import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { wrapDataKey } from "../../core/seal/adopted-key.ts";
import { openAdopted, verifyObject } from "../../core/seal/adopted.ts";
import { MemorySource, readAll } from "../adopt/memory.ts";
import { entryOf, framedTwins, s3ecV2, s3ecV3 } from "../adopt/specimens.ts";
import type { Specimen } from "../adopt/specimens.ts";
import { text } from "../seal/forger.ts";
import { attempt } from "./attack.ts";
import type { Attack, Verdict } from "./attack.ts";

const DATASET_KEY = new Uint8Array(randomBytes(32));
const PLAIN = text("person-0001 has 100, person-0002 has 200, and so on");
const WANTED = text("person-0001 has 999, person-0002 has 999, and so on");

/** GCM is CTR: who knows what the text says can have it say another of the same length, but for the tag. */
function rewritten({ bytes }: Specimen): Uint8Array {
  return bytes.map((byte, at) => byte ^ (PLAIN[at] ?? 0) ^ (WANTED[at] ?? 0));
}

/** What the enclave reads has to be what the attacker wanted. */
async function readsWanted(source: MemorySource, specimen: Specimen): Promise<Verdict> {
  const entry = await entryOf(specimen, DATASET_KEY, 0);
  return attempt(async () => {
    const plain = await readAll(await openAdopted(source, entry, 0, DATASET_KEY));
    assert.deepEqual(Buffer.from(plain), Buffer.from(WANTED));
  });
}

const DIGEST = {
  file: "core/seal/adopted.ts",
  find: 'throw new SealroomError("OBJECT_DIGEST");',
  replace: "void digest;",
};

const secondTime: Attack = {
  name: "the host serves an adopted object as its owner signed it, and other bytes when it is read again",
  case: "H36",
  scene: "code",
  expects: "OBJECT_CHANGED",
  guard: [
    {
      file: "core/seal/checked-object.ts",
      find: 'if (!equal(sha256(bytes), expected)) throw new SealroomError("OBJECT_CHANGED");',
      replace: "void expected;",
    },
  ],
  async run() {
    const specimen = s3ecV2(PLAIN);
    const forged = rewritten(specimen);
    let times = 0;
    const source = new MemorySource(specimen.bytes, (_read, offset, honest) => {
      if (offset === 0) times += 1;
      return times > 1 ? forged.slice(offset, offset + honest.length) : honest;
    });
    return readsWanted(source, specimen);
  },
};

const rewrite: Attack = {
  name: "the host rewrites the amounts in an adopted object of one tag, which stands at its end",
  case: "H36",
  scene: "code",
  expects: "S3EC_TAG",
  guard: [
    DIGEST,
    {
      file: "core/seal/single-tag.ts",
      find: "this.#verifier.verify(this.#tag);",
      replace: "void this.#tag;",
    },
  ],
  async run() {
    const specimen = s3ecV2(PLAIN);
    return readsWanted(new MemorySource(rewritten(specimen)), specimen);
  },
};

const twin: Attack = {
  name: "a writer who knows the data key leaves another object in place of the one that was adopted",
  case: "H33",
  scene: "code",
  expects: "OBJECT_DIGEST",
  guard: [DIGEST],
  async run() {
    const specimen = s3ecV3(PLAIN);
    const { envelope } = specimen;
    // A V3 key follows from data key and message id: with both the same, so is the key.
    const other = s3ecV3(WANTED, specimen.dataKey, envelope);
    return readsWanted(new MemorySource(other.bytes), specimen);
  },
};

const otherFrames: Attack = {
  name: "a writer mixes made-up people into an adopted message: other frames, their tags true, under the same header",
  case: "A27",
  scene: "code",
  expects: "OBJECT_DIGEST",
  guard: [DIGEST],
  async run() {
    const [specimen, other] = framedTwins(PLAIN, WANTED, 32);
    return readsWanted(new MemorySource(other.bytes), specimen);
  },
};

const otherKey: Attack = {
  name: "whoever may write to the bucket puts a key and a text of his own beside an object's commitment to its key",
  case: "H27",
  scene: "code",
  expects: "S3EC_COMMITMENT",
  guard: [
    {
      file: "core/seal/s3ec-keys.ts",
      find: 'if (!equal(commitment, expected)) throw new SealroomError("S3EC_COMMITMENT");',
      replace: "void [commitment, expected];",
    },
  ],
  async run() {
    const { envelope } = s3ecV3(PLAIN);
    const forged = s3ecV3(WANTED, new Uint8Array(randomBytes(32)), envelope);
    return attempt(async () => {
      const source = new MemorySource(forged.bytes);
      const { file } = await verifyObject(source, forged.bytes.length, envelope, forged.dataKey);
      assert.deepEqual(Buffer.from(await readAll(file)), Buffer.from(WANTED));
    });
  },
};

const otherPlace: Attack = {
  name: "an owner's tool puts the wrapped data key of another object into a manifest's entry",
  case: "H22",
  scene: "code",
  expects: "OBJECT_KEY",
  guard: [
    {
      file: "core/seal/adopted-key.ts",
      find: "return encodeCanonical({ object: index, key, format, ...dialect, digest, bytes, rows, envelope });",
      replace:
        "return encodeCanonical({ key: void [index, key, format, dialect, digest, bytes, rows, envelope] ?? null });",
    },
  ],
  async run() {
    const dataKey = new Uint8Array(randomBytes(32));
    const specimen = s3ecV3(WANTED, dataKey);
    const entry = await entryOf(specimen, DATASET_KEY, 0);
    const other = wrapDataKey(
      DATASET_KEY,
      { ...entry, key: "other", envelope: specimen.envelope },
      1,
      dataKey,
    );
    return attempt(async () => {
      const mixed = { ...entry, envelope: { ...entry.envelope, wrappedKey: other.envelope.wrappedKey } };
      const file = await openAdopted(new MemorySource(specimen.bytes), mixed, 0, DATASET_KEY);
      assert.deepEqual(Buffer.from(await readAll(file)), Buffer.from(WANTED));
    });
  },
};

export const ADOPTED_ATTACKS: readonly Attack[] = [
  secondTime,
  rewrite,
  twin,
  otherFrames,
  otherKey,
  otherPlace,
];
