// Attacks on a verifier of attestation documents: forged, stale and borrowed evidence. Each document is signed as the
// attacker can sign it, so that one rule alone stands between him and being believed.
import { encode } from "cborg";
import { Expectations } from "../../core/attestation/expectations.ts";
import type { Demands } from "../../core/attestation/expectations.ts";
import type { TrustRoot } from "../../core/attestation/root.ts";
import { verifyArchived, verifyLive } from "../../core/attestation/verify.ts";
import type { Claims } from "../../local/nsm/document.ts";
import { encodeName } from "../../local/nsm/certificate.ts";
import { generateKeys } from "../../local/nsm/pki.ts";
import {
  at,
  forge,
  forgeChain,
  forgeEntries,
  forgePayload,
  indexOf,
  leafBasic,
  MEASUREMENTS,
  NONCE,
  NOW,
  SOUND,
  soundClaims,
  soundPayload,
  usage,
} from "../attestation/forge.ts";
import { attempt } from "./attack.ts";
import type { Attack, Verdict } from "./attack.ts";

const DEMANDS: Demands = { measurements: [MEASUREMENTS], nonce: NONCE };
const MINUTE = 60_000;
const DAY = 24 * 60 * MINUTE;
const EVIL_IMAGE = { 0: "66".repeat(48), 1: "66".repeat(48), 2: "66".repeat(48) };
const DEBUG_IMAGE = { 0: "00".repeat(48), 1: "00".repeat(48), 2: "00".repeat(48) };

const EXPECTATIONS = "core/attestation/expectations.ts";
const CHAIN = "core/attestation/chain.ts";

interface Shown {
  readonly demands?: Demands;
  readonly root?: TrustRoot;
  readonly nowMs?: number;
}

/** What a verifier says who saw the document arrive now. */
function showLive(document: Uint8Array, { demands, root, nowMs }: Shown = {}): Promise<Verdict> {
  return attempt(async () => {
    const expectations = new Expectations(demands ?? DEMANDS);
    await verifyLive(document, root ?? SOUND.root, expectations, nowMs ?? NOW);
  });
}

/** What a verifier says who was handed it as evidence of some day. */
function showArchived(document: Uint8Array, { demands, root }: Shown = {}): Promise<Verdict> {
  return attempt(async () => {
    await verifyArchived(document, root ?? SOUND.root, new Expectations(demands ?? DEMANDS));
  });
}

function withRegisters(edit: (pcrs: Map<number, Uint8Array>) => void): Partial<Claims> {
  const pcrs = new Map(soundClaims().pcrs);
  edit(pcrs);
  return { pcrs };
}

function registersOf(image: Readonly<Record<0 | 1 | 2, string>>): Partial<Claims> {
  return withRegisters((pcrs) => {
    for (const index of [0, 1, 2] as const) pcrs.set(index, Buffer.from(image[index], "hex"));
  });
}

const zeroSignature: Attack = {
  name: "the host writes a genuine document's registers anew and fills the signature with zeros",
  case: "H01",
  scene: "code",
  expects: "COSE_SIGNATURE",
  guard: [
    {
      file: "core/attestation/verify.ts",
      find: "  await verifyEnvelope(envelope, leafKey);\n",
      replace: "",
    },
  ],
  run() {
    const document = forge(registersOf(EVIL_IMAGE));
    document.fill(0, document.length - 96);
    return showArchived(document, { demands: { ...DEMANDS, measurements: [EVIL_IMAGE] } });
  },
};

const otherAlgorithm: Attack = {
  name: "the host changes the algorithm in the header of a genuine document, to be judged by another",
  case: "H02",
  scene: "code",
  expects: "COSE_HEADER",
  guard: [
    {
      file: "core/attestation/cose.ts",
      find: "if (!equalBytes(protectedHeader, PROTECTED) ||",
      replace: "if (protectedHeader.length !== PROTECTED.length ||",
    },
  ],
  run() {
    const document = forge();
    const header = Buffer.from(document).indexOf(Buffer.of(0xa1, 0x01, 0x38, 0x22));
    // HMAC-SHA384's number in place of ES384's, in as many bytes.
    document.set([0xa1, 0x01, 0x18, 0x06], header);
    return showArchived(document);
  },
};

