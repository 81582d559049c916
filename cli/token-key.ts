// `sealroom token-key`: has KMS draw the master key of a token domain, and keeps it as KMS wrapped it.
import type { Command } from "commander";
import { MAX_VERSION } from "../core/token/version.ts";
import { act, addNeeded, declare } from "./command.ts";
import type { Host, Session } from "./command.ts";
import { addCloudOptions, openCloud } from "./cloud-options.ts";
import type { CloudOptions } from "./cloud-options.ts";
import { locate, usage } from "./fault.ts";
import { checkNewFile, writeNewFile } from "./file.ts";
import { parseCount } from "./number.ts";
import { renderFields } from "./output.ts";
import type { Report } from "./output.ts";
import { readOwner } from "./owner-files.ts";
import { checkDatasetName, checkKeyArn } from "./owner-options.ts";

interface Options extends CloudOptions {
  readonly domain: string;
  readonly domainVersion?: string;
  readonly owner: string;
  readonly key: string;
}

export function declareTokenKey(parent: Command, host: Host): void {
  const command = declare(parent, "token-key", {
    summary: "make the key of a token domain",
    description:
      "Has KMS draw the master key of a token domain, which no machine but an enclave ever sees, and writes it to " +
      "FILE as KMS wrapped it. Rules name FILE under token_keys. Keep it: what tokens stand for is lost with it. A " +
      "key that is to replace another has the next version. Overwrites nothing.",
    examples: [
      "sealroom token-key person.ssn-1.json --domain person.ssn --owner owner.key \\\n      --key arn:aws:kms:...",
    ],
  }).argument("<file>", "the file to make");
  addNeeded(command, "--domain <name>", "the token domain: columns of one domain have tokens that join");
  addNeeded(command, "--owner <key>", "the owner's private key file");
  addNeeded(command, "--key <arn>", "the KMS key, by its full ARN");
  command.option("--domain-version <number>", "1 to 65,535 (default: 1)");
  act(addCloudOptions(command), host, tokenKey);
}

async function tokenKey(session: Session, options: Options, file: string): Promise<Report> {
  const { domain, key: keyArn } = options;
  checkDatasetName("--domain", domain);
  checkKeyArn("--key", keyArn);
  const version = options.domainVersion === undefined ? 1 : parseVersion(options.domainVersion);
  await checkNewFile(file);
  const ownerKey = await readOwner(options.owner);
  const { encodeTokenKey, makeTokenKey } = await import("../owner/token-key.ts");
  const cloud = await openCloud(session, options);
  try {
    const kms = cloud.kms("owner", keyArn);
    const entry = await makeTokenKey({ domain, version, keyArn, ownerKey, kms });
    const bytes = new TextEncoder().encode(encodeTokenKey(entry));
    await locate(file, () => writeNewFile({ path: file, bytes, access: "public" }));
  } finally {
    await cloud.close();
  }
  return {
    exit: 0,
    json: { domain, version, file, key: keyArn },
    text: renderFields([
      ["domain", `${domain}, version ${version}`],
      ["written", `${file}: wrapped by KMS, no secret; keep it as long as the tokens`],
      [
        "next",
        `name it in rules.yaml under token_keys, and allow it: sealroom policy kms ... --token-domain ${domain}:${version}`,
      ],
    ]),
  };
}

function parseVersion(text: string): number {
  const version = parseCount("--domain-version", text);
  if (version > MAX_VERSION) throw usage(`--domain-version ${text} is above ${MAX_VERSION}`);
  return version;
}
