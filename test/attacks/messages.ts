// Attacks with sealed messages and KMS answers themselves, handed to the code that opens them: other suites, keys that
// fit two messages, headers that lie, ends that come too soon or not at all.
import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { PassThrough } from "node:stream";
import { generateRecipientKey } from "../../core/crypto.ts";
import { openCms } from "../../core/seal/cms.ts";
import { openHeader } from "../../core/seal/header.ts";
import { knownDataKey } from "../../core/seal/keyring.ts";
import { MessageOpener } from "../../core/seal/open.ts";
import { COMMITTING } from "../../core/seal/policy.ts";
import { ByteStream } from "../../core/wire/byte-stream.ts";
import { readMessage } from "../../core/wire/message.ts";
import { EnvelopeWriter, OID, oaep, value } from "../cms/envelope.ts";
import type { EnvelopeParts } from "../cms/envelope.ts";
import { Forger, text } from "../seal/forger.ts";
import type { Forgery } from "../seal/forger.ts";
import { attempt } from "./attack.ts";
import type { Attack, Verdict } from "./attack.ts";

const SUITE = 0x0478;
const PLAIN = text("amounts of people, in an object that takes more than one frame of thirty-two bytes");

/** The enclave reads the header, by a key that it was given, before it asks for a frame. */
function readHeader(
  forgery: Forgery,
  change: (header: Uint8Array) => void = () => undefined,
): Verdict | Promise<Verdict> {
  const forger = new Forger(forgery);
  const header = forger.header.slice();
  change(header);
  return attempt(() => {
    openHeader(header, knownDataKey(forger.dataKey));
  });
}

/** A reader of whole messages; what it takes must be what the attacker wanted it to. */
function readMessageWhole(message: Uint8Array, dataKey: Uint8Array, wanted: Uint8Array): Promise<Verdict> {
  return attempt(() => {
    const opener = new MessageOpener(knownDataKey(dataKey), COMMITTING);
    const plain = [...opener.push(message), ...opener.finish()];
    assert.deepEqual(Buffer.concat(plain), Buffer.from(wanted));
  });
}

const downgrade: Attack = {
  name: "the host writes a header of a suite without key commitment over an object of the owner's",
  case: "H28",
  scene: "code",
  expects: "POLICY_MESSAGE",
  guard: [
    {
      file: "core/seal/policy.ts",
      find: 'if (!policy.suites.has(suite)) throw new PolicyError("POLICY_MESSAGE", { suite });',
      replace: "void suite;",
    },
  ],
  async run() {
    return readHeader({ suite: 0x0178 });
  },
};

const twoKeys: Attack = {
  name: "whoever wrote a message that opens under two keys shows one thing to one reader and another to the next",
  case: "H27",
  scene: "code",
  expects: "SEAL_COMMITMENT",
  guard: [
    {
      file: "core/seal/keys.ts",
      find: 'if (!equal(commitment, expected)) throw new SealroomError("SEAL_COMMITMENT");',
      replace: "void [commitment, expected];",
    },
  ],
  async run() {
    return readHeader({ suite: SUITE, commitment: new Uint8Array(randomBytes(32)) });
  },
};

const changedContext: Attack = {
  name: "the host changes what the header says the object is: another epoch in its encryption context",
  case: "H36",
  scene: "code",
  expects: "SEAL_HEADER_TAG",
  guard: [
    {
      file: "core/seal/header.ts",
      find: "  verifyHeaderTag(header, contentKey, context.required);\n",
      replace: "",
    },
  ],
  async run() {
    return readHeader({ suite: SUITE, context: [["epoch", "1700000000001"]] }, (header) => {
      const at = Buffer.from(header).indexOf("1700000000001");
      header.set(text("1700000000002"), at);
    });
  },
};

