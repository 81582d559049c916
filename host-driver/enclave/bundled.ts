// The list of the files in an image's bundles, with their digests, which the image has beside them: so that two images
// can be compared file by file. It is the builder's word; what runs are the bundles.
import { createHash } from "node:crypto";
import type { ClosureFile } from "./closure.ts";

/** JSON: SHA-256 in hex by path, a line each. */
export function encodeBundled(files: readonly ClosureFile[]): string {
  const digests: Record<string, string> = {};
  for (const { path, bytes } of files) digests[path] = createHash("sha256").update(bytes).digest("hex");
  return `${JSON.stringify(digests, null, 1)}\n`;
}

/** What an image says of itself, which may be anybody's: what is no such list is none. */
export function decodeBundled(bytes: Uint8Array): ReadonlyMap<string, string> {
  try {
    const digests: unknown = JSON.parse(Buffer.from(bytes).toString("utf8"));
    const entries = typeof digests === "object" && digests !== null ? Object.entries(digests) : [];
    return new Map(entries.filter((entry): entry is [string, string] => typeof entry[1] === "string"));
  } catch {
    return new Map();
  }
}
