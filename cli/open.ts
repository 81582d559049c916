// `sealroom open`: opens an AWS Encryption SDK message whose key is at hand. Two passes over the file, so that no byte
// of a message that turns out to be truncated or forged is given out; each pass verifies all it reads. Tables that jobs
// sealed to an owner or a recipient are open-sealed.ts's.
import { open } from "node:fs/promises";
import type { FileHandle } from "node:fs/promises";
import { createHash } from "node:crypto";
import { once } from "node:events";
import type { Command } from "commander";
import { SealroomError } from "../core/errors.ts";
import type { EncryptionContext } from "../core/seal/context.ts";
import { knownDataKey, RawAesKeyring } from "../core/seal/keyring.ts";
import type { KeySource } from "../core/seal/keyring.ts";
import { MessageOpener } from "../core/seal/open.ts";
import type { OpenedHeader } from "../core/seal/header.ts";
import { EVERY_SUITE } from "../core/seal/policy.ts";
import { addCloudOptions } from "./cloud-options.ts";
import { act, collect, declare } from "./command.ts";
import type { Host, Session } from "./command.ts";
import { decodeEncoded } from "./encoded.ts";
import { FaultAt, locate, usage } from "./fault.ts";
import { checkNewFile, openFile, readBytes, writeFileBy } from "./file.ts";
import { openSealedFile } from "./open-sealed.ts";
import type { SealedOptions } from "./open-sealed.ts";
import { renderBytes, renderFields } from "./output.ts";
import type { Report } from "./output.ts";

interface Options extends SealedOptions {
  readonly dataKeyFile?: string;
  readonly rawAesKeyFile?: string;
  readonly namespace?: string;
  readonly name?: string;
  readonly encryptionContext?: readonly string[];
}

const KEY_FILE_BYTES = 4096;
const KEY_LENGTHS = [16, 24, 32];
const CHUNK_BYTES = 1024 * 1024;

export function declareOpen(parent: Command, host: Host): void {
  const command = declare(parent, "open", {
    summary: "open what is sealed, with a key at hand",
    description:
      "Opens an AWS Encryption SDK message (any AES-GCM suite, framed or not) whose data key, or whose Raw AES " +
      "wrapping key, is at hand. Without --out the plaintext goes to standard output, once all of it has verified; " +
      "with --json and no --out it is only checked. With --owner or --recipient-key, opens the table that a job sealed to " +
      "that key, as CSV, or to FILE as Arrow IPC (as CSV where it is called .csv); it may lie at s3://....",
    examples: [
      "sealroom open part-0.sealed --data-key-file data.key --out part-0.arrow",
      "sealroom open message.esdk --raw-aes-key-file wrapping.key --namespace app \\\n      --name key-1 --encryption-context tenant=42 > plain",
      "sealroom open quarantine.jwe --owner owner.key",
      "sealroom open s3://bucket/copy/66657f304e913fb6/quarantine.jwe \\\n      --owner owner.key --out quarantine.csv --aws",
    ],
  })
    .argument("<file>", "the message, or the sealed table")
    .option(
      "--data-key-file <key>",
      "the message's plaintext data key: 32 raw bytes (16 or 24 for older suites), or their hex or base64",
    )
    .option("--raw-aes-key-file <key>", "the wrapping key of a Raw AES keyring; needs --namespace and --name")
    .option("--namespace <namespace>", "the keyring's key namespace (provider id)")
    .option("--name <name>", "the keyring's key name")
    .option(
      "--encryption-context <k=v>",
      "a pair that the message must have been sealed with; may be repeated",
      collect,
    )
    .option("--owner <key>", "the owner's private key file, for what a job sealed to the owner")
    .option("--recipient-key <key>", "the recipient's private key file, for a sealed result")
    .option("--out <file>", "write the plaintext to this file");
  act(addCloudOptions(command), host, openMessageFile);
}

async function openMessageFile(session: Session, options: Options, file: string): Promise<Report> {
  const required = parseContext(options.encryptionContext ?? []);
  if (options.out !== undefined) await checkNewFile(options.out);
  if (options.owner !== undefined || options.recipientKey !== undefined) {
    checkSealedAlone(options);
    return openSealedFile(session, options, file, writeToOutput);
  }
  if (options.aws === true || options.state !== undefined) {
    throw usage("--aws and --state belong to --owner and --recipient-key: a message is a file");
  }
  const source = await readKeySource(options);
  const pass = (release: (bytes: Uint8Array) => Promise<void>): Promise<OpenedHeader> =>
    locate(file, () => openStream(file, source, required, release));
  const hash = createHash("sha256");
  let bytes = 0;
  const header = await pass(async (plain) => {
    hash.update(plain);
    bytes += plain.length;
    await Promise.resolve();
  });
  const { out } = options;
  if (out !== undefined) {
    await writeFileBy(out, async (temporary) => {
      const target = await open(temporary, "wx", 0o600);
      try {
        await pass((plain) => writeAll(target, plain));
        await target.sync();
      } finally {
        await target.close();
      }
    });
  } else if (options.json !== true) {
    await pass(writeToOutput);
    return { exit: 0, json: {}, text: [] };
  }
  const facts = describe(header, bytes, hash.digest("hex"), out);
  return {
    exit: 0,
    json: { file, out: out ?? null, ...facts.json },
    text: [`Opened ${file}`, ...renderFields(facts.fields)],
  };
}

