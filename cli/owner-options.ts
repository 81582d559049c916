// What owners name on the command line: refused here, where the option can be named.
import { DATASET_NAME } from "../core/manifest/manifest.ts";
import { KEY_ARN } from "../core/manifest/wrapped-key.ts";
import { usage } from "./fault.ts";

export function checkDatasetName(option: string, name: string): void {
  if (DATASET_NAME.test(name)) return;
  throw usage(
    `${option} '${name}' is not a name of letters, digits, '.', '_' and '-', which begins with a letter or digit`,
  );
}

export function checkKeyArn(option: string, arn: string): void {
  if (KEY_ARN.test(arn)) return;
  throw usage(`${option} '${arn}' is not the full ARN of a KMS key, as arn:aws:kms:REGION:ACCOUNT:key/ID`);
}
