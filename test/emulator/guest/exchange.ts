// Bulk over one connection, checked at its ends: through an echo, both ways at once; or one way only, as the protocol's
// own bulk goes. One way is what an emulator's vsock device can be relied on for: it stops reading a connection of
// which it cannot write, so both ways at once can stand still in it for good.
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import type { Duplex } from "node:stream";
import { pipeline } from "node:stream";
import { ByteStream } from "../../../core/wire/byte-stream.ts";

const IDLE_MS = 60_000;
const PIECE_BYTES = 256 * 1024;
const DIGEST_BYTES = 32;
const REQUEST_BYTES = 12;
const [TO_SERVER, TO_CLIENT] = [1, 2];

export type Direction = "to-server" | "to-client";

/** Sends everything back that comes, at the pace of who reads it. */
export function echo(stream: Duplex): void {
  pipeline(stream, stream, () => stream.destroy());
}

/** Sends so many bytes through an echo, and takes them back meanwhile. No two streams send the same. */
export async function throughEcho(connection: Duplex, stream: number, bytes: number): Promise<void> {
  const ours = new ByteStream(connection, IDLE_MS);
  try {
    const [sent, came] = await Promise.all([send(ours, stream, bytes), receive(ours, bytes)]);
    assert.deepEqual(came, sent);
  } finally {
    ours.destroy();
  }
}

/** Serves one `transfer`; whatever goes wrong is the end of the connection. */
export function serveTransfer(connection: Duplex): void {
  const theirs = new ByteStream(connection, IDLE_MS);
  serve(theirs).then(
    () => {
      theirs.leaveToPeer();
    },
    () => {
      theirs.destroy();
    },
  );
}

async function serve(theirs: ByteStream): Promise<void> {
  const request = Buffer.from(await theirs.read(REQUEST_BYTES));
  const [direction, stream, bytes] = [0, 4, 8].map((at) => request.readUInt32BE(at));
  if (stream === undefined || bytes === undefined) return;
  if (direction === TO_SERVER) await theirs.write(await receive(theirs, bytes));
  else await send(theirs, stream, bytes);
}

/** Has `serveTransfer` at the other end take or send so many bytes, and checks their digest. */
export async function transfer(
  connection: Duplex,
  direction: Direction,
  stream: number,
  bytes: number,
): Promise<void> {
  const ours = new ByteStream(connection, IDLE_MS);
  const request = Buffer.alloc(REQUEST_BYTES);
  request.writeUInt32BE(direction === "to-server" ? TO_SERVER : TO_CLIENT, 0);
  request.writeUInt32BE(stream, 4);
  request.writeUInt32BE(bytes, 8);
  try {
    await ours.write(request);
    if (direction === "to-server") {
      const sent = await send(ours, stream, bytes);
      assert.deepEqual(await ours.read(DIGEST_BYTES), sent);
    } else {
      assert.deepEqual(await receive(ours, bytes), digestOf(stream, bytes));
    }
  } finally {
    ours.destroy();
  }
}

/** So many streams each way, all at once. */
export async function transferAll(
  dial: () => Promise<Duplex>,
  streams: number,
  bytes: number,
): Promise<void> {
  const numbers = Array.from({ length: streams }, (_, index) => index);
  await Promise.all(
    (["to-server", "to-client"] as const).flatMap((direction) =>
      numbers.map(async (stream) => transfer(await dial(), direction, stream, bytes)),
    ),
  );
}

async function send(to: ByteStream, stream: number, bytes: number): Promise<Uint8Array> {
  for (const [index, size] of sizesOf(bytes).entries()) await to.write(pieceOf(stream, index, size));
  return digestOf(stream, bytes);
}

async function receive(from: ByteStream, bytes: number): Promise<Uint8Array> {
  const digest = createHash("sha256");
  for (const size of sizesOf(bytes)) digest.update(await from.read(size));
  return new Uint8Array(digest.digest());
}

function digestOf(stream: number, bytes: number): Uint8Array {
  const digest = createHash("sha256");
  for (const [index, size] of sizesOf(bytes).entries()) digest.update(pieceOf(stream, index, size));
  return new Uint8Array(digest.digest());
}

function sizesOf(bytes: number): readonly number[] {
  return Array.from({ length: Math.ceil(bytes / PIECE_BYTES) }, (_, index) =>
    Math.min(PIECE_BYTES, bytes - index * PIECE_BYTES),
  );
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
