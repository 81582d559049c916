// An enclave image from its parts. The first ramdisk has init and the kernel's modules (PCR1), the second the program and
// all that it runs on (PCR2). Everything in it follows from the inputs: the same inputs are the same bytes.
import { SealroomError } from "../../core/errors.ts";
import type { Boot } from "./boot.ts";
import { bytesContent, fileContent, textContent } from "./content.ts";
import { cpioArchive } from "./cpio.ts";
import type { TreeFile } from "./cpio.ts";
import { writeEif } from "./eif.ts";
import type { Architecture, SectionContent, Write } from "./eif.ts";
import { readProgram } from "./libraries.ts";
import { Measurer } from "./measure.ts";
import type { MeasuredImage } from "./measure.ts";
import type { Rootfs } from "./rootfs.ts";

export interface ImageInputs {
  readonly boot: Boot;
  /** A static program. */
  readonly init: string;
  readonly rootfs: Rootfs;
  /** Below the image's /app; null for the one that init knows. */
  readonly entry: string | null;
  /** Whole, as encodeCmdline makes it. */
  readonly cmdline: string;
  readonly version: string;
}

export interface Image {
  readonly architecture: Architecture;
  readonly sections: readonly SectionContent[];
  /** Of the ramdisks, in their order. */
  readonly files: readonly (readonly TreeFile[])[];
}

const INIT_FOLDERS = ["dev", "proc", "sys"];

/** Errors: IMAGE_INPUT, ELF_FORMAT. */
export async function composeImage(inputs: ImageInputs): Promise<Image> {
  const { boot, init, rootfs, entry, cmdline, version } = inputs;
  const { interpreter } = await readProgram(init, rootfs.architecture);
  if (interpreter !== null) throw new SealroomError("IMAGE_INPUT", { init: "needs libraries", file: init });
  const first: readonly TreeFile[] = [
    { path: "init", access: "execute", content: await fileContent(init) },
    ...boot.modules.map(({ file, bytes }) => readOnly(`modules/${file}`, bytesContent(bytes))),
    readOnly("modules/order", textContent(boot.modules.map(({ file }) => `${file}\n`).join(""))),
  ];
  const second: readonly TreeFile[] = [
    ...(entry === null ? [] : [readOnly("entry", textContent(`${encodeEntry(entry)}\n`))]),
    ...rootfs.files.map((file) => ({ ...file, path: `rootfs/${file.path}` })),
  ];
  return {
    architecture: rootfs.architecture,
    files: [first, second],
    sections: [
      { kind: "kernel", content: boot.kernel },
      { kind: "cmdline", content: textContent(cmdline) },
      { kind: "metadata", content: textContent(encodeMetadata(version, boot.version)) },
      { kind: "ramdisk", content: cpioArchive(first, INIT_FOLDERS) },
      {
        kind: "ramdisk",
        content: cpioArchive(
          second,
          rootfs.directories.map((path) => `rootfs/${path}`),
        ),
      },
    ],
  };
}

/** Errors: IMAGE_CHANGED. */
export async function writeImage({ architecture, sections }: Image, write: Write): Promise<MeasuredImage> {
  const measurer = new Measurer();
  const eif = await writeEif(architecture, sections, write, (section, piece) => {
    measurer.add(section, piece);
  });
  return measurer.finish(eif);
}

function readOnly(path: string, content: TreeFile["content"]): TreeFile {
  return { path, access: "read", content };
}

/** As init takes it. */
function encodeEntry(entry: string): string {
  const path = `/app/${entry}`;
  if (!/^[a-z0-9/.-]+$/.test(path) || path.includes("..")) {
    throw new TypeError(`not an entry point: ${entry}`);
  }
  return path;
}

/** The fields that nitro-cli demands. A time of building would make every image another file. */
function encodeMetadata(version: string, kernelVersion: string): string {
  return JSON.stringify({
    ImageName: "sealroom",
    ImageVersion: version,
    BuildMetadata: {
      BuildTime: "1970-01-01T00:00:00+00:00",
      BuildTool: "sealroom",
      BuildToolVersion: version,
      OperatingSystem: "Linux",
      KernelVersion: kernelVersion,
    },
    DockerInfo: {},
    CustomMetadata: {},
  });
}
