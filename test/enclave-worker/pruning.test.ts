// What a job pulls of an object of eight mixed columns, in batches as `seal` writes them.
import assert from "node:assert/strict";
import { test } from "node:test";
import { measureShares } from "../../bench/shares.ts";
import { DEFAULT_FRAME_LENGTH } from "../../core/seal/writer.ts";
import { FRAME_OVERHEAD } from "../../core/seal/size.ts";

const shares = await measureShares(2);

test("a job with one dimension and one measure pulls at most 30% of an object of eight columns", () => {
  assert.equal(shares.length, 6);
  for (const { name, share } of shares) assert.ok(share <= 0.3, `${name}: ${share}`);
});

test("no frame is pulled twice, and neighbours are asked for as one", () => {
  for (const { asked, name } of shares) {
    // The first request looks for the header; what it gets beyond is not used.
    const [, ...reads] = asked.toSorted((a, b) => a.offset - b.offset);
    reads.forEach(({ offset, length }, index) => {
      const next = reads[index + 1];
      if (next !== undefined) assert.ok(offset + length <= next.offset, name);
    });
    assert.ok(reads.every(({ length }) => length <= 64 * (DEFAULT_FRAME_LENGTH + FRAME_OVERHEAD)));
    assert.ok(reads.length <= 2 * 4 + 2, `${name}: ${reads.length} requests`);
  }
});
