// A key policy as people have it in a file: the document itself, or what `aws kms get-key-policy` prints around it when
// it is asked without `--query Policy --output text`. Leaves out what the document says.
import { readText } from "./file.ts";

const TEXT = String.raw`"(?:[^"\\]|\\.)*"`;
const POLICY = String.raw`"Policy"\s*:\s*(?<policy>${TEXT})`;
const NAME = String.raw`"PolicyName"\s*:\s*${TEXT}`;
/** These members, each once, and no other: so nothing is passed over. */
const ANSWERS = [`${POLICY}(?:\\s*,\\s*${NAME})?`, `${NAME}\\s*,\\s*${POLICY}`].map(
  (members) => new RegExp(`^\\s*\\{\\s*${members}\\s*\\}\\s*$`, "s"),
);

/** The document's text. Errors, at the path: those of readText. */
export async function readPolicyText(path: string): Promise<string> {
  return unwrapAnswer(await readText(path));
}

/** The document in KMS's answer; any other text as it is, for whoever reads policies to judge. */
export function unwrapAnswer(text: string): string {
  for (const answer of ANSWERS) {
    const policy = answer.exec(text)?.groups?.["policy"];
    if (policy === undefined) continue;
    try {
      return JSON.parse(policy) as string;
    } catch {
      return text;
    }
  }
  return text;
}
