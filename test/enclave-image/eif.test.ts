// The image format: what is written is read, and whatever two readers could read differently is refused.
import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { SealroomError } from "../../core/errors.ts";
import { readEif, writeEif } from "../../host-driver/enclave/eif.ts";
import type { Eif } from "../../host-driver/enclave/eif.ts";
import { bytesContent } from "../../host-driver/enclave/content.ts";
import { refuses } from "../host/refusal.ts";
import { eifOf, forgedEif, memoryFile, part, PARTS, withCrc } from "./specimens.ts";
import type { Part } from "./specimens.ts";

interface Read {
  readonly eif: Eif;
  readonly parts: readonly Part[];
}

async function read(image: Uint8Array): Promise<Read> {
  const pieces = new Map<number, Uint8Array[]>();
  const eif = await readEif(memoryFile(image), ({ start }, piece) => {
    pieces.set(start, [...(pieces.get(start) ?? []), piece]);
  });
  return {
    eif,
    parts: eif.sections.map(({ kind, start }) => part(kind, Buffer.concat(pieces.get(start) ?? []))),
  };
}

test("an image is read as it was written, byte by byte as the format says", async () => {
  const bytes = fc.uint8Array({ maxLength: 40 });
  await fc.assert(
    fc.asyncProperty(
      bytes,
      fc.array(bytes, { minLength: 1, maxLength: 20 }),
      fc.constantFrom("x64" as const, "arm64" as const),
      async (kernel, ramdisks, architecture) => {
        const parts = [
          part("kernel", kernel),
          part("cmdline", "console=ttyS0"),
          part("metadata", "{}"),
          ...ramdisks.map((ramdisk) => part("ramdisk", ramdisk)),
        ];
        const image = await eifOf(parts, architecture);
        const forged = forgedEif(parts, (each) => {
          each.writeUInt16BE(architecture === "arm64" ? 1 : 0, 6);
          return each;
        });
        assert.deepEqual(image, forged);
        const found = await read(image);
        assert.deepEqual(found.parts, parts);
        assert.equal(found.eif.architecture, architecture);
        assert.deepEqual([found.eif.memoryBytes, found.eif.cpus], [1n << 30n, 2n]);
      },
    ),
    { numRuns: 40 },
  );
});

test("version 3, without metadata, is read; version 4 without is refused", async () => {
  const parts = PARTS.filter(({ kind }) => kind !== "metadata");
  const old = forgedEif(parts, (image) => {
    image.writeUInt16BE(3, 4);
    return image;
  });
  assert.equal((await read(old)).eif.version, 3);
  await refuses("EIF_SECTION", read(forgedEif(parts)));
});

test("one changed byte is refused, wherever it is", async () => {
  const image = await eifOf(PARTS);
  for (let at = 0; at < image.length; at++) {
    const changed = Buffer.from(image);
    changed[at] = (changed[at] ?? 0) ^ 0x40;
    await assert.rejects(read(changed), SealroomError, `byte ${at}`);
  }
});

test("an image that is cut, anywhere, is refused", async () => {
  const image = await eifOf(PARTS);
  for (let length = 0; length < image.length; length++) {
    await assert.rejects(
      read(withCrc(Buffer.from(image.subarray(0, length)))),
      SealroomError,
      `${length} bytes`,
    );
  }
});

const FORMAT: readonly (readonly [string, (image: Buffer) => void])[] = [
  ["another magic", (image) => image.write(".elf", "latin1")],
  ["version 2", (image) => image.writeUInt16BE(2, 4)],
  ["version 5", (image) => image.writeUInt16BE(5, 4)],
  ["an unknown flag", (image) => image.writeUInt16BE(2, 6)],
  ["something in the reserved field", (image) => image.writeUInt16BE(1, 24)],
  ["something in the unused field", (image) => image.writeUInt32BE(1, 540)],
];

for (const [name, change] of FORMAT) {
  test(`a header with ${name} is refused`, async () => {
    const image = forgedEif(PARTS, (each) => {
      change(each);
      return each;
    });
    await refuses("EIF_FORMAT", read(image));
  });
}

/** The second section's place in the table and in the file. */
const OFFSET = 28 + 8;
const SIZE = 284 + 8;
const SECTION = 548 + 12 + "kernel".length;

const TABLE: readonly (readonly [string, (image: Buffer) => Buffer | undefined])[] = [
  ["no section", (image) => void image.writeUInt16BE(0, 26)],
  ["more sections than the table holds", (image) => void image.writeUInt16BE(33, 26)],
  ["a section in the table that is not counted", (image) => void image.writeUInt16BE(PARTS.length - 1, 26)],
  ["an offset into the section before", (image) => void image.writeBigUInt64BE(BigInt(SECTION - 1), OFFSET)],
  ["a gap before a section", (image) => void image.writeBigUInt64BE(BigInt(SECTION + 1), OFFSET)],
  ["an offset beyond the file", (image) => void image.writeBigUInt64BE(1n << 40n, OFFSET)],
  ["an offset of 64 bits", (image) => void image.writeBigUInt64BE((1n << 64n) - 1n, OFFSET)],
  ["a size of 64 bits", (image) => void image.writeBigUInt64BE((1n << 64n) - 1n, SIZE)],
  ["a size beyond the file", (image) => void image.writeBigUInt64BE(BigInt(image.length), SIZE)],
  ["another size in the section's own header", (image) => void image.writeBigUInt64BE(7n, SECTION + 4)],
  ["flags in a section's header", (image) => void image.writeUInt16BE(1, SECTION + 2)],
  ["a section of type 0", (image) => void image.writeUInt16BE(0, SECTION)],
  ["a section of type 6", (image) => void image.writeUInt16BE(6, SECTION)],
  ["bytes after the last section", (image) => Buffer.concat([image, Buffer.from("x")])],
  [
    "a table entry past the last section",
    (image) => void image.writeBigUInt64BE(BigInt(image.length), 28 + 8 * PARTS.length),
  ],
  ["a size past the last section", (image) => void image.writeBigUInt64BE(1n, 284 + 8 * PARTS.length)],
];

