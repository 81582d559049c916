// Bulk over one connection, checked at its ends: what is sent comes back from an echo, and its digest must be its own.
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import type { Duplex } from "node:stream";
import { pipeline } from "node:stream";
import { ByteStream } from "../../../core/wire/byte-stream.ts";

const IDLE_MS = 60_000;
const PIECE_BYTES = 256 * 1024;

/** Sends everything back that comes, at the pace of who reads it. */
export function echo(stream: Duplex): void {
  pipeline(stream, stream, () => stream.destroy());
}

/** Sends so many bytes through an echo, and takes them back meanwhile. No two streams send the same. */
export async function throughEcho(connection: Duplex, stream: number, bytes: number): Promise<void> {
  const ours = new ByteStream(connection, IDLE_MS);
  const there = createHash("sha256");
  const back = createHash("sha256");
  const sizes = Array.from({ length: Math.ceil(bytes / PIECE_BYTES) }, (_, index) =>
    Math.min(PIECE_BYTES, bytes - index * PIECE_BYTES),
  );
  const sending = (async (): Promise<void> => {
    for (const [index, size] of sizes.entries()) {
      const piece = pieceOf(stream, index, size);
      there.update(piece);
      await ours.write(piece);
    }
  })();
  const receiving = (async (): Promise<void> => {
    for (const size of sizes) back.update(await ours.read(size));
  })();
  try {
    await Promise.all([sending, receiving]);
  } finally {
    ours.destroy();
  }
  assert.equal(back.digest("hex"), there.digest("hex"));
}

/** Bytes that show a piece lost, repeated, out of place or of another stream. */
function pieceOf(stream: number, index: number, size: number): Uint8Array {
  const piece = new Uint8Array(size).fill((stream * 31 + index) & 0xff);
  const view = new DataView(piece.buffer);
  for (let at = 0; at + 8 <= size; at += 4096) {
    view.setUint32(at, stream);
    view.setUint32(at + 4, index * PIECE_BYTES + at);
  }
  return piece;
}