const copiedNames: Attack = {
  name: "a stranger signs a document under a root of his own that copies every name of the genuine one",
  case: "H03",
  scene: "code",
  expects: "CHAIN_ROOT",
  guard: [
    {
      file: CHAIN,
      find: 'if (first === undefined || !root.equals(first)) throw new SealroomError("CHAIN_ROOT");',
      replace: "void [first, root];",
    },
  ],
  run() {
    const { identity } = forgeChain((path) => {
      for (const form of path) form.keys = generateKeys();
    });
    return showArchived(forge(registersOf(EVIL_IMAGE), identity), {
      demands: { ...DEMANDS, measurements: [EVIL_IMAGE] },
    });
  },
};

const rootTwice: Attack = {
  name: "the host puts the root into the bundle twice, to get round the order of the chain",
  case: "H04",
  scene: "code",
  expects: "CHAIN_ISSUER",
  guard: [
    {
      file: CHAIN,
      find: "if (position > 0 && equalBytes(certificate.issuer, certificate.subject)) {",
      replace: "if (position < 0) {",
    },
  ],
  run() {
    const { identity } = SOUND;
    const [root = new Uint8Array(), ...below] = identity.cabundle;
    return showArchived(forge({}, { ...identity, cabundle: [root, root, ...below] }));
  },
};

const leafAsAuthority: Attack = {
  name: "an enclave's own leaf key issues a leaf for a document of made-up registers",
  case: "H05",
  scene: "code",
  expects: "CHAIN_USAGE",
  guard: [{ file: CHAIN, find: "  checkAuthorities(authorities);\n", replace: "" }],
  run() {
    const { identity, root } = forgeChain((path) => {
      const genuine = at(path, -1);
      path.push({
        ...genuine,
        name: encodeName("made-up"),
        keys: generateKeys(),
        extensions: [leafBasic(), usage(0x80)],
      });
    });
    return showArchived(forge(registersOf(EVIL_IMAGE), identity), {
      root,
      demands: { ...DEMANDS, measurements: [EVIL_IMAGE] },
    });
  },
};

const authorityAsLeaf: Attack = {
  name: "whoever holds an authority's key signs a document with it, as if it were an enclave's",
  case: "H05",
  scene: "code",
  expects: "CHAIN_USAGE",
  guard: [{ file: CHAIN, find: "  checkLeaf(leaf);\n", replace: "" }],
  run() {
    const { identity, root } = forgeChain((path) => {
      path.pop();
    });
    return showArchived(forge(registersOf(EVIL_IMAGE), identity), {
      root,
      demands: { ...DEMANDS, measurements: [EVIL_IMAGE] },
    });
  },
};

const brokenLink: Attack = {
  name: "a stranger hangs a leaf of his own below a genuine bundle that never signed it",
  case: "H05",
  scene: "code",
  expects: "CHAIN_SIGNATURE",
  guard: [{ file: CHAIN, find: "  await checkSignatures([...authorities, leaf]);\n", replace: "" }],
  run() {
    const { identity, root } = forgeChain((path) => {
      const own = generateKeys();
      Object.assign(at(path, -1), { keys: own, signer: own.privateKey });
    });
    return showArchived(forge(registersOf(EVIL_IMAGE), identity), {
      root,
      demands: { ...DEMANDS, measurements: [EVIL_IMAGE] },
    });
  },
};

const expiredChain: Attack = {
  name: "who has stolen the key of a leaf that has expired makes documents with it today",
  case: "H06",
  scene: "code",
  expects: "CHAIN_EXPIRED",
  guard: [{ file: CHAIN, find: "  checkValidity([...authorities, leaf], atMs);\n", replace: "" }],
  run() {
    const { identity, root } = forgeChain((path) => {
      at(path, -1).notAfterMs = NOW - MINUTE;
    });
    return showLive(forge({}, identity), { root });
  },
};

