// The ways in which a message can be read, so that a test can demand one verdict of all of them.
import { SealroomError } from "../../core/errors.ts";
import type { EncryptionContext } from "../../core/seal/context.ts";
import { openHeader } from "../../core/seal/header.ts";
import type { KeySource } from "../../core/seal/keyring.ts";
import { MessageOpener } from "../../core/seal/open.ts";
import { EVERY_SUITE } from "../../core/seal/policy.ts";
import type { MessagePolicy } from "../../core/seal/policy.ts";
import { frameLayout, openFrames, sealedRange } from "../../core/seal/ranged.ts";
import { concat } from "./forger.ts";

export interface Verdict {
  /** "ok", or the code of the refusal. */
  readonly code: string;
  /** The plaintext; on refusal, what had been released before it. */
  readonly released: Uint8Array;
}

export interface Reader {
  readonly source: KeySource;
  readonly policy?: MessagePolicy;
  readonly required?: EncryptionContext;
}

/** Deterministic, so that a failure can be run again. */
export function cutAt(bytes: Uint8Array, seed: number): Uint8Array[] {
  const chunks: Uint8Array[] = [];
  let state = seed;
  for (let at = 0; at < bytes.length;) {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    const end = Math.min(at + 1 + ((state >>> 16) % 700), bytes.length);
    chunks.push(bytes.subarray(at, end));
    at = end;
  }
  return chunks;
}

export function readChunks(chunks: readonly Uint8Array[], reader: Reader): Verdict {
  const opener = new MessageOpener(reader.source, reader.policy ?? EVERY_SUITE, reader.required);
  const released: Uint8Array[] = [];
  return judge(released, () => {
    for (const chunk of chunks) {
      const mine = chunk.slice();
      released.push(...opener.push(mine));
      mine.fill(0xee); // what a socket does with its buffer
    }
    released.push(...opener.finish());
  });
}

export function readWhole(bytes: Uint8Array, reader: Reader): Verdict {
  return readChunks([bytes], reader);
}

export function readByteByByte(bytes: Uint8Array, reader: Reader): Verdict {
  return readChunks(
    Array.from(bytes, (_, at) => bytes.subarray(at, at + 1)),
    reader,
  );
}

/** As the enclave does: the header, then ranges of plaintext of `step` bytes. The manifest states the total. */
export function readByRanges(
  bytes: Uint8Array,
  reader: Reader,
  step: number,
  totalBytes = bytes.length,
): Verdict {
  const released: Uint8Array[] = [];
  return judge(released, () => {
    const header = openHeader(bytes, reader.source, reader.policy, reader.required);
    const layout = frameLayout(header, totalBytes);
    for (let at = 0; at < layout.plainBytes || at === 0; at += step) {
      const length = Math.min(step, layout.plainBytes - at);
      const range = sealedRange(layout, at, length);
      const into = new Uint8Array(range.plainLength);
      const sealed = bytes.subarray(range.offset, range.offset + range.length);
      openFrames(header, layout, range, sealed, into, 0);
      released.push(into.subarray(at - range.plainOffset, at - range.plainOffset + length));
    }
  });
}

function judge(released: readonly Uint8Array[], read: () => void): Verdict {
  try {
    read();
  } catch (error) {
    if (!(error instanceof SealroomError)) throw error;
    return { code: error.code, released: concat(...released) };
  }
  return { code: "ok", released: concat(...released) };
}
