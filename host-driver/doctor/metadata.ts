// The instance metadata service of an EC2 instance, from which the role's credentials come. Version 1 answers anybody who
// can make the instance fetch a URL; version 2 asks for a token that a redirect cannot fetch.
import { fine, obstacle } from "../enclave/finding.ts";
import type { Finding } from "../enclave/finding.ts";

/** HTTP status of a request without a token; null where nothing answered. */
export type MetadataStatus = number | null;

const WITHOUT_TOKEN = "http://169.254.169.254/latest/meta-data/";
const ANSWER_MS = 2_000;

export async function askMetadata(): Promise<MetadataStatus> {
  try {
    const response = await fetch(WITHOUT_TOKEN, {
      signal: AbortSignal.timeout(ANSWER_MS),
      redirect: "manual",
    });
    await response.body?.cancel();
    return response.status;
  } catch {
    return null;
  }
}

export function checkMetadata(status: MetadataStatus): Finding {
  if (status === 401) return fine("metadata", "IMDSv2 is required");
  const demand =
    'aws ec2 modify-instance-metadata-options --instance-id "$(cat /sys/class/dmi/id/board_asset_tag)" ' +
    "--http-tokens required --http-endpoint enabled --http-put-response-hop-limit 1";
  if (status === 200) {
    return obstacle(
      "metadata",
      "the instance metadata service answers without a token (IMDSv1)",
      "whoever makes this instance fetch a URL gets its role's credentials: everything that the key policy lets it do",
      [demand],
    );
  }
  return obstacle(
    "metadata",
    `the instance metadata service ${status === null ? "does not answer" : `answers with ${status}`}`,
    "the role's credentials come from it",
    [demand],
  );
}
