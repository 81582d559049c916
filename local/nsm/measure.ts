// Measures a local enclave as an image is measured: SHA-384(48 zero bytes || SHA-384(content)). There is no image
// here, so the content is what takes its place: source files, lock file, Node. It binds to the files on disk when the
// enclave is started; a host that lies about them is not caught, which is one reason why local evidence is simulated.
import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import { arch, platform, version } from "node:process";
import { fileURLToPath } from "node:url";
import { PCR_SIZE } from "../../core/attestation/document.ts";
import { encodeRegister, type Measurements } from "../../core/attestation/measurements.ts";
import { parentInstanceRegister, parentRoleRegister } from "../../core/parent-registers.ts";
import { SealroomError } from "../../core/errors.ts";

const LOCK_FILE = "package-lock.json";
/** From the sources of a checkout; from what is built of them beside them; from a package that npm has installed. */
const LOCK_PLACES = [LOCK_FILE, `../${LOCK_FILE}`, `../../.${LOCK_FILE}`];

/** The registers of the parent instance. */
export interface Parent {
  readonly roleArn: string;
  readonly instanceId: string;
}

/**
 * PCR0 of all, PCR1 of what runs it (Node, platform), PCR2 of the application's files.
 * `files` are paths below `root`, with "/", in ascending order, each once. Errors: LOCAL_PACKAGES.
 */
export async function measureEnclave(root: URL, files: readonly string[]): Promise<Measurements> {
  checkFiles(files);
  const application = await readParts(root, files);
  const runtime = ["node", version, "platform", `${platform}-${arch}`].map(encodeText);
  const dependencies = [encodeText(LOCK_FILE), await readLock(root)];
  return {
    0: encodeRegister(measure([...application, ...dependencies, ...runtime])),
    1: encodeRegister(measure(runtime)),
    2: encodeRegister(measure(application)),
  };
}

/** Registers 0 to 4 at boot. */
export function bootRegisters(measurements: Measurements, parent: Parent): ReadonlyMap<number, Uint8Array> {
  return new Map([
    [0, Buffer.from(measurements[0], "hex")],
    [1, Buffer.from(measurements[1], "hex")],
    [2, Buffer.from(measurements[2], "hex")],
    [3, parentRoleRegister(parent.roleArn)],
    [4, parentInstanceRegister(parent.instanceId)],
  ]);
}

/** Each part stands behind its length (u64), so that no byte can move from one into the next. */
function measure(parts: readonly Uint8Array[]): Uint8Array {
  const hash = createHash("sha384");
  for (const part of parts) {
    const length = Buffer.alloc(8);
    length.writeBigUInt64BE(BigInt(part.length));
    hash.update(length).update(part);
  }
  return extendZero(hash.digest());
}

function extendZero(data: Uint8Array): Uint8Array {
  return createHash("sha384").update(new Uint8Array(PCR_SIZE)).update(data).digest();
}

async function readParts(root: URL, files: readonly string[]): Promise<Uint8Array[]> {
  const contents = await Promise.all(files.map((file) => readFile(new URL(file, root))));
  return files.flatMap((file, index) => [encodeText(file), contents[index] ?? new Uint8Array()]);
}

/** Which packages there are, each with the digest of its archive. */
async function readLock(root: URL): Promise<Uint8Array> {
  for (const place of LOCK_PLACES) {
    try {
      return await readFile(new URL(place, root));
    } catch (error) {
      if (!(error instanceof Error && "code" in error && error.code === "ENOENT")) throw error;
    }
  }
  throw new SealroomError("LOCAL_PACKAGES", { directory: fileURLToPath(root) });
}

/** Two lists of the same files must not give two measurements, nor one list name a file twice or outside. */
function checkFiles(files: readonly string[]): void {
  files.forEach((file, index) => {
    const isInside = /^[\w.@-]+(\/[\w.@-]+)*$/.test(file) && !/(^|\/)\.+(\/|$)/.test(file);
    const previous = files[index - 1];
    if (!isInside || (previous !== undefined && previous >= file)) {
      throw new TypeError(`not a sorted path: ${file}`);
    }
  });
  if (files.length === 0) throw new TypeError("no files to measure");
}

function encodeText(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}