for (const [name, change] of TABLE) {
  test(`an image with ${name} is refused`, async () => {
    await refuses("EIF_SECTION", read(forgedEif(PARTS, change)));
  });
}

const kernel = part("kernel", "k");
const cmdline = part("cmdline", "c");
const ramdisk = part("ramdisk", "r");
const metadata = part("metadata", "{}");
const signature = part("signature", "s");

const KINDS: readonly (readonly [string, readonly Part[]])[] = [
  ["no kernel", [cmdline, ramdisk, metadata]],
  ["no command line", [kernel, ramdisk, metadata]],
  ["no ramdisk", [kernel, cmdline, metadata]],
  ["two kernels", [kernel, kernel, cmdline, ramdisk, metadata]],
  ["a kernel after the ramdisks", [kernel, cmdline, ramdisk, kernel, metadata]],
  ["two command lines", [kernel, cmdline, cmdline, ramdisk, metadata]],
  ["a command line before the kernel", [cmdline, kernel, ramdisk, metadata]],
  ["a ramdisk before the command line", [kernel, ramdisk, cmdline, metadata]],
  ["metadata twice", [kernel, cmdline, metadata, ramdisk, metadata]],
  ["two signatures", [kernel, cmdline, ramdisk, metadata, signature, signature]],
  [
    "a command line of a size that none has",
    [kernel, part("cmdline", Buffer.alloc(65537)), ramdisk, metadata],
  ],
  [
    "a signature of a size that none has",
    [kernel, cmdline, ramdisk, metadata, part("signature", Buffer.alloc(32769))],
  ],
  [
    "metadata of 4 MiB and a byte",
    [kernel, cmdline, ramdisk, part("metadata", Buffer.alloc(4 * 2 ** 20 + 1))],
  ],
];

for (const [name, parts] of KINDS) {
  test(`an image with ${name} is refused, and is not written`, async () => {
    await refuses("EIF_SECTION", read(forgedEif(parts)));
    await refuses("EIF_SECTION", eifOf(parts));
  });
}

test("32 sections are read and written; a header that counts a 33rd, or a writer that is given one, is refused", async () => {
  const full = [kernel, cmdline, metadata, ...Array.from({ length: 29 }, () => ramdisk)];
  assert.equal((await read(await eifOf(full))).parts.length, 32);
  await refuses("EIF_SECTION", read(forgedEif(full, (image) => void image.writeUInt16BE(33, 26))));
  await assert.rejects(eifOf([...full, ramdisk]), TypeError);
});

test("metadata and signature may lie anywhere, as nitro-cli puts them", async () => {
  for (const parts of [
    [kernel, cmdline, metadata, ramdisk, signature],
    [kernel, cmdline, ramdisk, ramdisk, metadata],
    [metadata, kernel, cmdline, ramdisk],
  ]) {
    assert.deepEqual((await read(forgedEif(parts))).parts, parts);
  }
});

test("a mutant with a right checksum is refused, or is an image that reads back to the same bytes", async () => {
  const image = await eifOf(PARTS);
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.tuple(fc.nat(image.length - 1), fc.nat(255)), { minLength: 1, maxLength: 4 }),
      async (changes) => {
        const mutant = Buffer.from(image);
        for (const [at, byte] of changes) mutant[at] = byte;
        withCrc(mutant);
        const found = await read(mutant).catch((error: unknown) => {
          assert.ok(error instanceof SealroomError, String(error));
          assert.match(error.code, /^EIF_/);
          return null;
        });
        if (found === null) return;
        const again = forgedEif(found.parts, (each) => {
          each.writeUInt16BE(found.eif.version, 4);
          each.writeUInt16BE(found.eif.architecture === "arm64" ? 1 : 0, 6);
          each.writeBigUInt64BE(found.eif.memoryBytes, 8);
          each.writeBigUInt64BE(found.eif.cpus, 16);
          return each;
        });
        assert.deepEqual(again, mutant);
      },
    ),
    { numRuns: 500 },
  );
});

test("a part that becomes longer or shorter while an image is written makes none", async () => {
  for (const bytes of ["shorter", "longer than it said"]) {
    const lying = { size: "as it said".length, pieces: () => [Buffer.from(bytes)] };
    const sections = PARTS.map(({ kind, bytes: own }) => ({
      kind,
      content: kind === "kernel" ? lying : bytesContent(own),
    }));
    await refuses(
      "IMAGE_CHANGED",
      writeEif("x64", sections, () => Promise.resolve()),
    );
  }
});
