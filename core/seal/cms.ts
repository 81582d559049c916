// KMS's CiphertextForRecipient: CMS EnvelopedData (RFC 5652 §6) to one RSA key, in the forms that KMS writes and no
// others. It is not authenticated: who knows the public key can make one, so it is worth as much as the TLS it came over.
import {
  aesKey,
  equal,
  findOaepPlaintext,
  openCbcBlocks,
  publicKeyDer,
  randomBytes,
  sha256,
} from "../crypto.ts";
import type { RsaPrivateKey } from "../crypto.ts";
import { SealroomError } from "../errors.ts";
import {
  BerReader,
  INTEGER,
  NULL,
  OBJECT_IDENTIFIER,
  OCTET_STRING,
  OCTET_STRING_CHUNKS,
  SEQUENCE,
  SET,
  contextTag,
} from "./ber.ts";

export interface Envelope {
  /** SHA-256 of the recipient's SubjectPublicKeyInfo. */
  readonly recipient: Uint8Array;
  readonly encryptedKey: Uint8Array;
  readonly iv: Uint8Array;
  readonly ciphertext: Uint8Array;
}

const ENVELOPED_DATA = oid("2a864886f70d010703"); // 1.2.840.113549.1.7.3
const DATA = oid("2a864886f70d010701"); // 1.2.840.113549.1.7.1
const RSAES_OAEP = oid("2a864886f70d010107"); // 1.2.840.113549.1.1.7
const MGF1 = oid("2a864886f70d010108"); // 1.2.840.113549.1.1.8
const SHA_256 = oid("608648016503040201"); // 2.16.840.1.101.3.4.2.1
const AES256_CBC = oid("60864801650304012a"); // 2.16.840.1.101.3.4.1.42
const VERSION_2 = Uint8Array.of(2);

// KMS decrypts at most 4,096 bytes; the rest is some 450 bytes of structure, more if it were chopped finely.
const MAX_ENVELOPE_BYTES = 16 * 1024;
const MAX_CHUNK_DEPTH = 3;
const KEY_BYTES = 32;
const BLOCK_BYTES = 16;

/**
 * The plaintext of a KMS answer made for `privateKey`. One error, CMS_OPEN, with no details, for every fault; and once
 * the structure is found sound, the same work is done whether key, content or padding is wrong, so that neither the
 * answer nor its time is an oracle.
 */
export function openCms(
  bytes: Uint8Array,
  privateKey: RsaPrivateKey,
  expectedSpki: Uint8Array = publicKeyDer(privateKey),
): Uint8Array {
  const { recipient, encryptedKey, iv, ciphertext } = decodeEnvelope(bytes);
  if (!equal(recipient, sha256(expectedSpki))) throw new SealroomError("CMS_OPEN");
  const found = findOaepPlaintext(privateKey, encryptedKey);
  const keyIsSound = found?.length === KEY_BYTES;
  const plain = openCbcBlocks(aesKey(keyIsSound ? found : randomBytes(KEY_BYTES)), iv, ciphertext);
  const plainBytes = unpaddedLength(plain);
  const content = plain.slice(0, Math.max(plainBytes, 0));
  // What is handed out is the caller's to clear; nothing of it is left here.
  plain.fill(0);
  found?.fill(0);
  if (!keyIsSound || plainBytes < 0) throw new SealroomError("CMS_OPEN");
  return content;
}

/** The fields of the one form that KMS writes. Error: CMS_OPEN. */
export function decodeEnvelope(bytes: Uint8Array): Envelope {
  if (bytes.length > MAX_ENVELOPE_BYTES) throw new SealroomError("CMS_OPEN");
  return BerReader.read(bytes, SEQUENCE, (contentInfo) => {
    contentInfo.expect(OBJECT_IDENTIFIER, ENVELOPED_DATA);
    return contentInfo.enter(contextTag(0, "constructed"), (explicit) =>
      explicit.enter(SEQUENCE, (envelopedData) => {
        envelopedData.expect(INTEGER, VERSION_2);
        const keys = envelopedData.enter(SET, (recipients) => recipients.enter(SEQUENCE, readRecipient));
        const content = envelopedData.enter(SEQUENCE, readContent);
        return { ...keys, ...content };
      }),
    );
  });
}

