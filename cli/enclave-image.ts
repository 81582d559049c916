// Enclave images as commands read and describe them. An image may be anybody's: texts in it are shown as printable.
import type { JsonObject } from "../core/json.ts";
import { SealroomError } from "../core/errors.ts";
import { byteFile } from "../host-driver/enclave/byte-file.ts";
import type { ByteFile } from "../host-driver/enclave/byte-file.ts";
import { coveredBy, named } from "../host-driver/enclave/diff.ts";
import { readKernelVersion } from "../host-driver/enclave/kernel.ts";
import { measureEif } from "../host-driver/enclave/measure.ts";
import type { MeasuredImage } from "../host-driver/enclave/measure.ts";
import { locate } from "./fault.ts";
import { openFile } from "./file.ts";
import { printable, renderBytes } from "./output.ts";

export interface OpenedImage {
  readonly file: ByteFile;
  readonly image: MeasuredImage;
}

/** Measures the image and calls `use` while it is open. Errors, at the path: FILE_*, EIF_*, and those of `use`. */
export async function withImage<Value>(
  path: string,
  use: (opened: OpenedImage) => Promise<Value>,
): Promise<Value> {
  const handle = await openFile(path);
  try {
    return await locate(path, async () => {
      const file = await byteFile(handle);
      return use({ file, image: await measureEif(file) });
    });
  } finally {
    await handle.close();
  }
}

/** Of the kernel section; null where it is none that we know. */
export async function kernelVersionOf({ file, image }: OpenedImage): Promise<string | null> {
  const kernel = image.sections.find(({ kind }) => kind === "kernel");
  if (kernel === undefined) return null;
  const { start, size } = kernel;
  const section = { size, read: (at: number, length: number) => file.read(start + at, length) };
  try {
    return await readKernelVersion(section, image.eif.architecture);
  } catch (error) {
    if (error instanceof SealroomError && error.code === "IMAGE_INPUT") return null;
    throw error;
  }
}

export function registerFields({
  measurements,
  signer,
}: MeasuredImage): readonly (readonly [label: string, value: string])[] {
  return [
    ["PCR0", measurements[0]],
    ["PCR1", measurements[1]],
    ["PCR2", measurements[2]],
    ...(signer === null
      ? []
      : [
          ["PCR8", signer.pcr8] as const,
          [
            "signed by",
            printable(`${signer.subject}, until ${signer.notAfter} (signature not checked)`),
          ] as const,
        ]),
  ];
}

/** `ramdisk 2   131.9 MiB  in PCR0, PCR2`. */
export function renderSections(image: MeasuredImage): readonly string[] {
  return [...named(image)].map(([name, { size }]) => {
    const registers = coveredBy(name).map((index) => `PCR${index}`);
    const measured = registers.length === 0 ? "not measured" : `in ${registers.join(", ")}`;
    return `  ${name.padEnd(10)}  ${renderBytes(size).padStart(11)}  ${measured}`;
  });
}

export function encodeImage(image: MeasuredImage): JsonObject {
  const { eif, measurements, signer, cmdline } = image;
  return {
    version: eif.version,
    architecture: eif.architecture,
    measurements: {
      PCR0: measurements[0],
      PCR1: measurements[1],
      PCR2: measurements[2],
      ...(signer === null ? {} : { PCR8: signer.pcr8 }),
    },
    signer: signer === null ? null : { subject: signer.subject, notAfter: signer.notAfter },
    cmdline,
    sections: [...named(image)].map(([name, { size, digest }]) => ({
      section: name,
      bytes: size,
      sha384: digest,
      registers: coveredBy(name),
    })),
  };
}
