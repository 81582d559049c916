// The C of this repository: which binaries are built of it, how, and the records that bind each committed binary to its
// sources and compiler. Used by `npm run build:native` and by the test that holds the two together; never at run time.
import { execFile } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { mkdir, readdir, readFile, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

const ROOT = fileURLToPath(new URL("../../", import.meta.url));
/** node_api.h and uv.h: of the Node that runs this, whose distributions all have them; any version's give the same code. */
const HEADERS = join(dirname(process.execPath), "../include/node");
const ARCHITECTURES = ["x64", "arm64"] as const;

export type Architecture = (typeof ARCHITECTURES)[number];

export interface Binary {
  /** Folder of the sources, from the root of the repository. All .c and .h files in it are of the one binary. */
  readonly folder: string;
  readonly architecture: Architecture;
  /** From the root. */
  readonly path: string;
  readonly flags: readonly string[];
}

/** What a binary was built of and with. Hashes are SHA-256, hex. */
export interface BuildRecord {
  readonly binary: string;
  readonly compiler: string;
  readonly linker: string;
  /** Of the C library that is linked in; for a shared object it is that of whoever loads it. */
  readonly libc: string | null;
  readonly flags: string;
  readonly sources: Readonly<Record<string, string>>;
}

const WARNINGS = ["-Wall", "-Wextra", "-Wconversion", "-Wshadow", "-Wdate-time", "-Werror"];
const HARDENING = ["-D_FORTIFY_SOURCE=2", "-fstack-protector-strong", "-fstack-clash-protection"];
const LINKED = ["-s", "-Wl,--build-id=none", "-Wl,-z,relro,-z,now,-z,noexecstack"];
const COMMON = ["-std=c17", "-D_GNU_SOURCE", "-fno-ident", ...WARNINGS, ...HARDENING, ...LINKED];
const CONTROL_FLOW = { x64: "-fcf-protection=full", arm64: "-mbranch-protection=standard" };

export const BINARIES: readonly Binary[] = ARCHITECTURES.flatMap((architecture) => [
  {
    folder: "transport/native",
    architecture,
    path: `transport/native/prebuilt/linux-${architecture}.node`,
    flags: [...COMMON, CONTROL_FLOW[architecture], "-O2", "-fPIC", "-shared", "-fvisibility=hidden"],
  },
  {
    folder: "enclave-worker/init",
    architecture,
    path: `enclave-worker/init/prebuilt/linux-${architecture}`,
    flags: [
      ...COMMON,
      CONTROL_FLOW[architecture],
      "-Os",
      "-static-pie",
      "-ffunction-sections",
      "-Wl,--gc-sections",
    ],
  },
]);

const TRIPLES = { x64: "x86_64-linux-gnu", arm64: "aarch64-linux-gnu" };

/** The compiler's name; null where this machine has none for the architecture. */
export async function findCompiler(architecture: Architecture): Promise<string | null> {
  const name = process.arch === architecture ? "gcc" : `${TRIPLES[architecture]}-gcc`;
  return (await firstLine(name, ["--version"])) === null ? null : name;
}

/** Compiles into `output`, and says of what. Throws with the compiler's own words. */
export async function compile(binary: Binary, compiler: string, output: string): Promise<BuildRecord> {
  const folder = join(ROOT, binary.folder);
  const sources = (await sourcesOf(binary)).filter((name) => name.endsWith(".c"));
  await mkdir(dirname(output), { recursive: true });
  const places = [`-ffile-prefix-map=${folder}=.`, `-ffile-prefix-map=${HEADERS}=node`, "-isystem", HEADERS];
  await promisify(execFile)(compiler, [...binary.flags, ...places, ...sources, "-o", output], {
    cwd: folder,
  });
  return {
    binary: hash(await readFile(output)),
    ...(await toolchain(binary, compiler)),
    flags: binary.flags.join(" "),
    sources: await hashSources(binary),
  };
}

export async function toolchain(
  binary: Binary,
  compiler: string,
): Promise<Pick<BuildRecord, "compiler" | "linker" | "libc">> {
  const linker = (await firstLine(compiler, ["-print-prog-name=ld"])) ?? "ld";
  const libc = (await firstLine(compiler, ["-print-file-name=libc.a"])) ?? "";
  return {
    compiler: (await firstLine(compiler, ["--version"])) ?? "",
    linker: (await firstLine(linker, ["--version"])) ?? "",
    libc: binary.flags.includes("-shared") ? null : hash(await readFile(libc)),
  };
}

export async function hashSources(binary: Binary): Promise<Readonly<Record<string, string>>> {
  const hashes: Record<string, string> = {};
  for (const name of await sourcesOf(binary)) {
    hashes[name] = hash(await readFile(join(ROOT, binary.folder, name)));
  }
  return hashes;
}

/** The committed binary and its record; null where none was built for the architecture. */
export async function readPrebuilt(binary: Binary): Promise<{ hash: string; record: BuildRecord } | null> {
  const path = join(ROOT, binary.path);
  if (!existsSync(path) && !existsSync(recordPath(path))) return null;
  const record = JSON.parse(await readFile(recordPath(path), "utf8")) as BuildRecord;
  return { hash: hash(await readFile(path)), record };
}

/** Builds the binary in its place, with its record beside it. */
export async function build(binary: Binary, compiler: string): Promise<BuildRecord> {
  const path = join(ROOT, binary.path);
  const record = await compile(binary, compiler, path);
  await writeFile(recordPath(path), `${JSON.stringify(record, null, 2)}\n`);
  return record;
}

function recordPath(path: string): string {
  return `${path}.json`;
}

async function sourcesOf(binary: Binary): Promise<readonly string[]> {
  const names = await readdir(join(ROOT, binary.folder));
  return names.filter((name) => /\.[ch]$/.test(name)).sort();
}

async function firstLine(command: string, args: readonly string[]): Promise<string | null> {
  try {
    const { stdout } = await promisify(execFile)(command, args);
    return stdout.split("\n")[0] ?? "";
  } catch {
    return null;
  }
}

function hash(bytes: Uint8Array): string {
  return createHash("sha256").update(bytes).digest("hex");
}
