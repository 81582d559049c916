// `sealroom enclave measure`: what an enclave image is, from its own bytes alone: registers, sections, files.
import type { Command } from "commander";
import type { JsonObject } from "../core/json.ts";
import { packagesOf, unpackEif } from "../host-driver/enclave/unpacked.ts";
import type { Unpacked, UnpackedEntry } from "../host-driver/enclave/unpacked.ts";
import { act, declare } from "./command.ts";
import type { Host, Session } from "./command.ts";
import { encodeImage, kernelVersionOf, registerFields, renderSections, withImage } from "./enclave-image.ts";
import { printable, renderBytes, renderFields } from "./output.ts";
import type { Report } from "./output.ts";

interface Options {
  readonly files?: true;
}

export function declareEnclaveMeasure(parent: Command, host: Host): void {
  const command = declare(parent, "measure", {
    summary: "print the PCRs of an enclave image, and what is in it",
    description:
      "Computes PCR0, 1 and 2 (and 8, of a signed image) of any enclave image file as a Nitro hypervisor does, from " +
      "the bytes alone. Metadata is not measured: whoever holds the file can change it.",
    examples: ["sealroom enclave measure enclave.eif", "sealroom enclave measure enclave.eif --files --json"],
  })
    .argument("<file>", "the image (EIF)")
    .option("--files", "list every file of the ramdisks, with its SHA-256");
  act(command, host, measure);
}

async function measure({ progress }: Session, options: Options, path: string): Promise<Report> {
  progress.update(`Measuring ${path}`);
  return withImage(path, async (opened) => {
    const { file, image } = opened;
    const kernel = await kernelVersionOf(opened);
    const unpacked = options.files === true ? await unpackEif(file, image.eif) : null;
    const title = `${path}: enclave image, version ${image.eif.version}, ${image.eif.architecture}, ${renderBytes(file.size)}`;
    return {
      exit: 0,
      json: { ...encodeImage(image), kernel, metadata: image.metadata, ...encodeUnpacked(unpacked) },
      text: [
        printable(title),
        ...renderFields(registerFields(image)),
        ...renderSections(image),
        ...renderFields([
          ["kernel", kernel ?? "of an unknown kind"],
          ["cmdline", printable(image.cmdline)],
          ["metadata", printable(image.metadata)],
        ]),
        ...(unpacked === null ? [] : renderUnpacked(unpacked)),
      ],
    };
  });
}

function encodeUnpacked(unpacked: Unpacked | null): JsonObject {
  if (unpacked === null) return {};
  return {
    packages: Object.fromEntries(packagesOf(unpacked)),
    replaced: unpacked.replaced,
    files: unpacked.entries.map(({ path, ramdisk, kind, mode, uid, gid, mtime, size, digest, target }) => ({
      path,
      ramdisk,
      kind,
      mode: mode.toString(8).padStart(4, "0"),
      ...{ uid, gid, mtime, bytes: size, sha256: digest, target },
    })),
  };
}

function renderUnpacked(unpacked: Unpacked): readonly string[] {
  const { ramdisks, entries, replaced } = unpacked;
  const packages = [...packagesOf(unpacked)].map(([name, version]) => `${name} ${version}`);
  return [
    ...ramdisks.flatMap(({ compression }, at) => [
      `Ramdisk ${at + 1}${compression === "none" ? "" : `, ${compression}`}:`,
      ...entries.filter(({ ramdisk }) => ramdisk === at + 1).map(renderEntry),
    ]),
    `Packages: ${packages.length === 0 ? "none" : printable(packages.join(", "))}.`,
    ...replaced.map(
      (path) => `REPLACED: /${printable(path)} stands in the ramdisks more than once; the last counts.`,
    ),
  ];
}

function renderEntry({ path, kind, mode, size, digest, target }: UnpackedEntry): string {
  const marks = {
    file: "-",
    directory: "d",
    symlink: "l",
    "character device": "c",
    "block device": "b",
    pipe: "p",
    socket: "s",
  } as const;
  const what = digest === "" ? "" : `  ${digest}`;
  const to = target === "" ? "" : ` -> ${target}`;
  const bytes = kind === "file" ? String(size) : "";
  return printable(
    `  ${marks[kind]}${mode.toString(8).padStart(4, "0")} ${bytes.padStart(10)}  /${path}${to}${what}`,
  );
}
