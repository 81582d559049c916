// The same plaintext in every envelope that may be adopted, written from the formats' texts.
import { createCipheriv, hkdfSync, randomBytes } from "node:crypto";
import { wrapDataKey } from "../../core/seal/adopted-key.ts";
import type { OpenEnvelope } from "../../core/seal/adopted-key.ts";
import { verifyObject } from "../../core/seal/adopted.ts";
import type { AdoptedEntry } from "../../core/manifest/manifest.ts";
import { concat, Forger } from "../seal/forger.ts";
import { MemorySource } from "./memory.ts";

export interface Specimen {
  readonly name: string;
  readonly bytes: Uint8Array;
  readonly envelope: OpenEnvelope;
  readonly dataKey: Uint8Array;
}

const NOTHING = new Uint8Array(0);

export function specimens(plain: Uint8Array, frameLength: number): readonly Specimen[] {
  const framed = [0x0478, 0x0578, 0x0114, 0x0146, 0x0178, 0x0214, 0x0346, 0x0378];
  return [
    ...framed.map((suite) => {
      const forger = new Forger({ suite, frameLength });
      const bytes = forger.message(...forger.frames(plain));
      return message(`framed ${suite.toString(16)}`, forger, bytes, { kind: "esdk-whole", suite });
    }),
    ...[0x0478, 0x0578, 0x0178, 0x0378].map((suite) => {
      const forger = new Forger({ suite, contentType: 1 });
      const bytes = forger.message(forger.unframed(plain));
      return message(`unframed ${suite.toString(16)}`, forger, bytes, { kind: "esdk-whole", suite });
    }),
    s3ecV2(plain),
    s3ecV3(plain),
  ];
}

/** A framed message and another of the same length that its writer, who knows the data key, made under its header. */
export function framedTwins(
  plain: Uint8Array,
  other: Uint8Array,
  frameLength: number,
): readonly [Specimen, Specimen] {
  const forger = new Forger({ suite: 0x0478, frameLength });
  const write = (text: Uint8Array): Specimen =>
    message("framed 478", forger, forger.message(...forger.frames(text)), {
      kind: "esdk-whole",
      suite: 0x0478,
    });
  return [write(plain), write(other)];
}

function message(name: string, forger: Forger, bytes: Uint8Array, envelope: OpenEnvelope): Specimen {
  return { name, bytes, envelope, dataKey: forger.dataKey };
}

export function s3ecV2(plain: Uint8Array, dataKey: Uint8Array = drawKey()): Specimen {
  const iv = randomBytes(12);
  const envelope = { kind: "s3ec-v2", iv: iv.toString("base64url") } as const;
  return { name: "s3ec-v2", bytes: gcm(dataKey, iv, NOTHING, plain), envelope, dataKey };
}

/** With the message id and the commitment of `like`, if given, true or not. */
export function s3ecV3(
  plain: Uint8Array,
  dataKey: Uint8Array = drawKey(),
  like: OpenEnvelope | null = null,
): Specimen {
  const given = like?.kind === "s3ec-v3" ? like : null;
  const messageId = given === null ? randomBytes(28) : Buffer.from(given.messageId, "base64url");
  const suite = Uint8Array.of(0, 0x73);
  const derive = (label: string, length: number): Buffer =>
    Buffer.from(hkdfSync("sha512", dataKey, messageId, concat(suite, Buffer.from(label)), length));
  const envelope = given ?? {
    kind: "s3ec-v3",
    messageId: messageId.toString("base64url"),
    commitment: derive("COMMITKEY", 28).toString("base64url"),
  };
  const bytes = gcm(derive("DERIVEKEY", 32), Buffer.alloc(12, 1), suite, plain);
  return { name: "s3ec-v3", bytes, envelope, dataKey };
}

function drawKey(): Uint8Array {
  return new Uint8Array(randomBytes(32));
}

function gcm(key: Uint8Array, iv: Uint8Array, aad: Uint8Array, plain: Uint8Array): Uint8Array {
  const cipher = createCipheriv("aes-256-gcm", key, iv, { authTagLength: 16 });
  cipher.setAAD(aad);
  return concat(cipher.update(plain), cipher.final(), cipher.getAuthTag());
}

/** As its owner would put it into a manifest. */
export async function entryOf(
  { bytes, envelope, dataKey }: Specimen,
  datasetKey: Uint8Array,
  index: number,
  content: Partial<Pick<AdoptedEntry, "rows" | "format" | "csv">> = {},
): Promise<AdoptedEntry> {
  const { digest } = await verifyObject(new MemorySource(bytes), bytes.length, envelope, dataKey);
  const hex = Buffer.from(digest).toString("hex");
  const entry = {
    key: `object-${index}`,
    format: "arrow",
    digest: hex,
    bytes: bytes.length,
    rows: 0,
    envelope,
    ...content,
  } as const;
  return wrapDataKey(datasetKey, entry, index, dataKey);
}
