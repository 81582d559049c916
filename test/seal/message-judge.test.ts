// The judge of whole messages, fed by a host that cuts them as it likes out of one buffer that it uses over and over.
import assert from "node:assert/strict";
import { test } from "node:test";
import { knownDataKey } from "../../core/seal/keyring.ts";
import { MessageJudge } from "../../core/seal/message-judge.ts";
import type { JudgedMessage } from "../../core/seal/message-judge.ts";
import { EVERY_SUITE } from "../../core/seal/policy.ts";
import { Forger, concat, sequenceIv, u64 } from "./forger.ts";

const PLAIN = Uint8Array.from({ length: 100 }, (_, at) => at);

const FORGERS = [0x0478, 0x0578, 0x0178, 0x0214].flatMap((suite) => [
  new Forger({ suite }),
  new Forger({ suite, contentType: 1 }),
]);

function write(forger: Forger, plain = PLAIN): Uint8Array {
  return forger.message(...(forger.frameLength === 0 ? [forger.unframed(plain)] : forger.frames(plain)));
}

function judge(forger: Forger, message: Uint8Array, step: number): JudgedMessage {
  const judging = new MessageJudge(knownDataKey(forger.dataKey), EVERY_SUITE);
  const buffer = new Uint8Array(step);
  for (let at = 0; at < message.length; at += step) {
    const part = message.subarray(at, at + step);
    buffer.set(part);
    judging.push(buffer.subarray(0, part.length));
    buffer.fill(0xee);
  }
  judging.finish();
  return judging.judged();
}

test("a message holds however it is cut, and its header, IV and footer are told", () => {
  for (const forger of FORGERS) {
    for (const plain of [PLAIN, new Uint8Array(0)]) {
      const message = write(forger, plain);
      const footerBytes = message.length - signedBytes(forger, plain);
      for (const step of [1, 7, 64, message.length]) {
        const judged = judge(forger, message, step);
        assert.equal(judged.header.headerBytes, forger.header.length);
        assert.equal(judged.footerBytes, footerBytes);
        assert.deepEqual(judged.iv, forger.frameLength === 0 ? sequenceIv(1) : new Uint8Array(0));
      }
    }
  }
});

/** The length of the message without its footer. */
function signedBytes(forger: Forger, plain: Uint8Array): number {
  const body = forger.frameLength === 0 ? [forger.unframed(plain)] : forger.frames(plain);
  return concat(forger.header, ...body).length;
}

test("a message in which a bit of its body or footer is changed does not hold, at every byte", () => {
  for (const forger of FORGERS) {
    const message = write(forger);
    for (let at = forger.header.length; at < message.length; at++) {
      const changed = message.slice();
      changed[at] = (changed[at] ?? 0) ^ 1;
      assert.throws(
        () => judge(forger, changed, changed.length),
        { code: /^SEAL_(FRAME|FRAME_TAG|SEQUENCE|FOOTER|SIGNATURE|TRUNCATED|TRAILING)$/ },
        `byte ${at}`,
      );
    }
  }
});

test("a message is judged at its end and not before: what is cut there is refused, asked either way", () => {
  for (const forger of FORGERS) {
    const message = write(forger);
    for (let length = 0; length < message.length; length++) {
      const judging = new MessageJudge(knownDataKey(forger.dataKey), EVERY_SUITE);
      judging.push(message.subarray(0, length));
      assert.throws(
        () => {
          judging.finish();
        },
        { code: "SEAL_TRUNCATED" },
      );
      assert.throws(() => judging.judged(), { code: "SEAL_TRUNCATED" });
    }
  }
});

test("an unframed body of another IV is refused with its prefix, before any of its text comes", () => {
  const forger = new Forger({ suite: 0x0478, contentType: 1 });
  const judging = new MessageJudge(knownDataKey(forger.dataKey), EVERY_SUITE);
  assert.throws(
    () => {
      judging.push(concat(forger.header, sequenceIv(2), u64(100)));
    },
    { code: "SEAL_FRAME", details: { sequence: 1 } },
  );
});