const registersTwice: Attack = {
  name: "a document names its registers twice, and readers differ in which they take",
  case: "H07",
  scene: "code",
  expects: "DOCUMENT_CBOR",
  guard: [
    {
      file: "core/attestation/strict-cbor.ts",
      find: "rejectDuplicateMapKeys: true",
      replace: "rejectDuplicateMapKeys: false",
    },
  ],
  run() {
    const evil = encode(new Map(registersOf(EVIL_IMAGE).pcrs));
    const document = forgeEntries((entries) => {
      const [key] = at(entries, indexOf(entries, "pcrs"));
      entries.splice(indexOf(entries, "pcrs"), 0, [key, evil]);
    });
    return showArchived(document);
  },
};

const trailingBytes: Attack = {
  name: "a document goes on after its end, where a second one could stand",
  case: "H07",
  scene: "code",
  expects: "DOCUMENT_CBOR",
  guard: [
    {
      file: "core/attestation/strict-cbor.ts",
      find: "if (offset !== null) throw",
      replace: "if (offset === -1) throw",
    },
    {
      file: "core/attestation/strict-cbor.ts",
      find: "return decode(bytes, {",
      replace: "return decode(bytes.subarray(0, offset ?? bytes.length), {",
    },
  ],
  run() {
    return showArchived(forgePayload(Buffer.concat([soundPayload(), Buffer.from("and more")])));
  },
};

const debugEnclave: Attack = {
  name: "the host runs the enclave in debug mode, for a verifier whose measurements were taken in debug mode too",
  case: "H08",
  scene: "code",
  expects: "EXPECTATION_EMPTY",
  guard: [
    {
      file: EXPECTATIONS,
      find: "if (register === null || /^0+$/.test(register)) throw empty(`pcr${index}`);",
      replace: "if (register === null) throw empty(`pcr${index}`);",
    },
    {
      file: EXPECTATIONS,
      find: 'if (isDebug(document)) throw new PolicyError("POLICY_DEBUG");',
      replace: "",
    },
  ],
  run() {
    return showArchived(forge(registersOf(DEBUG_IMAGE)), {
      demands: { ...DEMANDS, measurements: [DEBUG_IMAGE] },
    });
  },
};

const missingRegister: Attack = {
  name: "the document leaves out the register of the image",
  case: "H09",
  scene: "code",
  expects: "POLICY_PCR",
  guard: [
    {
      file: EXPECTATIONS,
      find: 'if (!document.pcrs.has(pcr)) throw new PolicyError("POLICY_PCR", { pcr });',
      replace: "void pcr;",
    },
    {
      file: EXPECTATIONS,
      find: 'if (isDebug(document)) throw new PolicyError("POLICY_DEBUG");',
      replace: "",
    },
    {
      file: EXPECTATIONS,
      find: "return register !== undefined && expected",
      replace: "return register === undefined || expected",
    },
  ],
  run() {
    return showArchived(forge(withRegisters((pcrs) => pcrs.delete(0))));
  },
};

const noExpectation: Attack = {
  name: "a verifier whose list of images came out empty is shown any image",
  case: "H10",
  scene: "code",
  expects: "EXPECTATION_EMPTY",
  guard: [
    {
      file: EXPECTATIONS,
      find: 'if (!Array.isArray(measurements) || measurements.length === 0) throw empty("measurements");',
      replace: 'if (!Array.isArray(measurements)) throw empty("measurements");',
    },
    { file: EXPECTATIONS, find: "if (candidates.length === 0) throw", replace: "if (pcr < 0) throw" },
  ],
  run() {
    return showArchived(forge(registersOf(EVIL_IMAGE)), { demands: { ...DEMANDS, measurements: [] } });
  },
};

const mixedImages: Attack = {
  name: "the host runs an image of the old kernel and a new application, each of which is accepted in another image",
  case: "H19",
  scene: "code",
  expects: "POLICY_PCR",
  guard: [
    {
      file: EXPECTATIONS,
      find: "candidates = candidates.filter((image)",
      replace: "candidates = images.filter((image)",
    },
  ],
  run() {
    const mixed = { 0: MEASUREMENTS[0], 1: EVIL_IMAGE[1], 2: MEASUREMENTS[2] };
    const accepted = [MEASUREMENTS, { ...EVIL_IMAGE, 0: "77".repeat(48) }];
    return showArchived(forge(registersOf(mixed)), { demands: { ...DEMANDS, measurements: accepted } });
  },
};

