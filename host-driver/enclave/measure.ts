// The measurements of an enclave image, as the hypervisor and nitro-cli take them (eif_hasher.rs): register n is
// SHA-384(48 zero bytes || SHA-384(payloads)), where PCR0 is over all measured sections, PCR1 over kernel, command line
// and the first ramdisk, PCR2 over the other ramdisks, PCR8 over the signing certificate. Payloads are hashed without
// lengths, so equal registers do not prove equal sections: each section's own digest is given too. Header and metadata
// are in no register.
import { createHash } from "node:crypto";
import type { Hash } from "node:crypto";
import { PCR_SIZE } from "../../core/attestation/document.ts";
import { encodeRegister } from "../../core/attestation/measurements.ts";
import type { Measurements } from "../../core/attestation/measurements.ts";
import type { ByteFile } from "./byte-file.ts";
import { readEif } from "./eif.ts";
import type { Eif, Section } from "./eif.ts";
import { decodeSigner } from "./signer.ts";
import type { Signer } from "./signer.ts";

export interface MeasuredSection extends Section {
  /** SHA-384 of the payload, hex. */
  readonly digest: string;
}

export interface MeasuredImage {
  readonly eif: Eif;
  readonly sections: readonly MeasuredSection[];
  readonly measurements: Measurements;
  /** Null for an image that is not signed. That the signature verifies is the hypervisor's to check, not said here. */
  readonly signer: Signer | null;
  readonly cmdline: string;
  /** JSON as the image's builder wrote it, of any shape; empty where there is none. Not measured: anyone may change it. */
  readonly metadata: string;
}

/** Errors: as readEif, EIF_SIGNATURE. */
export async function measureEif(file: ByteFile): Promise<MeasuredImage> {
  const measurer = new Measurer();
  const eif = await readEif(file, (section, piece) => {
    measurer.add(section, piece);
  });
  return measurer.finish(eif);
}

/** Takes the sections of one image, piece by piece, in the order of its file. */
export class Measurer {
  readonly #image = createHash("sha384");
  readonly #boot = createHash("sha384");
  readonly #application = createHash("sha384");
  readonly #sections: { readonly section: Section; readonly hash: Hash; readonly kept: Uint8Array[] }[] = [];
  #ramdisks = 0;

  add(section: Section, piece: Uint8Array): void {
    if (this.#sections.at(-1)?.section !== section) {
      this.#sections.push({ section, hash: createHash("sha384"), kept: [] });
      if (section.kind === "ramdisk") this.#ramdisks++;
    }
    const current = this.#sections.at(-1);
    current?.hash.update(piece);
    if (section.kind === "metadata" || section.kind === "signature" || section.kind === "cmdline") {
      current?.kept.push(piece);
    }
    if (section.kind === "metadata" || section.kind === "signature") return;
    this.#image.update(piece);
    (this.#ramdisks > 1 ? this.#application : this.#boot).update(piece);
  }

  /** Errors: EIF_SIGNATURE. */
  finish(eif: Eif): MeasuredImage {
    const sections = this.#sections.map(({ section, hash }) => ({ ...section, digest: hash.digest("hex") }));
    const signature = this.#bytesOf("signature");
    return {
      eif,
      sections,
      measurements: { 0: extend(this.#image), 1: extend(this.#boot), 2: extend(this.#application) },
      signer: signature === null ? null : decodeSigner(signature),
      cmdline: this.#bytesOf("cmdline")?.toString("latin1") ?? "",
      metadata: this.#bytesOf("metadata")?.toString("utf8") ?? "",
    };
  }

  #bytesOf(kind: Section["kind"]): Buffer | null {
    const found = this.#sections.find(({ section }) => section.kind === kind);
    return found === undefined ? null : Buffer.concat(found.kept);
  }
}

function extend(hash: Hash): string {
  return encodeRegister(createHash("sha384").update(new Uint8Array(PCR_SIZE)).update(hash.digest()).digest());
}
