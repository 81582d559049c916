// Opening an object that others wrote, by its data key: the one way in for owner and enclave, so that the one adopts
// what the other will read. What is known of the object besides its bytes comes from the manifest, never from the host.
import { TAG_BYTES, equal } from "../crypto.ts";
import { SealroomError } from "../errors.ts";
import type { AdoptedEntry } from "../manifest/manifest.ts";
import { decodeBase64url } from "../text/base64url.ts";
import { unwrapDataKey } from "./adopted-key.ts";
import type { OpenEnvelope } from "./adopted-key.ts";
import type { ByteSource, OpenedFile } from "./byte-source.ts";
import { CheckedObject } from "./checked-object.ts";
import { FramedFile } from "./framed-file.ts";
import { UNFRAMED_PREFIX_BYTES, unframedAad } from "./frame.ts";
import { knownDataKey } from "./keyring.ts";
import { MessageJudge } from "./message-judge.ts";
import type { JudgedMessage } from "./message-judge.ts";
import { suitePolicy } from "./policy.ts";
import { committedText, plainKeyText } from "./s3ec-keys.ts";
import { SingleTagFile, SingleTagJudge } from "./single-tag.ts";
import type { SingleTagText } from "./single-tag.ts";
import { plainSize } from "./size.ts";

export interface Verified {
  /** As a manifest has it: of the whole object. A header says nothing of frames that its writer may write again. */
  readonly digest: Uint8Array;
  readonly file: OpenedFile;
}

/**
 * An adopted object as its manifest has it, at place `index`. Nothing of it can be read before its digest and every tag
 * have verified. Errors: OBJECT_KEY, OBJECT_DIGEST, and those of verifyObject.
 */
export async function openAdopted(
  source: ByteSource,
  entry: AdoptedEntry,
  index: number,
  datasetKey: Uint8Array,
): Promise<OpenedFile> {
  const dataKey = unwrapDataKey(datasetKey, entry, index);
  try {
    const { digest, file } = await verifyObject(source, entry.bytes, entry.envelope, dataKey);
    // The owner signed this digest: other bytes under the same data key, however authentic, are not this object.
    if (!equal(digest, Buffer.from(entry.digest, "hex"))) throw new SealroomError("OBJECT_DIGEST");
    return file;
  } finally {
    dataKey.fill(0);
  }
}

/**
 * Verifies all of an object of `bytes` under its data key.
 * Errors: SEAL_*, POLICY_MESSAGE, S3EC_COMMITMENT, S3EC_LENGTH, S3EC_TAG, those of the source.
 */
export async function verifyObject(
  source: ByteSource,
  bytes: number,
  envelope: OpenEnvelope,
  dataKey: Uint8Array,
): Promise<Verified> {
  switch (envelope.kind) {
    case "esdk-whole":
      return verifyMessage(source, bytes, envelope.suite, dataKey);
    case "s3ec-v2":
      return verifyText(source, bytes, plainKeyText(dataKey, decode(envelope.iv), bytes));
    case "s3ec-v3": {
      const { messageId, commitment } = envelope;
      return verifyText(source, bytes, committedText(dataKey, decode(messageId), decode(commitment), bytes));
    }
  }
}

async function verifyMessage(
  source: ByteSource,
  bytes: number,
  suite: number,
  dataKey: Uint8Array,
): Promise<Verified> {
  const judge = new MessageJudge(knownDataKey(dataKey), suitePolicy(suite));
  const object = await CheckedObject.survey(source, bytes, judge);
  const message = judge.judged();
  const { header } = message;
  if (!header.framed) {
    return { digest: object.digest, file: new SingleTagFile(unframedText(message, bytes), object) };
  }
  const { headerBytes, frameLength } = header;
  const totalBytes = bytes - message.footerBytes;
  const layout = { headerBytes, frameLength, totalBytes, ...plainSize(headerBytes, frameLength, totalBytes) };
  return { digest: object.digest, file: new FramedFile(header, layout, object) };
}

function unframedText({ header, iv, footerBytes }: JudgedMessage, bytes: number): SingleTagText {
  const offset = header.headerBytes + UNFRAMED_PREFIX_BYTES;
  const plainBytes = bytes - footerBytes - TAG_BYTES - offset;
  const aad = unframedAad(header.messageId, plainBytes);
  return { key: header.contentKey, iv, aad, offset, plainBytes };
}

async function verifyText(source: ByteSource, bytes: number, text: SingleTagText): Promise<Verified> {
  const object = await CheckedObject.survey(source, bytes, new SingleTagJudge(text));
  return { digest: object.digest, file: new SingleTagFile(text, object) };
}

function decode(text: string): Uint8Array {
  return decodeBase64url(text) ?? new Uint8Array(0);
}
