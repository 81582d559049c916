// Where the shared test vectors and data lie: beside the checkout, never inside it (they are third parties' work).
import { existsSync } from "node:fs";

export const SHARED: URL = new URL("../../shared/", import.meta.url);
export const VECTORS: URL = new URL("vectors/", SHARED);

/** For test options: `{ skip: withoutVectors }`. CI demands the vectors, so there nothing is skipped. */
export const withoutVectors: string | false =
  existsSync(VECTORS) || process.env["SEALROOM_VECTORS_REQUIRED"] !== undefined
    ? false
    : "the shared test vectors are not beside this checkout";
