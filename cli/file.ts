// Files as commands take and leave them. Reading is bounded; writing goes to a temporary name beside the target and is
// renamed when it is complete and on disk, so that nothing half-written has a name that anyone looks for.
import { randomUUID } from "node:crypto";
import {
  constants,
  link,
  lstat,
  mkdir,
  mkdtemp,
  open,
  readdir,
  rename,
  rm,
  rmdir,
  stat,
  unlink,
} from "node:fs/promises";
import type { FileHandle } from "node:fs/promises";
import { basename, dirname, join, resolve } from "node:path";
import { SealroomError } from "../core/errors.ts";
import type { ErrorCode } from "../core/errors.ts";
import { decodeUtf8 } from "../core/text/utf8.ts";
import { FaultAt } from "./fault.ts";

/** Enough for every file that people write: jobs, rules, keys, measurements, certificates. */
export const TEXT_BYTES: number = 1024 * 1024;

/** Opens a regular file: a device or a pipe may never end. Errors, at the path: FILE_MISSING, FILE_KIND, FILE_READ. */
export async function openFile(path: string): Promise<FileHandle> {
  try {
    // Without O_NONBLOCK a pipe would be waited for before it could be told from a file.
    const file = await open(path, constants.O_RDONLY | constants.O_NONBLOCK);
    if ((await file.stat()).isFile()) return file;
    await file.close();
    throw new SealroomError("FILE_KIND");
  } catch (error) {
    throw new FaultAt(path, asFileError(error, "FILE_READ"));
  }
}

/** Errors, at the path: as openFile, FILE_SIZE. */
export async function readBytes(path: string, maxBytes: number): Promise<Uint8Array> {
  const file = await openFile(path);
  try {
    const { size } = await file.stat();
    if (size > maxBytes) throw new SealroomError("FILE_SIZE", { bytes: size, limit: maxBytes });
    return new Uint8Array(await file.readFile());
  } catch (error) {
    throw new FaultAt(path, asFileError(error, "FILE_READ"));
  } finally {
    await file.close();
  }
}

/** Errors, at the path: as readBytes, JSON_UTF8. */
export async function readText(path: string): Promise<string> {
  const bytes = await readBytes(path, TEXT_BYTES);
  try {
    return decodeUtf8(bytes);
  } catch (error) {
    throw new FaultAt(path, error);
  }
}

export interface FileToWrite {
  readonly path: string;
  readonly bytes: Uint8Array | string;
  /** `secret` files can be read by their owner alone. */
  readonly access: "public" | "secret";
}

/** Writes a file under a name that is not taken. Errors, at the path: FILE_EXISTS, FILE_WRITE. */
export async function writeNewFile({ path, bytes, access }: FileToWrite): Promise<void> {
  await replaceBy(path, async (temporary) => {
    await writeDurably(temporary, bytes, access);
    // A hard link fails where a rename would overwrite.
    await link(temporary, path);
    await unlink(temporary);
  });
}

/** Calls `write` with a temporary name, and gives the file the name `path` when that is done, over what was there. */
export async function writeFileBy(path: string, write: (temporary: string) => Promise<void>): Promise<void> {
  await checkTarget(path);
  await replaceBy(path, async (temporary) => {
    await write(temporary);
    await rename(temporary, path);
  });
}

/** Refuses a name that is taken. Errors, at the path: FILE_EXISTS. */
export async function checkNewFile(path: string): Promise<void> {
  const status = await lstat(path).catch(() => null);
  if (status !== null) throw new FaultAt(path, new SealroomError("FILE_EXISTS"));
}

/** Errors, at the path: FILE_KIND where the target is a directory. */
async function checkTarget(path: string): Promise<void> {
  const status = await lstat(path).catch(() => null);
  if (status?.isDirectory() === true) throw new FaultAt(path, new SealroomError("FILE_KIND"));
}

async function replaceBy(path: string, work: (temporary: string) => Promise<void>): Promise<void> {
  const temporary = join(dirname(path), `.${basename(path)}.${randomUUID()}.tmp`);
  try {
    await work(temporary);
  } catch (error) {
    await rm(temporary, { force: true });
    throw error instanceof FaultAt ? error : new FaultAt(path, asFileError(error, "FILE_WRITE"));
  }
}

async function writeDurably(
  path: string,
  bytes: Uint8Array | string,
  access: FileToWrite["access"],
): Promise<void> {
  const file = await open(path, "wx", access === "secret" ? 0o600 : 0o644);
  try {
    await file.writeFile(bytes);
    await file.sync();
  } finally {
    await file.close();
  }
}

/**
 * Refuses a directory that has something in it, or that cannot be made: by making one beside it, and removing that and
 * what had to be made above it. Errors, at the path: FILE_EXISTS, FILE_READ, FILE_WRITE.
 */
export async function checkNewDirectory(path: string): Promise<void> {
  await checkEmpty(path);
  const made: string[] = [];
  try {
    made.push(await makeBeside(resolve(path), made));
  } catch (error) {
    throw new FaultAt(path, error);
  } finally {
    // Another command may have put something there meanwhile.
    for (const directory of made.reverse()) await rmdir(directory).catch(() => undefined);
  }
}

