// The checksums that S3 clients send and ask for: `x-amz-checksum-<algorithm>`, base64. XXHASH, which S3 knows too, is
// left out: a request that names it is refused.
import { createHash } from "node:crypto";
import { crc32 } from "node:zlib";

import { AwsError } from "../aws-error.ts";
import { Crc } from "./crc.ts";

export const HEADER_PREFIX = "x-amz-checksum-";

export type ChecksumType = "FULL_OBJECT" | "COMPOSITE";

/** As stored with an object. `value` is base64, and of composite ones followed by the number of parts. */
export interface Checksum {
  readonly algorithm: Algorithm;
  readonly value: string;
  readonly type: ChecksumType;
}

export interface Hasher {
  update(bytes: Uint8Array): void;
  digest(): Buffer;
}

export type Algorithm = "CRC32" | "CRC32C" | "CRC64NVME" | "MD5" | "SHA1" | "SHA256" | "SHA512";

const ALGORITHMS: Readonly<Record<Algorithm, () => Hasher>> = {
  CRC32: newCrc32,
  CRC32C: () => Crc.crc32c(),
  CRC64NVME: () => Crc.crc64nvme(),
  MD5: () => newHash("md5"),
  SHA1: () => newHash("sha1"),
  SHA256: () => newHash("sha256"),
  SHA512: () => newHash("sha512"),
};

export function newHasher(algorithm: Algorithm): Hasher {
  return ALGORITHMS[algorithm]();
}

/** @throws AwsError InvalidRequest */
export function parseAlgorithm(name: string): Algorithm {
  const upper = name.toUpperCase();
  const known = (Object.keys(ALGORITHMS) as Algorithm[]).find((algorithm) => algorithm === upper);
  if (known === undefined) {
    throw new AwsError("InvalidRequest", 400, `checksum algorithm ${name} is not supported`);
  }
  return known;
}

/** What of a whole object's checksum its parts' can be put together to; SHA and MD5 only of parts. */
export function checksumTypes(algorithm: Algorithm): readonly [ChecksumType, ...ChecksumType[]] {
  if (algorithm === "CRC64NVME") return ["FULL_OBJECT"];
  return algorithm === "CRC32" || algorithm === "CRC32C" ? ["COMPOSITE", "FULL_OBJECT"] : ["COMPOSITE"];
}

/** The checksum of checksums. */
export function compositeChecksum(algorithm: Algorithm, parts: readonly string[]): Checksum {
  const hasher = newHasher(algorithm);
  for (const part of parts) hasher.update(Buffer.from(part, "base64"));
  return { algorithm, value: `${hasher.digest().toString("base64")}-${parts.length}`, type: "COMPOSITE" };
}

function newHash(name: string): Hasher {
  const hash = createHash(name);
  return {
    update: (bytes) => {
      hash.update(bytes);
    },
    digest: () => hash.digest(),
  };
}

function newCrc32(): Hasher {
  let crc = 0;
  return {
    update: (bytes) => {
      crc = crc32(bytes, crc);
    },
    digest: () => {
      const digest = Buffer.alloc(4);
      digest.writeUInt32BE(crc);
      return digest;
    },
  };
}