function checkSealedAlone(options: Options): void {
  const { owner, recipientKey, dataKeyFile, rawAesKeyFile, namespace, name, encryptionContext } = options;
  if (owner !== undefined && recipientKey !== undefined) {
    throw usage("give either --owner or --recipient-key");
  }
  const ofMessages = [dataKeyFile, rawAesKeyFile, namespace, name, encryptionContext];
  if (ofMessages.some((option) => option !== undefined)) {
    throw usage("--owner and --recipient-key open tables, which have no other key and no encryption context");
  }
}

function describe(
  header: OpenedHeader,
  bytes: number,
  sha256: string,
  out: string | undefined,
): { readonly json: Report["json"]; readonly fields: readonly (readonly [string, string])[] } {
  const suite = `0x${header.suite.id.toString(16).padStart(4, "0")}`;
  const context = [...header.encryptionContext].sort(([left], [right]) => (left < right ? -1 : 1));
  return {
    json: {
      suite,
      framed: header.framed,
      frameLength: header.frameLength,
      encryptionContext: Object.fromEntries(context),
      bytes,
      sha256,
    },
    fields: [
      ["suite", suite],
      ["framing", header.framed ? `frames of ${renderBytes(header.frameLength)}` : "unframed"],
      ["context", context.map(([key, value]) => `${key}=${value}`).join(" ") || "none"],
      ["plaintext", `${bytes} bytes, SHA-256 ${sha256}`],
      ...(out === undefined ? [] : [["written to", out] as const]),
    ],
  };
}

async function openStream(
  file: string,
  source: KeySource,
  required: EncryptionContext,
  release: (bytes: Uint8Array) => Promise<void>,
): Promise<OpenedHeader> {
  const opener = new MessageOpener(source, EVERY_SUITE, required);
  const stream = (await openFile(file)).createReadStream({ highWaterMark: CHUNK_BYTES });
  for await (const chunk of stream as AsyncIterable<Buffer>) {
    for (const plain of opener.push(chunk)) await release(plain);
  }
  for (const plain of opener.finish()) await release(plain);
  const { header } = opener;
  if (header === null) throw new SealroomError("SEAL_TRUNCATED");
  return header;
}

async function readKeySource(options: Options): Promise<KeySource> {
  const { dataKeyFile, rawAesKeyFile, namespace, name } = options;
  if ((dataKeyFile === undefined) === (rawAesKeyFile === undefined)) {
    throw usage(
      "give either --data-key-file or --raw-aes-key-file; for what a job sealed, --owner or --recipient-key",
    );
  }
  if (dataKeyFile !== undefined) {
    if (namespace !== undefined || name !== undefined) {
      throw usage("--namespace and --name belong to --raw-aes-key-file");
    }
    return knownDataKey(await readKey(dataKeyFile));
  }
  if (rawAesKeyFile === undefined || namespace === undefined || name === undefined) {
    throw usage("--raw-aes-key-file needs --namespace and --name");
  }
  if (namespace.startsWith("aws-kms")) throw usage("the namespace 'aws-kms' is not one of a Raw AES keyring");
  return new RawAesKeyring({
    wrappingKey: await readKey(rawAesKeyFile),
    keyNamespace: namespace,
    keyName: name,
  });
}

/** Raw bytes, or their hex or base64. A raw key that looks like text is still raw if its length says so. */
async function readKey(path: string): Promise<Uint8Array> {
  const file = await readBytes(path, KEY_FILE_BYTES);
  const key = KEY_LENGTHS.includes(file.length) ? file : decodeEncoded(file);
  if (KEY_LENGTHS.includes(key.length)) return key;
  throw new FaultAt(path, new SealroomError("KEY_LENGTH", { bytes: key.length }));
}

function parseContext(pairs: readonly string[]): EncryptionContext {
  const context = new Map<string, string>();
  for (const pair of pairs) {
    const at = pair.indexOf("=");
    if (at <= 0) throw usage(`--encryption-context '${pair}' is not of the form KEY=VALUE`);
    const key = pair.slice(0, at);
    if (context.has(key)) throw usage(`--encryption-context ${key} is given twice`);
    context.set(key, pair.slice(at + 1));
  }
  return context;
}

async function writeAll(target: FileHandle, plain: Uint8Array): Promise<void> {
  let at = 0;
  while (at < plain.length) at += (await target.write(plain, at)).bytesWritten;
}

async function writeToOutput(plain: Uint8Array): Promise<void> {
  if (!process.stdout.write(plain)) await once(process.stdout, "drain");
}