const severalKeys: Attack = {
  name: "a stranger adds a data key of his own to an object, so that who holds it can read along",
  case: "H29",
  scene: "code",
  expects: "POLICY_MESSAGE",
  guard: [
    {
      file: "core/seal/policy.ts",
      find: 'if (dataKeys > policy.maxDataKeys) throw new PolicyError("POLICY_MESSAGE", { dataKeys });',
      replace: "void dataKeys;",
    },
  ],
  async run() {
    const key = (name: string): readonly [string, Uint8Array, Uint8Array] => [
      name,
      text("i"),
      text("wrapped"),
    ];
    return readHeader({ suite: SUITE, dataKeys: [key("sealroom"), key("stranger")] });
  },
};

const signatureTakenOff: Attack = {
  name: "the host takes the signature off a signed message, by calling it one of the unsigned suite",
  case: "H28",
  scene: "code",
  expects: "SEAL_CONTEXT",
  guard: [
    {
      file: "core/seal/policy.ts",
      find: 'if (namesPublicKey !== (header.suite.signature !== null)) throw new SealroomError("SEAL_CONTEXT");',
      replace: "void namesPublicKey;",
    },
  ],
  async run() {
    return readHeader({ suite: SUITE, context: [["aws-crypto-public-key", "AqCX"]] });
  },
};

const cutAtFrame: Attack = {
  name: "the host cuts a message after a whole frame, and the people after it are gone",
  case: "H34",
  scene: "code",
  expects: "SEAL_TRUNCATED",
  guard: [
    {
      file: "core/seal/open.ts",
      find: 'if (this.#stage !== "end") throw new SealroomError("SEAL_TRUNCATED");',
      replace: "",
    },
  ],
  async run() {
    const forger = new Forger({ suite: SUITE });
    const [first = new Uint8Array()] = forger.frames(PLAIN);
    return readMessageWhole(forger.message(first), forger.dataKey, PLAIN.subarray(0, 32));
  },
};

const appended: Attack = {
  name: "the host appends bytes to a message, which a reader that goes on would take for more of it",
  case: "H35",
  scene: "code",
  expects: "SEAL_TRAILING",
  guard: [
    {
      file: "core/seal/open.ts",
      find: 'if (this.#intake.available > 0) throw new SealroomError("SEAL_TRAILING");',
      replace: "",
    },
  ],
  async run() {
    const forger = new Forger({ suite: SUITE });
    const message = forger.message(...forger.frames(PLAIN), text("more"));
    return readMessageWhole(message, forger.dataKey, PLAIN);
  },
};

const finalTwice: Attack = {
  name: "the host puts an earlier frame in the place of the last, marked as the last",
  case: "H35",
  scene: "code",
  expects: "SEAL_SEQUENCE",
  guard: [
    {
      file: "core/seal/frame.ts",
      find: "if (marked !== final || view.getUint32(at) !== sequence) {",
      replace: "if (marked !== final) {",
    },
    {
      // The tag covers the number that the reader counts, not the one that stands there: AAD from the frame's own.
      file: "core/seal/frame.ts",
      find: "this.#view.setUint32(0, sequence);",
      replace: "this.#view.setUint32(0, 1); void sequence;",
    },
    {
      file: "core/seal/frame.ts",
      find: 'if (!isSequence && this.#encoding === "canonical") throw',
      replace: "if (sequence < 0) throw",
    },
  ],
  async run() {
    const forger = new Forger({ suite: SUITE });
    const plain = PLAIN.subarray(0, 32);
    const message = forger.message(forger.regular(1, plain), forger.final(1, plain));
    return readMessageWhole(message, forger.dataKey, new Uint8Array(Buffer.concat([plain, plain])));
  },
};

/** A well-made answer to the enclave's key, but for one part. */
function readAnswer(parts: (writer: EnvelopeWriter) => EnvelopeParts): Promise<Verdict> {
  const { privateKey } = generateRecipientKey();
  const writer = new EnvelopeWriter(privateKey);
  const answer = writer.write(writer.encrypt(new Uint8Array(randomBytes(32))), parts(writer));
  return attempt(() => {
    assert.equal(openCms(answer, privateKey).length, 32);
  });
}

