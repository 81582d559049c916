// The keys of the local KMS, one file each (0600), replaced whole. Policies are kept as their text and parsed again
// when the store is opened, so that a damaged one stops the start instead of weakening a key.
import { randomUUID } from "node:crypto";
import { mkdir, readdir } from "node:fs/promises";
import { join } from "node:path";

import { randomBytes } from "../../core/crypto.ts";
import { SealroomError } from "../../core/errors.ts";
import type { JsonObject } from "../../core/json.ts";
import type { Policy } from "../../owner/policy/document.ts";
import { LOCAL_ACCOUNT } from "../credentials.ts";
import { findSecretFile, writeSecretFile } from "../secret-file.ts";
import { takePolicy } from "./key-policy.ts";

const SECRET_BYTES = 32;
const STATES = ["Enabled", "Disabled", "PendingDeletion"] as const;
const KEY_FILE = /^([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})\.json$/;

export type KeyState = (typeof STATES)[number];

export interface Key {
  readonly id: string;
  readonly arn: string;
  readonly createdMs: number;
  readonly description: string;
  readonly state: KeyState;
  /** When a key that is pending deletion is gone. */
  readonly deletionMs: number | null;
  readonly policyText: string;
  readonly policy: Policy;
  readonly secret: Uint8Array;
}

export interface NewKey {
  readonly policyText: string;
  readonly description: string;
  readonly createdMs: number;
}

/** The parts of a key that can change. */
export type KeyChange = Partial<Pick<Key, "state" | "deletionMs" | "policyText">>;

export class KeyStore {
  readonly region: string;
  readonly #directory: string;
  readonly #keys = new Map<string, Key>();
  #lastWrite: Promise<unknown> = Promise.resolve();

  private constructor(directory: string, region: string) {
    this.#directory = directory;
    this.region = region;
  }

  /** The caller holds the lock of the state. @throws SealroomError LOCAL_STATE */
  static async open(directory: string, region: string): Promise<KeyStore> {
    const store = new KeyStore(join(directory, region), region);
    await mkdir(store.#directory, { recursive: true, mode: 0o700 });
    for (const name of await readdir(store.#directory)) {
      const id = KEY_FILE.exec(name)?.[1];
      if (id !== undefined) store.#keys.set(id, await store.#read(id));
    }
    return store;
  }

  find(id: string, nowMs: number): Key | null {
    const key = this.#keys.get(id);
    return key === undefined || (key.deletionMs !== null && key.deletionMs <= nowMs) ? null : key;
  }

  arnOf(id: string): string {
    return `arn:aws:kms:${this.region}:${LOCAL_ACCOUNT}:key/${id}`;
  }

  /** @throws AwsError MalformedPolicyDocumentException */
  async create({ policyText, description, createdMs }: NewKey): Promise<Key> {
    const id = randomUUID();
    const policy = takePolicy(policyText);
    const secret = randomBytes(SECRET_BYTES);
    const arn = this.arnOf(id);
    const key = {
      id,
      arn,
      createdMs,
      description,
      state: "Enabled",
      deletionMs: null,
      policyText,
      policy,
      secret,
    } as const;
    await this.#store(() => key);
    return key;
  }

  /** The change is on the disk when the promise resolves. @throws AwsError MalformedPolicyDocumentException */
  async change(id: string, change: KeyChange): Promise<void> {
    const policy = change.policyText === undefined ? {} : { policy: takePolicy(change.policyText) };
    await this.#store(() => {
      const key = this.#keys.get(id);
      if (key === undefined) throw new Error("internal: the key is gone");
      return { ...key, ...change, ...policy };
    });
  }

  // One write after another: two changes of one key must not lose each other.
  async #store(make: () => Key): Promise<void> {
    const write = this.#lastWrite.then(async () => {
      const key = make();
      await writeSecretFile(join(this.#directory, `${key.id}.json`), encodeKey(key));
      this.#keys.set(key.id, key);
    });
    this.#lastWrite = write.catch(() => undefined);
    await write;
  }

  async #read(id: string): Promise<Key> {
    const file = join(this.#directory, `${id}.json`);
    const text = await findSecretFile(file);
    try {
      return decodeKey(id, this.arnOf(id), text ?? "");
    } catch (cause) {
      throw new SealroomError("LOCAL_STATE", { file }, { cause });
    }
  }
}

function encodeKey({ createdMs, description, state, deletionMs, policyText, secret }: Key): string {
  const fields = {
    createdMs,
    description,
    state,
    deletionMs,
    policyText,
    secret: Buffer.from(secret).toString("base64"),
  };
  return `${JSON.stringify(fields, null, 2)}\n`;
}

function decodeKey(id: string, arn: string, text: string): Key {
  const { createdMs, description, state, deletionMs, policyText, secret } = JSON.parse(text) as JsonObject;
  const known = STATES.find((name) => name === state);
  if (
    known === undefined ||
    typeof createdMs !== "number" ||
    typeof description !== "string" ||
    (typeof deletionMs !== "number" && deletionMs !== null) ||
    typeof policyText !== "string" ||
    typeof secret !== "string"
  ) {
    throw new Error("a field is missing");
  }
  const bytes = new Uint8Array(Buffer.from(secret, "base64"));
  if (bytes.length !== SECRET_BYTES) throw new Error("the secret is cut");
  const policy = takePolicy(policyText);
  return { id, arn, createdMs, description, state: known, deletionMs, policyText, policy, secret: bytes };
}