async function checkEmpty(path: string): Promise<void> {
  try {
    if ((await readdir(path)).length > 0) throw new SealroomError("FILE_EXISTS");
  } catch (error) {
    if (isSystemError(error) && error.code === "ENOENT") return;
    if (!isSystemError(error) || error.code !== "ENOTDIR") {
      throw new FaultAt(path, asFileError(error, "FILE_READ"));
    }
    const isFile = (await lstat(path).catch(() => null)) !== null;
    throw new FaultAt(path, isFile ? new SealroomError("FILE_EXISTS") : asWriteError(error));
  }
}

/** A directory that is to get the name `target`. Errors: FILE_WRITE. */
async function makeBeside(target: string, made: string[]): Promise<string> {
  try {
    await makeDirectory(dirname(target), made);
    return await mkdtemp(join(dirname(target), `${partialPrefix(target)}${process.pid}-`));
  } catch (error) {
    throw asWriteError(error);
  }
}

/**
 * As mkdir with `recursive`, which tries for ever where directories cannot be made, as below /proc. What it makes it
 * adds to `made`, the highest first.
 */
async function makeDirectory(path: string, made: string[]): Promise<void> {
  try {
    await mkdir(path);
  } catch (error) {
    if (!isSystemError(error)) throw error;
    if (error.code === "EEXIST" && (await stat(path)).isDirectory()) return;
    if (error.code !== "ENOENT" || dirname(path) === path) throw error;
    await makeDirectory(dirname(path), made);
    await mkdir(path);
  }
  made.push(path);
}

/** All files or none. As writeDirectoryBy. */
export async function writeNewDirectory(
  path: string,
  files: readonly (Omit<FileToWrite, "path"> & { readonly name: string })[],
): Promise<void> {
  await writeDirectoryBy(path, async (temporary) => {
    for (const { name, bytes, access } of files) await writeDurably(join(temporary, name), bytes, access);
  });
}

/**
 * Calls `write` with a directory beside `path`, which then gets that name. What processes that were killed over it had
 * begun for the same name is removed: it may be a result, opened. Errors, at the path: FILE_EXISTS, FILE_WRITE.
 */
export async function writeDirectoryBy(
  path: string,
  write: (temporary: string) => Promise<void>,
): Promise<void> {
  await checkEmpty(path);
  const target = resolve(path);
  let temporary: string | undefined;
  try {
    temporary = await makeBeside(target, []);
    await removeAbandoned(target);
    await write(temporary);
    await syncDirectory(temporary);
    // An empty directory may be in the way; one that has since got something in it is not removed.
    await rmdir(target).catch(() => undefined);
    await rename(temporary, target);
    await syncDirectory(dirname(target));
  } catch (error) {
    if (temporary !== undefined) await rm(temporary, { recursive: true, force: true });
    throw error instanceof FaultAt ? error : new FaultAt(path, asFileError(error, "FILE_WRITE"));
  }
}

/** Hidden, and says what it is: nobody takes it for the directory that it was to be. */
function partialPrefix(target: string): string {
  return `.${basename(target)}.partial-`;
}

/** Only of processes that are gone: another that runs now may be at work on its own. */
async function removeAbandoned(target: string): Promise<void> {
  const prefix = partialPrefix(target);
  for (const name of await readdir(dirname(target))) {
    const [, pid] =
      /^(\d{1,10})-[A-Za-z0-9]{6}$/.exec(name.startsWith(prefix) ? name.slice(prefix.length) : "") ?? [];
    if (pid === undefined || isAlive(Number(pid))) continue;
    // Not being able to is no reason to refuse what is asked now.
    await rm(join(dirname(target), name), { recursive: true, force: true }).catch(() => undefined);
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    // There is one, and it is somebody else's.
    return isSystemError(error) && error.code === "EPERM";
  }
}

async function syncDirectory(path: string): Promise<void> {
  const directory = await open(path, "r");
  try {
    await directory.sync();
  } finally {
    await directory.close();
  }
}

const BY_SYSTEM_CODE: Readonly<Record<string, ErrorCode>> = {
  ENOENT: "FILE_MISSING",
  ENOTDIR: "FILE_MISSING",
  EISDIR: "FILE_KIND",
  EEXIST: "FILE_EXISTS",
  ENOTEMPTY: "FILE_EXISTS",
};

function asFileError(error: unknown, otherwise: ErrorCode): unknown {
  if (!isSystemError(error)) return error;
  const code = BY_SYSTEM_CODE[error.code] ?? otherwise;
  const details = code === otherwise ? { system: error.code } : {};
  return new SealroomError(code, details, { cause: error });
}

/** Of a directory that is to be made, that something above it is missing is no missing file. */
function asWriteError(error: unknown): unknown {
  if (!isSystemError(error)) return error;
  return new SealroomError("FILE_WRITE", { system: error.code }, { cause: error });
}

function isSystemError(error: unknown): error is Error & { readonly code: string } {
  return error instanceof Error && "syscall" in error && "code" in error && typeof error.code === "string";
}
