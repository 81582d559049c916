// `sealroom keygen`: a key pair for an owner or for a recipient, in two files. Files that are there are never
// overwritten.
import type { Command } from "commander";
import { thumbprint } from "../core/manifest/jwk.ts";
import { PUBLIC_SUFFIX, readOwnerPublic, readRecipientPublic, writeKeyFiles } from "../owner/key-file.ts";
import { generateOwnerKeys, generateRecipientKey } from "../owner/keys.ts";
import type { SigningAlgorithm } from "../owner/keys.ts";
import { act, declare } from "./command.ts";
import type { Host, Session } from "./command.ts";
import { locate, usage } from "./fault.ts";
import { renderFields } from "./output.ts";
import type { Report } from "./output.ts";

interface Options {
  readonly recipient?: boolean;
  readonly algorithm?: string;
}

export function declareKeygen(parent: Command, host: Host): void {
  const command = declare(parent, "keygen", {
    summary: "make the keys of a data owner or of a recipient",
    description:
      "Makes the keys of an owner (one that signs manifests and grants, one that reports are sealed to) or, with " +
      "--recipient, of whoever receives results. Writes FILE, which is private, and FILE.pub. Overwrites nothing.",
    examples: ["sealroom keygen owner.key", "sealroom keygen analyst.key --recipient"],
  })
    .argument("<file>", "the private key file to make; FILE.pub is made beside it")
    .option("--recipient", "make the key of a recipient of results")
    .option("--algorithm <name>", "how the owner signs: ES256 (the default) or EdDSA");
  act(command, host, keygen);
}

async function keygen(_session: Session, { recipient, algorithm }: Options, file: string): Promise<Report> {
  const publicFile = file + PUBLIC_SUFFIX;
  if (recipient === true) {
    if (algorithm !== undefined) throw usage("--algorithm goes with an owner's key");
    await locate(file, async () => writeKeyFiles(file, await generateRecipientKey()));
    return report(file, publicFile, "recipient", await thumbprint(await readRecipientPublic(publicFile)));
  }
  const signing = parseAlgorithm(algorithm ?? "ES256");
  await locate(file, async () => writeKeyFiles(file, await generateOwnerKeys(signing)));
  return report(file, publicFile, "owner", await thumbprint(await readOwnerPublic(publicFile)));
}

function report(file: string, publicFile: string, kind: "owner" | "recipient", print: string): Report {
  return {
    exit: 0,
    json: { kind, file, publicFile, thumbprint: print },
    text: renderFields([
      ["private", `${file} (keep it secret: there is no other copy)`],
      ["public", publicFile],
      [kind, print],
    ]),
  };
}

function parseAlgorithm(name: string): SigningAlgorithm {
  if (name === "ES256" || name === "EdDSA") return name;
  throw usage(`--algorithm '${name}' is neither ES256 nor EdDSA`);
}
