// Attestation: documents of the NSM, their certificates, and the NSM's own answers.
import assert from "node:assert/strict";
import { encode } from "cborg";
import { decodeCertificate } from "../../core/attestation/certificate.ts";
import { decodeEnvelope } from "../../core/attestation/cose.ts";
import { decodeDocument } from "../../core/attestation/document.ts";
import { decodeStrictCbor } from "../../core/attestation/strict-cbor.ts";
import { authenticateArchived } from "../../core/attestation/verify.ts";
import {
  describeNsm,
  describePcr,
  extendPcr,
  getRandom,
  lockPcr,
  requestAttestation,
} from "../../enclave-worker/nsm.ts";
import type { NsmDevice } from "../../enclave-worker/nsm.ts";
import { forge, SOUND, soundPayload } from "../attestation/forge.ts";
import { startNsm } from "../nsm/nsm.ts";
import type { Dice } from "./dice.ts";
import { mutateBytes } from "./mutate.ts";
import { assertSame } from "./target.ts";
import type { Target } from "./target.ts";
import { mutateCbor, mutateDer } from "./tree.ts";

const INDEFINITE_MAP = 0xbf;

/** The answers of the software NSM to what the client asks. */
async function answerAll(): Promise<readonly Uint8Array[]> {
  const heard: Uint8Array[] = [];
  const { device } = startNsm();
  const listening: NsmDevice = {
    exchange: async (request) => {
      const answer = await device.exchange(request);
      heard.push(answer);
      return answer;
    },
  };
  for (const ask of REQUESTS) await ask(listening);
  return [...heard, encode({ Error: "InvalidIndex" })];
}

const REQUESTS: readonly ((device: NsmDevice) => Promise<unknown>)[] = [
  describeNsm,
  getRandom,
  (device) => describePcr(device, 0),
  (device) => extendPcr(device, 20, new Uint8Array(48)),
  (device) => lockPcr(device, 20),
  (device) => requestAttestation(device, { userData: new Uint8Array(48), nonce: null, publicKey: null }),
];

const answers = await answerAll();
const certificates = [...SOUND.identity.cabundle, SOUND.identity.certificate];
const documents = [forge(), forge({ userData: new Uint8Array(0), publicKey: new Uint8Array(1024).fill(3) })];
const tagged = Uint8Array.of(0xd2, ...forge());
/** Tag 18, the same in a byte more than it needs (which is refused), and another tag. */
const TAGS: readonly (readonly number[])[] = [[0xd2], [0xd8, 0x12], [0xd3]];

function mutateTag(document: Uint8Array, dice: Dice): Uint8Array {
  return Uint8Array.of(...dice.pick(TAGS), ...document);
}

export const ATTESTATION_TARGETS: readonly Target[] = [
  {
    name: "strict CBOR",
    seeds: [
      soundPayload(),
      encode({ a: [1, -2, 2 ** 40, "text", new Uint8Array(30), null, true], b: { c: false } }),
      Uint8Array.of(INDEFINITE_MAP, 0x61, 0x61, 0x01, 0xff),
    ],
    mutations: [mutateCbor, mutateCbor, mutateBytes],
    decode: (input) => {
      const value = decodeStrictCbor(input, "DOCUMENT_CBOR");
      const written = encode(value, { mapSorter: () => 0 });
      // A map of indefinite length has two encodings; everything else has one.
      if (input.includes(INDEFINITE_MAP)) assert.deepEqual(decodeStrictCbor(written, "DOCUMENT_CBOR"), value);
      else assertSame(written, input);
    },
    codes: 1,
    accepts: true,
  },
  {
    name: "NSM's answer",
    seeds: answers,
    mutations: [mutateCbor, mutateBytes],
    decode: async (input, { seed, dice }) => {
      const ask = REQUESTS[answers.indexOf(seed)] ?? dice.pick(REQUESTS);
      await ask({ exchange: () => Promise.resolve(input) });
    },
    codes: 2,
    accepts: true,
  },
  {
    name: "COSE envelope",
    seeds: [...documents, tagged],
    mutations: [mutateCbor, mutateBytes],
    decode: (input) => {
      const { payload, signature } = decodeEnvelope(input);
      const written = encode([Uint8Array.of(0xa1, 0x01, 0x38, 0x22), new Map(), payload, signature]);
      assertSame(written, input[0] === 0xd2 ? input.subarray(1) : input);
    },
    codes: 4,
    accepts: true,
  },
  {
    name: "payload of a document",
    seeds: [soundPayload()],
    mutations: [mutateCbor, mutateCbor, mutateBytes],
    decode: (input) => {
      const { moduleId, timestampMs, pcrs, certificate, cabundle, nonce } = decodeDocument(input);
      assert.match(moduleId, /^[\x21-\x7e]{1,255}$/);
      assert.ok(Number.isSafeInteger(timestampMs) && Number.isFinite(new Date(timestampMs).getTime()));
      for (const [index, register] of pcrs) assert.ok(index >= 0 && index < 32 && register.length === 48);
      for (const one of [certificate, ...cabundle]) assert.ok(one.length > 0 && one.length <= 1024);
      assert.ok(cabundle.length <= 8 && (nonce?.length ?? 0) <= 1024);
    },
    codes: 2,
    accepts: true,
  },
  {
    name: "document, authenticated",
    seeds: documents,
    mutations: [mutateCbor, mutateBytes, mutateBytes, mutateTag],
    decode: async (input) => {
      await authenticateArchived(input, SOUND.root);
      // Tag 18 may stand before a document; nothing else of it may differ.
      const body = input[0] === 0xd2 ? input.subarray(1) : input;
      assert.ok(
        documents.some((document) => Buffer.compare(document, body) === 0),
        "another document",
      );
    },
    codes: 6,
    accepts: true,
    share: 10,
  },
  {
    name: "certificate",
    seeds: certificates,
    mutations: [mutateDer, mutateDer, mutateBytes],
    decode: (input) => {
      const { publicKey, signature, signed, notBeforeMs, notAfterMs } = decodeCertificate(input);
      assert.deepEqual([publicKey.length, signature.length], [97, 96]);
      assert.ok(Number.isFinite(notBeforeMs) && Number.isFinite(notAfterMs));
      assert.ok(signed.length < input.length);
    },
    codes: 3,
    accepts: true,
  },
];
