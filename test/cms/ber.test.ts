// The BER reader by itself: an element ends where its length says, whatever lies behind it.
import assert from "node:assert/strict";
import { test } from "node:test";
import { BerReader, OCTET_STRING, SEQUENCE } from "../../core/seal/ber.ts";
import { bytes, indefinite, value } from "./envelope.ts";

const OCTETS = (length: number): Uint8Array => value(OCTET_STRING, new Uint8Array(length).fill(7));

/** All octet strings of a sequence. */
function readStrings(inside: BerReader): number[] {
  const lengths: number[] = [];
  while (inside.next(OCTET_STRING)) lengths.push(inside.primitive(OCTET_STRING).length);
  return lengths;
}

test("what lies behind a value is not an element of it, though it has the tag that is looked for", () => {
  for (const wrap of [value, indefinite]) {
    const inner = wrap(SEQUENCE, OCTETS(1), OCTETS(2));
    const outer = value(SEQUENCE, inner, OCTETS(3));
    const read = BerReader.read(outer, SEQUENCE, (inside) => [
      inside.enter(SEQUENCE, readStrings),
      readStrings(inside),
      inside.more(),
    ]);
    assert.deepEqual(read, [[1, 2], [3], false]);
  }
});

test("a value of no elements has none, though others lie behind it", () => {
  const outer = value(SEQUENCE, value(SEQUENCE), OCTETS(3));
  const read = BerReader.read(outer, SEQUENCE, (inside) => [
    inside.enter(SEQUENCE, (empty) => [empty.more(), empty.next(OCTET_STRING)]),
    readStrings(inside),
  ]);
  assert.deepEqual(read, [[false, false], [3]]);
});

test("an element that is longer than what is left of its value is refused, though the bytes are there", () => {
  const inner = bytes(SEQUENCE, 4, OCTET_STRING, 3, 7, 7);
  const outer = value(SEQUENCE, inner, OCTETS(9));
  assert.throws(() => BerReader.read(outer, SEQUENCE, (inside) => inside.enter(SEQUENCE, readStrings)), {
    code: "CMS_OPEN",
  });
  const sequence = value(SEQUENCE, bytes(SEQUENCE, 5, OCTETS(2)));
  assert.throws(() => BerReader.read(sequence, SEQUENCE, (inside) => inside.enter(SEQUENCE, readStrings)), {
    code: "CMS_OPEN",
  });
});

test("an element whose tag or length lies behind the end of its value is refused", () => {
  const readOne = (content: readonly number[]): unknown =>
    BerReader.read(
      value(SEQUENCE, value(SEQUENCE, Uint8Array.from(content)), bytes(OCTET_STRING, 0, 0, 0)),
      SEQUENCE,
      (inside) => inside.enter(SEQUENCE, (reader) => reader.primitive(OCTET_STRING)),
    );
  for (const content of [[], [OCTET_STRING], [OCTET_STRING, 0x81], [OCTET_STRING, 0x82, 1]]) {
    assert.throws(() => readOne(content), { code: "CMS_OPEN" }, String(content));
  }
});

test("a length has its shortest form", () => {
  const read = (header: readonly number[], length: number): number => {
    const element = bytes(Uint8Array.of(OCTET_STRING, ...header), new Uint8Array(length));
    return BerReader.read(value(SEQUENCE, element), SEQUENCE, (inside) => inside.primitive(OCTET_STRING))
      .length;
  };
  for (const [header, length] of [
    [[0x00], 0],
    [[0x7f], 0x7f],
    [[0x81, 0x80], 0x80],
    [[0x81, 0xff], 0xff],
    [[0x82, 0x01, 0x00], 0x100],
    [[0x82, 0x02, 0x01], 0x201],
  ] as const) {
    assert.equal(read(header, length), length);
  }
  for (const [header, length] of [
    [[0x81, 0x00], 0],
    [[0x81, 0x7f], 0x7f],
    [[0x82, 0x00, 0x80], 0x80],
    [[0x82, 0x00, 0xff], 0xff],
    [[0x83, 0x00, 0x01, 0x00], 0x100],
    [[0xff], 0x7f],
  ] as const) {
    assert.throws(() => read(header, length), { code: "CMS_OPEN" }, String(header));
  }
});

test("a primitive value has a definite length", () => {
  const element = bytes(OCTET_STRING, 0x80, 7, 7, 0, 0);
  assert.throws(
    () => BerReader.read(value(SEQUENCE, element), SEQUENCE, (inside) => inside.primitive(OCTET_STRING)),
    { code: "CMS_OPEN" },
  );
  // Read as one of no bytes, it would leave what follows its tag to be an element: 80 00.
  const both = bytes(SEQUENCE, 3, OCTET_STRING, 0x80, 0);
  assert.throws(
    () => {
      BerReader.read(both, SEQUENCE, (inside) => {
        inside.primitive(OCTET_STRING);
        inside.primitive(0x80);
      });
    },
    { code: "CMS_OPEN" },
  );
});
