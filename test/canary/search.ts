// Looks for canaries, in all their forms, in everything that left an enclave.
import type { Channel, Recorded } from "../host/recording.ts";
import { LEAST_BYTES, patternsOf } from "./encodings.ts";

export interface Canary {
  readonly name: string;
  readonly bytes: Uint8Array;
}

export interface Hit {
  readonly canary: string;
  readonly encoding: string;
  readonly channel: Channel;
}

/** One hit for each canary, encoding and channel. */
export function findCanaries(recorded: readonly Recorded[], canaries: readonly Canary[]): readonly Hit[] {
  const hits = new Map<string, Hit>();
  for (const { name: canary, bytes } of canaries) {
    for (const { encoding, bytes: pattern } of patternsOf(bytes)) {
      if (pattern.length < LEAST_BYTES) throw new Error(`too short to look for: ${canary}, ${encoding}`);
      for (const { channel, bytes: left } of recorded) {
        if (!Buffer.from(left.buffer, left.byteOffset, left.length).includes(Buffer.from(pattern))) continue;
        hits.set(`${canary}|${encoding}|${channel}`, { canary, encoding, channel });
      }
    }
  }
  return [...hits.values()];
}

export function textCanary(text: string): Canary {
  return { name: text, bytes: new TextEncoder().encode(text) };
}