/** KeyTransRecipientInfo, version 2: the recipient is named by subjectKeyIdentifier (§6.2.1). */
function readRecipient(reader: BerReader): Pick<Envelope, "recipient" | "encryptedKey"> {
  reader.expect(INTEGER, VERSION_2);
  const recipient = reader.primitive(contextTag(0, "primitive"));
  reader.enter(SEQUENCE, (algorithm) => {
    algorithm.expect(OBJECT_IDENTIFIER, RSAES_OAEP);
    // RFC 4055 §4.1: what is left out means SHA-1, so hash and mask must be stated; a label (pSource) must not.
    algorithm.enter(SEQUENCE, (parameters) => {
      parameters.enter(contextTag(0, "constructed"), readSha256);
      parameters.enter(contextTag(1, "constructed"), (mask) => {
        mask.enter(SEQUENCE, (generator) => {
          generator.expect(OBJECT_IDENTIFIER, MGF1);
          readSha256(generator);
        });
      });
    });
  });
  return { recipient, encryptedKey: reader.primitive(OCTET_STRING) };
}

function readSha256(reader: BerReader): void {
  reader.enter(SEQUENCE, (algorithm) => {
    algorithm.expect(OBJECT_IDENTIFIER, SHA_256);
    // RFC 4055 §2.1: with NULL or with nothing, both are to be read.
    if (algorithm.more()) algorithm.expect(NULL, new Uint8Array(0));
  });
}

/** EncryptedContentInfo; the content is one implicit OCTET STRING, or chunks of one. */
function readContent(reader: BerReader): Pick<Envelope, "iv" | "ciphertext"> {
  reader.expect(OBJECT_IDENTIFIER, DATA);
  const iv = reader.enter(SEQUENCE, (algorithm) => {
    algorithm.expect(OBJECT_IDENTIFIER, AES256_CBC);
    return algorithm.primitive(OCTET_STRING);
  });
  const chunks: Uint8Array[] = [];
  if (reader.next(contextTag(0, "primitive"))) chunks.push(reader.primitive(contextTag(0, "primitive")));
  else {
    reader.enter(contextTag(0, "constructed"), (inside) => {
      readChunks(inside, chunks, 1);
    });
  }
  const ciphertext = new Uint8Array(Buffer.concat(chunks));
  const wholeBlocks = ciphertext.length > 0 && ciphertext.length % BLOCK_BYTES === 0;
  if (iv.length !== BLOCK_BYTES || !wholeBlocks) throw new SealroomError("CMS_OPEN");
  return { iv, ciphertext };
}

function readChunks(reader: BerReader, chunks: Uint8Array[], depth: number): void {
  if (depth > MAX_CHUNK_DEPTH) throw new SealroomError("CMS_OPEN");
  while (reader.more()) {
    if (reader.next(OCTET_STRING)) chunks.push(reader.primitive(OCTET_STRING));
    else {
      reader.enter(OCTET_STRING_CHUNKS, (inside) => {
        readChunks(inside, chunks, depth + 1);
      });
    }
  }
}

/** The length without the padding of RFC 5652 §6.3, or -1; every byte of the last block is looked at in any case. */
function unpaddedLength(plain: Uint8Array): number {
  const padding = plain[plain.length - 1] ?? 0;
  let faults = Number(padding < 1) | Number(padding > BLOCK_BYTES);
  for (let i = 1; i <= BLOCK_BYTES; i++) {
    const byte = plain[plain.length - i] ?? 0;
    faults |= Number(i <= padding) & Number(byte !== padding);
  }
  return faults === 0 ? plain.length - padding : -1;
}

function oid(hex: string): Uint8Array {
  return new Uint8Array(Buffer.from(hex, "hex"));
}
