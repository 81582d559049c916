// The Range header of a GET, RFC 9110 §14: one range of bytes, from the front or as a suffix. Several ranges are
// refused, as S3 does not serve them; what is no range of bytes is passed over, as the RFC says.
import { AwsError } from "../aws-error.ts";

/** First byte, and the one after the last. */
export interface ByteRange {
  readonly start: number;
  readonly end: number;
}

/** Null for the whole. @throws AwsError InvalidRange (416), NotImplemented */
export function findRange(header: string | undefined, size: number): ByteRange | null {
  if (header === undefined || !/^bytes=/i.test(header)) return null;
  const spec = header.slice("bytes=".length);
  if (spec.includes(",")) {
    throw new AwsError("NotImplemented", 501, "several ranges in one request are not served");
  }
  const [, first, last] = /^(\d{0,16})-(\d{0,16})$/.exec(spec.trim()) ?? [];
  if (first === undefined || last === undefined || (first === "" && last === "")) return null;
  if (first === "") {
    const length = Math.min(Number(last), size);
    if (length === 0) throw unsatisfiable(size);
    return { start: size - length, end: size };
  }
  const start = Number(first);
  if (last !== "" && Number(last) < start) return null;
  if (start >= size) throw unsatisfiable(size);
  return { start, end: last === "" ? size : Math.min(Number(last) + 1, size) };
}

function unsatisfiable(size: number): AwsError {
  return new AwsError("InvalidRange", 416, "The requested range is not satisfiable", {
    "content-range": `bytes */${size}`,
  });
}
