// The values that the commands of `sealroom policy` take: measurements by file, epochs, token keys; and what to do with a
// policy that one of them printed.
import { parseMeasurements } from "../core/attestation/measurements.ts";
import type { Measurements } from "../core/attestation/measurements.ts";
import type { TokenKey } from "../owner/key-policy/terms.ts";
import { locate, usage } from "./fault.ts";
import { readText } from "./file.ts";

export const PUT_POLICY: string =
  "As the break-glass role, put this policy: aws kms put-key-policy --key-id KEY_ARN --policy-name default " +
  "--policy file://FILE. KMS takes up to a few minutes to apply it everywhere. (On the stand-ins: sealroom local " +
  "put-key-policy --key KEY_ARN --policy FILE.)";

/** Errors, at the path: those of readText and parseMeasurements. */
export async function readMeasurements(path: string): Promise<Measurements> {
  const text = await readText(path);
  return locate(path, () => parseMeasurements(text));
}

export function parseEpoch(option: string, text: string): number {
  if (!/^\d{1,15}$/.test(text)) throw usage(`${option} '${text}' is not a time in UTC milliseconds`);
  return Number(text);
}

/** NAME:VERSION; whether the name is one is for whoever takes it. */
export function parseToken(option: string, text: string): TokenKey {
  const [, domain, version] = /^([^:]+):(\d{1,15})$/.exec(text) ?? [];
  if (domain === undefined || version === undefined) throw usage(`${option} '${text}' is not NAME:VERSION`);
  return { domain, version: Number(version) };
}
