// What two images differ in: each kind of difference is named, with its registers, and equal means equal.
import assert from "node:assert/strict";
import { test } from "node:test";
import { encode } from "cborg";
import { encodePem } from "../../core/attestation/pem.ts";
import { diffImages } from "../../host-driver/enclave/diff.ts";
import type { ImageDifference, ReadImage } from "../../host-driver/enclave/diff.ts";
import { measureEif } from "../../host-driver/enclave/measure.ts";
import { unpackEif } from "../../host-driver/enclave/unpacked.ts";
import { createDevRoot } from "../../local/nsm/pki.ts";
import { DIRECTORY, forgedArchive, SYMLINK } from "./archive.ts";
import type { Entry } from "./archive.ts";
import { forgedEif, memoryFile, part } from "./specimens.ts";
import type { Part } from "./specimens.ts";

interface Form {
  readonly kernel?: string;
  readonly cmdline?: string;
  readonly metadata?: string;
  readonly first?: readonly Entry[];
  readonly second?: readonly Entry[];
  readonly more?: readonly Part[];
  readonly change?: (image: Buffer) => undefined;
}

const FIRST: readonly Entry[] = [{ name: "init", mode: 0o100755, bytes: "init" }];
const SECOND: readonly Entry[] = [
  { name: "app", mode: DIRECTORY },
  { name: "app/main.js", bytes: "main" },
  { name: "app/node_modules", mode: DIRECTORY },
  { name: "app/node_modules/jose", mode: DIRECTORY },
  { name: "app/node_modules/jose/package.json", bytes: '{"version":"1.0.0"}' },
];

async function image(form: Form): Promise<ReadImage> {
  const { kernel = "kernel", cmdline = "reboot=k panic=30", metadata = "{}", more = [] } = form;
  const file = memoryFile(
    forgedEif(
      [
        part("kernel", kernel),
        part("cmdline", cmdline),
        part("metadata", metadata),
        part("ramdisk", forgedArchive(form.first ?? FIRST)),
        part("ramdisk", forgedArchive(form.second ?? SECOND)),
        ...more,
      ],
      form.change,
    ),
  );
  const measured = await measureEif(file);
  return { image: measured, unpacked: await unpackEif(file, measured.eif) };
}

async function diff(before: Form, after: Form): Promise<ImageDifference> {
  return diffImages(await image(before), await image(after));
}

function without(name: string): readonly Entry[] {
  return SECOND.filter((entry) => entry.name !== name);
}

function replaced(change: Partial<Entry>): readonly Entry[] {
  return SECOND.map((entry) => (entry.name === "app/main.js" ? { ...entry, ...change } : entry));
}

test("an image equals itself", async () => {
  const nothing = {
    sections: [],
    registers: [],
    files: [],
    packages: [],
    bundled: [],
    untold: false,
    unmeasured: [],
  };
  assert.deepEqual(await diff({}, {}), {
    equal: true,
    ...nothing,
    words: { removed: [], added: [], order: false },
  });
});

const SECTIONS: readonly (readonly [string, Form, string, readonly number[]])[] = [
  ["kernel", { kernel: "other" }, "kernel", [0, 1]],
  ["command line", { cmdline: "reboot=k" }, "cmdline", [0, 1]],
  ["boot ramdisk", { first: [{ name: "init", bytes: "other" }] }, "ramdisk 1", [0, 1]],
  ["application", { second: replaced({ bytes: "other" }) }, "ramdisk 2", [0, 2]],
];

for (const [name, form, section, registers] of SECTIONS) {
  test(`another ${name} is another image, by exactly these registers: PCR${registers.join(", PCR")}`, async () => {
    const found = await diff({}, form);
    assert.equal(found.equal, false);
    assert.deepEqual(found.registers, registers);
    assert.deepEqual(
      found.sections.map((change) => [change.section, change.registers]),
      [[section, registers]],
    );
  });
}

test("a ramdisk more, or less, is named", async () => {
  const third = part("ramdisk", forgedArchive([{ name: "more" }]));
  const more = await diff({}, { more: [third] });
  assert.deepEqual(
    more.sections.map(({ section, before }) => [section, before]),
    [["ramdisk 3", null]],
  );
  assert.deepEqual(more.registers, [0, 2]);
  assert.deepEqual(
    more.files.map(({ path, ramdisk, change }) => [path, ramdisk, change]),
    [["more", 3, "added"]],
  );
  assert.equal((await diff({ more: [third] }, {})).equal, false);
});

test("words of the command line are compared, their number and order too", async () => {
  const words = async (before: string, after: string): Promise<ImageDifference["words"]> =>
    (await diff({ cmdline: before }, { cmdline: after })).words;
  assert.deepEqual(await words("a b c", "a d c"), { removed: ["b"], added: ["d"], order: false });
  assert.deepEqual(await words("a a b", "a b"), { removed: ["a"], added: [], order: false });
  assert.deepEqual(await words("a b", "b a"), { removed: [], added: [], order: true });
  assert.deepEqual(await words("a b", "a  b"), { removed: [], added: [], order: true });
});

