import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import type { JsonObject } from "../../core/json.ts";
import { encodeCanonical } from "../../core/json.ts";
import {
  MAX_ATTACHMENTS,
  MAX_MESSAGE_JSON_BYTES,
  readMessage,
  writeMessage,
} from "../../core/wire/message.ts";
import type { ByteStream } from "../../core/wire/byte-stream.ts";
import { refuses } from "../host/refusal.ts";
import { connectedPair, fed, written } from "./pair.ts";

const LIMITS = { attachmentBytes: 1000 };

function framed(json: string | Uint8Array, length?: number): Uint8Array {
  const body = Buffer.from(json);
  const prefix = Buffer.alloc(4);
  prefix.writeUInt32BE(length ?? body.length);
  return Buffer.concat([prefix, body]);
}

function withLengths(attachments: unknown): Uint8Array {
  return framed(JSON.stringify({ attachments, type: "x" }));
}

test("a message comes out as it went in, however it was cut", async () => {
  const name = fc.stringMatching(/^[a-z]{1,8}$/);
  const value = fc.oneof(fc.integer(), fc.boolean(), fc.stringMatching(/^[a-zA-Z0-9 ]{0,20}$/));
  await fc.assert(
    fc.asyncProperty(
      fc.dictionary(name, value, { maxKeys: 6 }),
      fc.array(fc.uint8Array({ maxLength: 100 }), { maxLength: 5 }),
      fc.array(fc.integer({ min: 1, max: 50 }), { maxLength: 6 }),
      async (members, attachments, chunks) => {
        const fields = { ...members, type: "test" };
        const bytes = await written((stream) => writeMessage(stream, fields, attachments));
        const message = await readMessage(fed(bytes, chunks), LIMITS);
        assert.deepEqual(message.attachments, attachments);
        const lengths =
          attachments.length === 0 ? {} : { attachments: attachments.map(({ length }) => length) };
        assert.deepEqual({ ...message.fields }, { ...fields, ...lengths });
      },
    ),
    { numRuns: 60 },
  );
});

test("messages on one connection keep apart", async () => {
  const bytes = await written(async (stream) => {
    for (let turn = 0; turn < 5; turn += 1) {
      await writeMessage(stream, { turn }, [new Uint8Array(turn).fill(turn)]);
    }
  });
  for (const chunks of [[1], [3, 7], [bytes.length]]) {
    const stream = fed(bytes, chunks);
    for (let turn = 0; turn < 5; turn += 1) {
      const { fields, attachments } = await readMessage(stream, LIMITS);
      assert.equal(fields["turn"], turn);
      assert.deepEqual(attachments, [new Uint8Array(turn).fill(turn)]);
    }
    assert.equal(await stream.atEnd(), true);
  }
});

test("refuses a length out of bounds on its four bytes alone, with nothing allocated for it", async () => {
  for (const length of [0, 1, MAX_MESSAGE_JSON_BYTES + 1, 2 ** 31, 2 ** 32 - 1]) {
    const { stream, peer } = connectedPair();
    peer.write(framed("", length));
    const before = process.memoryUsage().arrayBuffers;
    await refuses("WIRE_LENGTH", readMessage(stream));
    assert.ok(process.memoryUsage().arrayBuffers - before < 1024 * 1024);
    stream.destroy();
  }
});

test("takes a message of the largest length", async () => {
  const padding = MAX_MESSAGE_JSON_BYTES - '{"a":""}'.length;
  const { fields } = await readMessage(fed(framed(JSON.stringify({ a: "x".repeat(padding) })), [60_000]));
  assert.equal((fields["a"] as string).length, padding);
});

test("refuses JSON that is not the canonical form of an object", async () => {
  const texts = [
    '{"a": 1}',
    '{"b":1,"a":2}',
    '{"a":1,"a":1}',
    '{"a":1.0}',
    '{"a":1e2}',
    '{"a":-0}',
    '{"a":"\\u0061"}',
    '{"a":"\\/"}',
    '{"a":1}\n',
    '{"a":1}{}',
    '{"a":01}',
    '{"a":undefined}',
    "{'a':1}",
    '{"__proto__":1}',
    "[]",
    '"text"',
    "null",
    "17",
    '{"a":9007199254740993}',
    `${"[".repeat(100)}${"]".repeat(100)}`,
  ];
  for (const text of texts) {
    await refuses("WIRE_JSON", readMessage(fed(framed(text)))).catch((error: unknown) =>
      assert.fail(`${text}: ${String(error)}`),
    );
  }
  for (const bytes of [
    Uint8Array.of(0xff, 0xfe),
    Uint8Array.of(0x22, 0xc0, 0x80, 0x22),
    Uint8Array.of(0xef, 0xbb, 0xbf, 0x7b, 0x7d),
  ]) {
    await refuses("WIRE_JSON", readMessage(fed(framed(bytes))));
  }
});