const otherRecipient: Attack = {
  name: "an answer of KMS names another recipient than the key it is encrypted to",
  case: "H25",
  scene: "code",
  expects: "CMS_OPEN",
  guard: [
    {
      file: "core/seal/cms.ts",
      find: 'if (!equal(recipient, sha256(expectedSpki))) throw new SealroomError("CMS_OPEN");',
      replace: "void [equal, recipient, sha256, expectedSpki];",
    },
  ],
  run() {
    return readAnswer(() => ({ recipientId: value(0x80, new Uint8Array(32)) }));
  },
};

const weakerHash: Attack = {
  name: "an answer of KMS says that its key is wrapped with SHA-1",
  case: "H25",
  scene: "code",
  expects: "CMS_OPEN",
  guard: [
    {
      file: "core/seal/cms.ts",
      find: "algorithm.expect(OBJECT_IDENTIFIER, SHA_256);",
      replace: "algorithm.primitive(OBJECT_IDENTIFIER);",
    },
  ],
  run() {
    return readAnswer(() => ({ keyAlgorithm: oaep(OID.sha1, OID.sha1) }));
  },
};

/** More than any message may have; a reader that believed it would set it aside before the first byte has come. */
const CLAIMED = 512 * 2 ** 20;

/** Whether a reader of these first bytes, after which nothing comes, was made to set memory aside. */
async function believesLength(first: Uint8Array, attachmentBytes: number): Promise<Verdict> {
  const before = process.memoryUsage().arrayBuffers;
  const connection = new PassThrough();
  const stream = new ByteStream(connection, 60_000);
  connection.write(first);
  const reading = readMessage(stream, { attachmentBytes });
  const waited = new Promise<"waiting">((resolve) => setTimeout(resolve, 100, "waiting"));
  const verdict = attempt(async () => {
    const end = await Promise.race([reading, waited]);
    assert.equal(end, "waiting");
    assert.ok(process.memoryUsage().arrayBuffers - before >= CLAIMED / 2, "nothing was set aside");
  });
  try {
    return await verdict;
  } finally {
    reading.catch(() => undefined);
    stream.destroy();
  }
}

function u32(number: number): Uint8Array {
  const bytes = new Uint8Array(4);
  new DataView(bytes.buffer).setUint32(0, number);
  return bytes;
}

const longMessage: Attack = {
  name: "a peer announces a message of half a gigabyte and sends none of it",
  case: "H43",
  scene: "code",
  expects: "WIRE_LENGTH",
  guard: [
    {
      file: "core/wire/message.ts",
      find: "if (length < 2 || length > MAX_MESSAGE_JSON_BYTES) throw",
      replace: "if (length < 2) throw",
    },
  ],
  run() {
    return believesLength(u32(CLAIMED), 0);
  },
};

const longAttachment: Attack = {
  name: "a peer announces an attachment of half a gigabyte where a plan and a manifest would do",
  case: "H43",
  scene: "code",
  expects: "WIRE_LENGTH",
  guard: [
    { file: "core/wire/message.ts", find: "|| entry < 0 || entry > left) {", replace: "|| entry < 0) {" },
    // Memory is given as bytes come, whatever was announced.
    { file: "core/wire/message.ts", find: "Math.min(length, FIRST_PIECE_BYTES)", replace: "length" },
  ],
  run() {
    const json = text(JSON.stringify({ attachments: [CLAIMED], type: "job" }));
    return believesLength(Buffer.concat([u32(json.length), json]), 2 ** 20);
  },
};

export const MESSAGE_ATTACKS: readonly Attack[] = [
  downgrade,
  twoKeys,
  changedContext,
  severalKeys,
  signatureTakenOff,
  cutAtFrame,
  appended,
  finalTwice,
  otherRecipient,
  weakerHash,
  longMessage,
  longAttachment,
];
