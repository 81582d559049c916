// The custom metadata of a file's schema: written in both places that have a schema, read from the footer.
import assert from "node:assert/strict";
import { test } from "node:test";
import { tableFromIPC } from "apache-arrow";
import { readFileMetadata } from "../../core/column/file-metadata.ts";
import { encodeTable } from "../../core/column/table.ts";
import { SealroomError } from "../../core/errors.ts";

const FIELDS = [{ name: "n", type: { kind: "bool" }, dictionary: null }] as const;
const METADATA = new Map([
  ["sealroom:bad_rows", '{"größe":"none or few"}'],
  ["", ""],
]);

test("an Arrow file's metadata is what apache-arrow reads too", () => {
  const bytes = encodeTable(FIELDS, [], METADATA);
  assert.deepEqual(readFileMetadata(bytes), METADATA);
  assert.deepEqual(tableFromIPC(bytes).schema.metadata, METADATA);
  assert.deepEqual(readFileMetadata(encodeTable(FIELDS, [])), new Map());
});

test("metadata of any bit flipped, or cut short, is other metadata or a typed refusal", () => {
  const bytes = encodeTable(FIELDS, [], METADATA);
  for (let at = 0; at < bytes.length; at += 1) {
    const flipped = Uint8Array.from(bytes);
    flipped[at] = (flipped[at] ?? 0) ^ (1 << (at % 8));
    for (const hostile of [flipped, bytes.subarray(at)]) {
      try {
        readFileMetadata(hostile);
      } catch (error) {
        if (!(error instanceof SealroomError)) throw error;
        assert.match(error.code, /^COLUMN_/);
      }
    }
  }
});
