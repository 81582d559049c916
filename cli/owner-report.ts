// Where the report lies that a job sealed for the owner alone, and how the owner knows it for the job's.
import type { OutputManifest } from "../core/manifest/output.ts";
import { REPORT_FILE } from "../core/receipt/statement.ts";
import type { Statement } from "../core/receipt/statement.ts";
import type { Place } from "../owner/store.ts";

export interface OwnerReport {
  readonly location: string;
  /** SHA-384, hex. */
  readonly digest: string;
}

/** What the job sealed for the owner alone, beside the copy's objects; null where no rule asked for it. */
export function reportOf(
  { outputs }: Pick<Statement, "outputs">,
  { objects: [object] }: Pick<OutputManifest, "objects">,
  { bucket, prefix }: Place,
): OwnerReport | null {
  const report = outputs.find(({ name }) => name === REPORT_FILE);
  if (report === undefined || object === undefined) return null;
  const run = object.key.slice(0, object.key.lastIndexOf("/") + 1);
  return { location: `s3://${bucket}/${prefix}${run}${REPORT_FILE}`, digest: report.sha384 };
}

/** For people. */
export function reportFields({ location, digest }: OwnerReport): readonly (readonly [string, string])[] {
  return [
    ["quarantine", location],
    ["", "values without tokens, sealed to you: sealroom open LOCATION --owner KEY"],
    ["", `its SHA-384, by the receipt: ${digest}`],
  ];
}
