// The loader and the shared libraries that an image's programs need, found on this machine or in an unpacked sysroot.
// Each has in the image the path that it is found at, less a /usr before it: a distribution's loader looks where that
// distribution keeps its libraries, and where it looks below /usr/lib it looks below /lib. Which of both a machine has a
// library in depends on how it was installed, and should not make another image.
import { readlink, lstat } from "node:fs/promises";
import { join, posix } from "node:path";
import { SealroomError } from "../../core/errors.ts";
import { withFile } from "./content.ts";
import type { Architecture } from "./eif.ts";
import { readElf } from "./elf.ts";

export interface Library {
  /** As a program in the image finds it, absolute. */
  readonly path: string;
  /** The file on this machine. */
  readonly source: string;
}

const MAX_LIBRARIES = 64;
const MAX_LINKS = 16;
const TRIPLETS: Readonly<Record<Architecture, string>> = {
  x64: "x86_64-linux-gnu",
  arm64: "aarch64-linux-gnu",
};

/**
 * All that `programs` need, and what that needs, by path. `root` is "/" or the directory of a sysroot.
 * Errors: ELF_FORMAT, IMAGE_INPUT, IMAGE_LIBRARY.
 */
export async function findLibraries(
  programs: readonly string[],
  architecture: Architecture,
  root: string,
): Promise<readonly Library[]> {
  const found = new Map<string, Library>();
  const pending = [...programs];
  for (let program = pending.pop(); program !== undefined; program = pending.pop()) {
    const { interpreter, needed } = await readProgram(program, architecture);
    const wanted = needed.filter((name) => !found.has(name));
    // The loader is named by path, and mostly needed by name too: the path is what the kernel goes by.
    if (interpreter !== null) {
      const library = await findAt(root, interpreter);
      if (library === null) throw new SealroomError("IMAGE_LIBRARY", { library: interpreter });
      found.set(posix.basename(interpreter), library);
    }
    for (const name of wanted.filter((each) => !found.has(each))) {
      const library = await findByName(root, name, architecture);
      found.set(name, library);
      pending.push(library.source);
      if (found.size > MAX_LIBRARIES) throw new SealroomError("IMAGE_LIBRARY", { libraries: found.size });
    }
  }
  return [...found.values()].sort((a, b) => (a.path < b.path ? -1 : 1));
}

/** Errors: ELF_FORMAT, with the file; IMAGE_INPUT. */
export async function readProgram(
  path: string,
  architecture: Architecture,
): Promise<Awaited<ReturnType<typeof readElf>>> {
  const elf = await withFile(path, readElf).catch((error: unknown) => {
    if (!(error instanceof SealroomError) || error.code !== "ELF_FORMAT") throw error;
    throw new SealroomError("ELF_FORMAT", { ...error.details, file: path }, { cause: error });
  });
  if (elf.architecture !== architecture) {
    throw new SealroomError("ELF_FORMAT", { file: path, machine: elf.architecture, needed: architecture });
  }
  return elf;
}

async function findByName(root: string, name: string, architecture: Architecture): Promise<Library> {
  const triplet = TRIPLETS[architecture];
  const directories = [`/lib/${triplet}`, `/usr/lib/${triplet}`, "/lib64", "/usr/lib64", "/lib", "/usr/lib"];
  for (const directory of directories) {
    const library = await findAt(root, posix.join(directory, name));
    if (library !== null) return { ...library, path: library.path.replace(/^\/usr\//, "/") };
  }
  throw new SealroomError("IMAGE_LIBRARY", { library: name });
}

async function findAt(root: string, path: string): Promise<Library | null> {
  const source = await resolveIn(root, path);
  return source === null ? null : { path, source };
}

/** Follows links as a program below `root` would see them: none leads out of a sysroot. */
async function resolveIn(root: string, path: string): Promise<string | null> {
  let done = "/";
  let rest = path.split("/").filter((part) => part !== "");
  for (let links = 0; links <= MAX_LINKS;) {
    const [part, ...others] = rest;
    if (part === undefined) return join(root, done);
    const next = posix.join(done, part);
    const status = await lstat(join(root, next)).catch(() => null);
    if (status === null) return null;
    rest = others;
    if (status.isSymbolicLink()) {
      links++;
      const target = await readlink(join(root, next));
      rest = [...target.split("/").filter((each) => each !== "" && each !== "."), ...others];
      if (target.startsWith("/")) done = "/";
    } else {
      done = next;
    }
  }
  return null;
}
