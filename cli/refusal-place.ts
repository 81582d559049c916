// Where what ended a job can be mended. The enclave says what is wrong; which file, object or key of this machine's
// user that is, it does not know.
import { SealroomError } from "../core/errors.ts";
import type { PreparedJob } from "../host-driver/client.ts";

export interface JobPlaces {
  /** The job's file. */
  readonly job: string;
  readonly grants: readonly string[];
  /** The enclave's address. */
  readonly enclave: string;
  readonly datasets: PreparedJob["datasets"];
}

/** By layer of the code; of all others it is the job that asks for what it may not have. */
const PLACES: Readonly<Record<string, "data" | "key" | "grant" | "enclave">> = {
  JWS: "data",
  MANIFEST: "data",
  OBJECT: "data",
  STORE: "data",
  SEAL: "data",
  S3EC: "data",
  COLUMN: "data",
  KMS: "key",
  CMS: "key",
  CONTEXT: "data",
  GRANT: "grant",
  NSM: "enclave",
  CLOCK: "enclave",
  POLICY: "enclave",
  POOL: "enclave",
  TRANSPORT: "enclave",
  TUNNEL: "enclave",
  WIRE: "enclave",
  ENCLAVE: "enclave",
  CRYPTO: "enclave",
  INTERNAL: "enclave",
};

/** A job's file where nothing nearer is known. */
export function findPlace(error: unknown, { job, grants, enclave, datasets }: JobPlaces): string {
  if (!(error instanceof SealroomError)) return enclave;
  const [dataset, ...others] = datasets;
  const [grant, ...otherGrants] = grants;
  // Of several nothing says which is meant.
  const only = others.length === 0 ? dataset : undefined;
  switch (PLACES[error.code.replace(/_.*/, "")]) {
    case "enclave":
      return enclave;
    case "grant":
      return grant === undefined || otherGrants.length > 0 ? job : grant;
    case "key":
      return only?.verified.manifest.keyArn ?? job;
    case "data":
      return only === undefined ? job : dataPlace(only, error.details["object"]);
    default:
      return job;
  }
}

/** The object, where it is told by its number in the manifest; else the data set. */
function dataPlace({ location, verified }: PreparedJob["datasets"][number], object: unknown): string {
  const entry = typeof object === "number" ? verified.manifest.objects[object] : undefined;
  return `s3://${location.bucket}/${location.prefix}${entry?.key ?? ""}`;
}
