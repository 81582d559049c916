// Whether AWS can be asked from here: a region, credentials that the default chain finds, and a clock that AWS takes.
import { S3Client } from "@aws-sdk/client-s3";
import { fine, obstacle, warning } from "../enclave/finding.ts";
import type { Finding } from "../enclave/finding.ts";
import { askDate, checkSkew } from "./clock.ts";

const ANSWER_MS = 5_000;
const WHO = "aws sts get-caller-identity";

export interface Identity {
  /** Of a role's credentials; a user's have none. */
  readonly sessionToken?: string;
  readonly expiration?: Date;
}

export async function examineAws(): Promise<readonly Finding[]> {
  const s3 = new S3Client({});
  try {
    const region = await s3.config.region().catch(() => "");
    const identity = await s3.config.credentials().catch(() => null);
    if (region === "") return [checkRegion(region), checkIdentity(identity)];
    const domain = region.startsWith("cn-") ? "amazonaws.com.cn" : "amazonaws.com";
    const hosts = [`s3.${region}.${domain}`, `kms.${region}.${domain}`];
    const clocks = await Promise.all(
      hosts.map(async (host) => checkSkew(host, await askDate(host, ANSWER_MS))),
    );
    return [checkRegion(region), checkIdentity(identity), ...clocks];
  } finally {
    s3.destroy();
  }
}

export function checkRegion(region: string): Finding {
  return region === ""
    ? obstacle("region", "no AWS region is set", "S3 and KMS are asked in a region", [
        "export AWS_REGION=eu-central-1   # yours",
      ])
    : fine("region", region);
}

/** Null where there are none. */
export function checkIdentity(identity: Identity | null): Finding {
  if (identity === null) {
    return obstacle(
      "credentials",
      "no AWS credentials were found",
      "on a parent they are those of the instance's role; elsewhere of a profile or the environment",
      [WHO],
    );
  }
  const { sessionToken, expiration } = identity;
  if (sessionToken === undefined) {
    return warning(
      "credentials",
      "they are a user's, and never expire",
      "they pass through the host to the enclave: a role's last for hours",
      [WHO],
    );
  }
  return fine(
    "credentials",
    expiration === undefined ? "a role's" : `a role's, until ${expiration.toISOString()}`,
  );
}
