// `sealroom enclave diff`: what two enclave images differ in, and which registers change by it.
import type { Command } from "commander";
import { SealroomError } from "../core/errors.ts";
import { diffImages } from "../host-driver/enclave/diff.ts";
import type { FileChange, ImageDifference, ReadImage } from "../host-driver/enclave/diff.ts";
import { unpackEif } from "../host-driver/enclave/unpacked.ts";
import type { Unpacked } from "../host-driver/enclave/unpacked.ts";
import { act, declare } from "./command.ts";
import type { Host, Session } from "./command.ts";
import { withImage } from "./enclave-image.ts";
import type { OpenedImage } from "./enclave-image.ts";
import { readFault } from "./fault.ts";
import { paint, printable, wrap } from "./output.ts";
import type { Report } from "./output.ts";

interface Listed extends ReadImage {
  /** Why the files are not listed; null if they are. */
  readonly unlisted: string | null;
}

export function declareEnclaveDiff(parent: Command, host: Host): void {
  const command = declare(parent, "diff", {
    summary: "say what differs between two enclave images, and in which PCRs",
    description:
      "Compares two image files by sections, command line, files and packages. Exit 0 if nothing that is measured " +
      "differs, 1 if something does.",
    examples: ["sealroom enclave diff theirs.eif mine.eif"],
  })
    .argument("<a>", "an image (EIF)")
    .argument("<b>", "another");
  act(command, host, diff);
}

async function diff({ progress }: Session, _options: object, a: string, b: string): Promise<Report> {
  progress.update(`Reading ${a}`);
  const before = await withImage(a, list);
  progress.update(`Reading ${b}`);
  const after = await withImage(b, list);
  const difference = diffImages(before, after);
  const unlisted = [before.unlisted, after.unlisted].filter((reason) => reason !== null);
  const { equal, sections, registers, words, files, packages, bundled, unmeasured } = difference;
  return {
    exit: equal ? 0 : 1,
    json: {
      equal,
      registers: registers.map((index) => `PCR${index}`),
      sections: sections.map((change) => ({ ...change })),
      words: { ...words },
      files: files.map((change) => ({ ...change })),
      packages: packages.map((change) => ({ ...change })),
      bundled: bundled.map((change) => ({ ...change })),
      untold: difference.untold,
      unmeasured,
      unlisted,
    },
    text: render(difference, unlisted),
  };
}

async function list({ file, image }: OpenedImage): Promise<Listed> {
  const listed = await unpackEif(file, image.eif).catch((error: unknown) => {
    if (error instanceof SealroomError && error.code.startsWith("CPIO_")) return error;
    throw error;
  });
  return listed instanceof SealroomError
    ? { image, unpacked: null, unlisted: readFault(listed).what }
    : { image, unpacked: listed satisfies Unpacked, unlisted: null };
}

function render(difference: ImageDifference, unlisted: readonly string[]): readonly string[] {
  const { equal, sections, registers, words, files, packages, bundled, unmeasured } = difference;
  const names = registers.map((index) => `PCR${index}`).join(", ");
  const title = equal
    ? paint("green", "EQUAL  nothing that is measured differs")
    : `${paint("red", "DIFFERENT")}  ${names === "" ? "no register changes, since they do not tell where a section ends" : `${names} change`}`;
  return [
    title,
    ...sections.map(
      ({ section, registers: covered }) =>
        `  ${section}: ${covered.map((index) => `PCR${index}`).join(", ")}${explain(section, difference)}`,
    ),
    ...(registers.includes(8) ? ["  signing certificate: PCR8"] : []),
    ...words.removed.map((word) => printable(`  cmdline - ${word}`)),
    ...words.added.map((word) => printable(`  cmdline + ${word}`)),
    ...(words.order ? ["  cmdline: the same words in another order or spacing"] : []),
    ...packages.map(({ name, before, after }) =>
      printable(`  package ${name}: ${before ?? "none"} -> ${after ?? "none"}`),
    ),
    ...files.flatMap(renderFile),
    ...(bundled.length === 0 ? [] : ["  in the bundles, as the images tell:"]),
    ...bundled.map(({ path, change }) => printable(`    ${MARKS[change]} ${path}`)),
    ...(difference.untold
      ? wrap(
          "  A bundle differs, and no list tells by which file: another bundler or compiler, or a list that is missing " +
            "or not true. Read the bundles.",
        )
      : []),
    ...unlisted.flatMap((reason) => wrap(`  Files are not compared: ${reason}.`)),
    ...(unmeasured.length === 0 ? [] : [`  not measured, and different: ${unmeasured.join(", ")}`]),
  ];
}

function explain(section: string, { files, sections }: ImageDifference): string {
  const isRamdisk = section.startsWith("ramdisk") && sections.some((each) => each.section === section);
  const hasFiles = files.some(({ ramdisk }) => section === `ramdisk ${ramdisk}`);
  return isRamdisk && !hasFiles ? " (no file differs: their order, or how they are packed)" : "";
}

const MARKS = { added: "+", removed: "-", changed: "~" } as const;

function renderFile({ path, change, before, after, facts }: FileChange): readonly string[] {
  const notes = facts.length === 0 ? "" : ` (${facts.join(", ")})`;
  return [
    printable(`  ${MARKS[change]} /${path}${notes}`),
    ...(before === "" || before === after ? [] : [`      was ${before}`]),
    ...(after === "" || before === after ? [] : [`      is  ${after}`]),
  ];
}