test("refuses lengths of attachments that are not lengths, or too many", async () => {
  const wrong: unknown[] = [
    [],
    {},
    "1",
    1,
    null,
    true,
    [-1],
    [1.5],
    ["1"],
    [null],
    [[1]],
    [2 ** 53 - 1],
    Array.from({ length: MAX_ATTACHMENTS + 1 }, () => 0),
  ];
  for (const attachments of wrong) {
    await refuses("WIRE_LENGTH", readMessage(fed(withLengths(attachments)), LIMITS));
  }
});

test("refuses attachments that add up to more than the receiver takes, each small enough, before any is read", async () => {
  const lengths = [[1001], [500, 501], [1000, 1], [999, 0, 2], Array.from({ length: 64 }, () => 16)];
  for (const attachments of lengths) {
    const { stream, peer } = connectedPair();
    peer.write(withLengths(attachments));
    await refuses("WIRE_LENGTH", readMessage(stream, LIMITS));
    stream.destroy();
  }
});

test("takes attachments that add up to just what the receiver takes, empty ones too", async () => {
  for (const lengths of [[1000], [0], [0, 1000, 0], [500, 500], Array.from({ length: 64 }, () => 15)]) {
    const bytes = Buffer.concat([withLengths(lengths), Buffer.alloc(1000, 7)]);
    const { attachments } = await readMessage(fed(bytes, [100]), LIMITS);
    assert.deepEqual(
      attachments.map(({ length }) => length),
      lengths,
    );
  }
});

test("takes no attachment of any length where the receiver expects none", async () => {
  await refuses("WIRE_LENGTH", readMessage(fed(withLengths([1]))));
});

test("refuses a message that ends early, at every byte", async () => {
  const whole = await written((stream) =>
    writeMessage(stream, { type: "x" }, [new Uint8Array(5), new Uint8Array(3)]),
  );
  for (let length = 0; length < whole.length; length += 1) {
    await refuses("TRANSPORT_CLOSED", readMessage(fed(whole.slice(0, length)), LIMITS));
  }
  await readMessage(fed(whole), LIMITS);
});

test("whatever bytes come, reading ends in a message or a refusal of this layer", async () => {
  await fc.assert(
    fc.asyncProperty(fc.uint8Array({ maxLength: 200 }), fc.boolean(), async (bytes, prefixed) => {
      const input = prefixed ? framed(bytes) : bytes;
      await readMessage(fed(input), LIMITS).catch((error: unknown) => {
        const { code } = error as { code?: string };
        assert.ok(["WIRE_LENGTH", "WIRE_JSON", "TRANSPORT_CLOSED"].includes(code ?? ""), String(error));
      });
    }),
    { numRuns: 200 },
  );
});

test("one bit changed anywhere in a message's head never gives the same message", async () => {
  const fields: JsonObject = { n: 5, type: "x" };
  const whole = await written((stream) => writeMessage(stream, fields));
  for (let bit = 0; bit < whole.length * 8; bit += 1) {
    const changed = whole.slice();
    changed[bit >> 3] = (changed[bit >> 3] ?? 0) ^ (1 << (bit & 7));
    const read = await readMessage(fed(changed)).then(
      (message) => encodeCanonical(message.fields),
      () => null,
    );
    assert.notDeepEqual(read, encodeCanonical(fields));
  }
});

test("refuses to write a message that the other side would refuse", async () => {
  const { stream } = connectedPair();
  const huge: (stream: ByteStream) => Promise<void> = (to) =>
    writeMessage(to, { a: "x".repeat(MAX_MESSAGE_JSON_BYTES) });
  await assert.rejects(huge(stream), /internal/);
});