const unknownField: Attack = {
  name: "a document carries a field that this verifier does not know, and another might obey",
  case: "H11",
  scene: "code",
  expects: "DOCUMENT_FIELD",
  guard: [
    {
      file: "core/attestation/document.ts",
      find: 'if (!NAMES.includes(name)) throw fault("unknown");',
      replace: "void name;",
    },
  ],
  run() {
    return showArchived(forgeEntries((entries) => entries.push([encode("flags"), encode("debug")])));
  },
};

const noNonce: Attack = {
  name: "the host shows a document that was made for nobody: it has no nonce",
  case: "H13",
  scene: "code",
  expects: "POLICY_NONCE",
  guard: [
    {
      file: EXPECTATIONS,
      find: "if (found === null || !equalBytes(found, expected)) throw new PolicyError(code);",
      replace: "if (found !== null && !equalBytes(found, expected)) throw new PolicyError(code);",
    },
  ],
  run() {
    return showArchived(forge({ nonce: null }));
  },
};

const borrowedDocument: Attack = {
  name: "the host passes the verifier's nonce to a genuine enclave and puts a key of its own beside the answer",
  case: "H14",
  scene: "code",
  expects: "POLICY_PUBLIC_KEY",
  guard: [
    {
      file: EXPECTATIONS,
      find: 'if (this.#publicKey !== undefined) checkBytes(document.publicKey, this.#publicKey, "POLICY_PUBLIC_KEY");',
      replace: "void this.#publicKey;",
    },
  ],
  run() {
    const genuine = forge({ publicKey: Buffer.from("the enclave's key") });
    return showArchived(genuine, { demands: { ...DEMANDS, publicKey: Buffer.from("the host's own key") } });
  },
};

const oldDocument: Attack = {
  name: "the host shows a document of six minutes ago as one that was just made",
  case: "H16",
  scene: "code",
  expects: "POLICY_AGE",
  guard: [
    { file: "core/attestation/verify.ts", find: "if (age > MAX_AGE_MS ||", replace: "if (age > Infinity ||" },
  ],
  run() {
    return showLive(forge({ timestampMs: NOW - 6 * MINUTE }));
  },
};

const futureDocument: Attack = {
  name: "the host keeps documents that an enclave with a fast clock made for a day to come",
  case: "H16",
  scene: "code",
  expects: "POLICY_AGE",
  guard: [
    {
      file: "core/attestation/verify.ts",
      find: "|| age < -MAX_AHEAD_MS) throw",
      replace: "|| age === -Infinity) throw",
    },
  ],
  run() {
    return showLive(forge({ timestampMs: NOW + DAY / 2 }));
  },
};

const otherRole: Attack = {
  name: "an account of the host's own runs the same image, where the verifier pins the role's register",
  case: "H18",
  scene: "code",
  expects: "POLICY_PCR",
  guard: [
    {
      file: EXPECTATIONS,
      find: 'if (!hasRegister(document, index, expected)) throw new PolicyError("POLICY_PCR", { pcr: index });',
      replace: "void [index, expected];",
    },
  ],
  run() {
    const document = forge(withRegisters((pcrs) => pcrs.set(3, new Uint8Array(48).fill(0x33))));
    return showArchived(document, { demands: { ...DEMANDS, pcrs: new Map([[3, "44".repeat(48)]]) } });
  },
};

export const EVIDENCE_ATTACKS: readonly Attack[] = [
  zeroSignature,
  otherAlgorithm,
  copiedNames,
  rootTwice,
  leafAsAuthority,
  authorityAsLeaf,
  brokenLink,
  expiredChain,
  registersTwice,
  trailingBytes,
  debugEnclave,
  missingRegister,
  noExpectation,
  mixedImages,
  unknownField,
  noNonce,
  borrowedDocument,
  oldDocument,
  futureDocument,
  otherRole,
];
