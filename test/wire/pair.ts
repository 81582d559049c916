// Two ends of one connection in memory, and what a peer of any manners sends into it.
import { duplexPair } from "node:stream";
import type { Duplex } from "node:stream";
import { ByteStream } from "../../core/wire/byte-stream.ts";

export const IDLE_MS = 60_000;

export interface Pair {
  readonly stream: ByteStream;
  /** Our own end, below the stream. */
  readonly near: Duplex;
  readonly peer: Duplex;
}

export function connectedPair(idleMs: number = IDLE_MS): Pair {
  const [near, peer] = duplexPair();
  peer.on("error", () => undefined);
  return { stream: new ByteStream(near, idleMs), near, peer };
}

/** A stream that will see these bytes in pieces of these lengths, then the end. */
export function fed(bytes: Uint8Array, lengths: readonly number[] = []): ByteStream {
  const { stream, peer } = connectedPair();
  void (async (): Promise<void> => {
    for (const piece of cut(bytes, lengths)) {
      peer.write(piece);
      // A tick, so that pieces arrive as pieces.
      await new Promise((resolve) => setImmediate(resolve));
    }
    peer.end();
  })();
  return stream;
}

/** Pieces of these lengths in turn, over and over, until the bytes are used up. */
export function cut(bytes: Uint8Array, lengths: readonly number[]): readonly Uint8Array[] {
  if (lengths.length === 0) return [bytes];
  const pieces: Uint8Array[] = [];
  for (let at = 0, turn = 0; at < bytes.length; turn += 1) {
    const end = at + Math.max(1, lengths[turn % lengths.length] ?? 1);
    pieces.push(bytes.subarray(at, end));
    at = end;
  }
  return pieces;
}

/** Everything that is written on one end, as one. */
export async function written(write: (stream: ByteStream) => Promise<void>): Promise<Uint8Array> {
  const { stream, near, peer } = connectedPair();
  const chunks: Buffer[] = [];
  peer.on("data", (chunk: Buffer) => chunks.push(chunk));
  const ended = new Promise((resolve) => peer.once("end", resolve));
  await write(stream);
  near.end();
  await ended;
  stream.destroy();
  return new Uint8Array(Buffer.concat(chunks));
}
