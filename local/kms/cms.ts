// Writes CiphertextForRecipient as KMS does: CMS EnvelopedData (RFC 5652 §6) in BER with indefinite lengths, the
// content-encryption key under RSAES-OAEP with SHA-256, the content under AES-256-CBC. Both forms of the content are
// seen from KMS: a constructed [0] with OCTET STRINGs in it, and a primitive [0].
import {
  constants,
  createCipheriv,
  createHash,
  publicEncrypt,
  randomBytes,
  type KeyObject,
} from "node:crypto";

import { encodeDer, encodeIdentifier, encodeSequence, encodeUnsigned } from "../nsm/der.ts";

export type CmsForm = "constructed" | "primitive";

const END_OF_CONTENTS = Uint8Array.of(0, 0);
const NULL = encodeDer(0x05);
const SHA256 = encodeSequence(encodeIdentifier("2.16.840.1.101.3.4.2.1"), NULL);
const MGF1_SHA256 = encodeSequence(encodeIdentifier("1.2.840.113549.1.1.8"), SHA256);
const RSAES_OAEP = encodeSequence(
  encodeIdentifier("1.2.840.113549.1.1.7"),
  encodeSequence(encodeDer(0xa0, SHA256), encodeDer(0xa1, MGF1_SHA256)),
);
const ENVELOPED_DATA = encodeIdentifier("1.2.840.113549.1.7.3");
const DATA = encodeIdentifier("1.2.840.113549.1.7.1");
const AES256_CBC = encodeIdentifier("2.16.840.1.101.3.4.1.42");
const VERSION_2 = encodeUnsigned(Uint8Array.of(2));

export function encodeCms(recipient: KeyObject, plaintext: Uint8Array, form: CmsForm): Uint8Array {
  const key = randomBytes(32);
  const iv = randomBytes(16);
  const cipher = createCipheriv("aes-256-cbc", key, iv);
  const content = Buffer.concat([cipher.update(plaintext), cipher.final()]);
  const oaep = { key: recipient, padding: constants.RSA_PKCS1_OAEP_PADDING, oaepHash: "sha256" };
  const spki = recipient.export({ type: "spki", format: "der" });

  const recipientInfo = encodeSequence(
    VERSION_2,
    encodeDer(0x80, createHash("sha256").update(spki).digest()),
    RSAES_OAEP,
    encodeDer(0x04, publicEncrypt(oaep, key)),
  );
  const contentInfo = encodeIndefinite(
    0x30,
    DATA,
    encodeSequence(AES256_CBC, encodeDer(0x04, iv)),
    form === "primitive" ? encodeDer(0x80, content) : encodeIndefinite(0xa0, encodeDer(0x04, content)),
  );
  const enveloped = encodeIndefinite(0x30, VERSION_2, encodeDer(0x31, recipientInfo), contentInfo);
  return encodeIndefinite(0x30, ENVELOPED_DATA, encodeIndefinite(0xa0, enveloped));
}

function encodeIndefinite(tag: number, ...parts: readonly Uint8Array[]): Uint8Array {
  return Buffer.concat([Uint8Array.of(tag, 0x80), ...parts, END_OF_CONTENTS]);
}
