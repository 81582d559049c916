// The plaintext of one object by ranges: what a table is read from, however the object is sealed.
import type { BytesOf, Range } from "../core/column/range.ts";

export interface PlainFile {
  readonly plainBytes: number;
  /**
   * Pulls and opens what these ranges need, and no byte is seen before it has verified. Requests go out at once, so that
   * a caller can ask for the next ranges before it uses these; what it got is overwritten by the second read after it.
   */
  read(ranges: readonly Range[]): Promise<BytesOf>;
}