test("files that are added, removed, changed or of another kind, mode, owner or time are named", async () => {
  const cases: readonly (readonly [readonly Entry[], string, readonly string[]])[] = [
    [[...SECOND, { name: "app/new.js" }], "added", []],
    [without("app/main.js"), "removed", []],
    [replaced({ bytes: "other" }), "changed", []],
    [replaced({ mode: 0o100755 }), "changed", ["mode"]],
    [replaced({ mode: 0o104644 }), "changed", ["mode"]],
    [replaced({ uid: 1 }), "changed", ["owner"]],
    [replaced({ mtime: 1 }), "changed", ["time"]],
    [replaced({ mode: SYMLINK, bytes: "main" }), "changed", ["kind", "mode", "target"]],
  ];
  for (const [second, change, facts] of cases) {
    const { files, equal } = await diff({}, { second });
    assert.equal(equal, false);
    assert.deepEqual(
      files.map((each) => [each.change, each.facts]),
      [[change, facts]],
    );
  }
});

test("a file that moves into another ramdisk is named", async () => {
  const found = await diff({ first: [...FIRST, { name: "x" }] }, { second: [...SECOND, { name: "x" }] });
  assert.deepEqual(
    found.files.map(({ path, facts }) => [path, facts]),
    [["x", ["ramdisk"]]],
  );
});

test("the same files in another order are another image with no file changed", async () => {
  const found = await diff({}, { second: SECOND.toSpliced(1, 1).concat(SECOND.slice(1, 2)) });
  assert.deepEqual([found.equal, found.files.length, found.registers], [false, 0, [0, 2]]);
});

test("versions of packages are compared", async () => {
  const other = [
    ...without("app/node_modules/jose/package.json"),
    { name: "app/node_modules/jose/package.json", bytes: '{"version":"1.0.1"}' },
  ];
  assert.deepEqual((await diff({}, { second: other })).packages, [
    { name: "jose", before: "1.0.0", after: "1.0.1" },
  ]);
  const gone = without("app/node_modules/jose/package.json");
  assert.deepEqual((await diff({}, { second: gone })).packages, [
    { name: "jose", before: "1.0.0", after: null },
  ]);
});

test("files in bundles are compared as the images list them, and not where one lists none", async () => {
  const listing = (text: string): Form => ({
    second: [
      { name: "rootfs", mode: DIRECTORY },
      { name: "rootfs/app", mode: DIRECTORY },
      { name: "rootfs/app/bundled.json", bytes: text },
    ],
  });
  const of = async (before: Form, after: Form): Promise<readonly string[]> =>
    (await diff(before, after)).bundled.map(({ path, change }) => `${path} ${change}`);
  const [before, after] = ['{"a.js":"1","b.js":"1","c.js":"1"}', '{"a.js":"1","b.js":"2","d.js":"1"}'];
  assert.deepEqual(await of(listing(before), listing(after)), ["b.js changed", "c.js removed", "d.js added"]);
  assert.deepEqual(await of(listing(before), listing(before)), []);
  const withBundle = (list: string, text: string): Form => {
    const form = listing(list);
    return { second: [...(form.second ?? []), { name: "rootfs/app/main.js", bytes: text }] };
  };
  const untold = async (left: string, right: string): Promise<boolean> =>
    (await diff(withBundle(left, "one"), withBundle(right, "other"))).untold;
  assert.equal(await untold(before, after), false);
  assert.equal(await untold(before, before), true);
  assert.equal(await untold(before, "{}"), true);
  assert.equal(await untold("{}", "{}"), true);
  for (const none of ["no JSON", "null", "[]", '{"a.js":1}', "{}"]) {
    assert.deepEqual(await of(listing(none), listing(after)), [], none);
    assert.deepEqual(await of(listing(after), listing(none)), [], none);
  }
});

test("what is not measured does not make another image, and is named", async () => {
  const found = await diff(
    {},
    {
      metadata: '{"a":1}',
      change: (header) => {
        header.writeUInt16BE(1, 6);
        header.writeBigUInt64BE(1n, 8);
        header.writeBigUInt64BE(1n, 16);
      },
    },
  );
  assert.equal(found.equal, true);
  assert.deepEqual(found.unmeasured, ["architecture flag", "default memory", "default CPUs", "metadata"]);
});

test("bytes moved from kernel to command line are another image, though no register changes", async () => {
  const found = await diff({ kernel: "kernel", cmdline: "quiet" }, { kernel: "kern", cmdline: "elquiet" });
  assert.deepEqual([found.equal, found.registers], [false, []]);
  assert.deepEqual(
    found.sections.map(({ section }) => section),
    ["kernel", "cmdline"],
  );
});

test("another signing certificate is another PCR8; another signature by the same is not", async () => {
  const [ours, theirs] = [1, 2].map((day) => encodePem(createDevRoot(Date.UTC(2026, 0, day)).certificate));
  const signed = (pem: string | undefined, signature: number[]): Form => ({
    more: [part("signature", encode([{ signing_certificate: [...Buffer.from(pem ?? "")], signature }]))],
  });
  const other = await diff(signed(ours, []), signed(theirs, []));
  assert.deepEqual([other.equal, other.registers], [false, [8]]);
  const again = await diff(signed(ours, []), signed(ours, [1]));
  assert.deepEqual([again.equal, again.registers, again.unmeasured], [true, [], ["signature"]]);
  assert.deepEqual((await diff({}, signed(ours, []))).registers, [8]);
});
