// s3://bucket/prefix/ as users write it.
import { SealroomError } from "../core/errors.ts";

export interface S3Location {
  readonly bucket: string;
  /** Empty, or ends with a slash. */
  readonly prefix: string;
}

const BUCKET = /^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/;

/** Errors: STORE_LOCATION. */
export function parseLocation(text: string): S3Location {
  const match = /^s3:\/\/([^/]+)(?:\/(.*))?$/.exec(text);
  const [, bucket, rest = ""] = match ?? [];
  if (bucket === undefined || !BUCKET.test(bucket) || rest.startsWith("/")) {
    throw new SealroomError("STORE_LOCATION", { location: text });
  }
  return { bucket, prefix: rest === "" || rest.endsWith("/") ? rest : `${rest}/` };
}
