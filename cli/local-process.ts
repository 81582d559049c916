// The embedded stand-ins as a child process. The command line knows them by one line of JSON only, and imports nothing
// of theirs; the child ends when its standard input closes, so also when this process is killed.
import { spawn } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import { readFile, rm, writeFile } from "node:fs/promises";
import { connect } from "node:net";
import { getCompileCacheDir } from "node:module";
import { dirname, join, resolve } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { ERROR_CODES, SealroomError } from "../core/errors.ts";
import type { Details, ErrorCode } from "../core/errors.ts";
import { writeFileBy } from "./file.ts";

export type Role = "owner" | "enclave" | "breakGlass" | "analyst";

export interface LocalCredentials {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken: string;
}

/** What the stand-ins print when they are ready. */
export interface LocalEndpoints {
  readonly s3: string;
  readonly kms: string;
  /** The name by which the enclave asks for KMS. */
  readonly kmsHost: string;
  /** PEM file of the CA that signed KMS's certificate. */
  readonly kmsAuthority: string;
  readonly region: string;
  /** Directory of the enclave's sockets, where one was started. */
  readonly sockets: string | null;
  readonly credentials: Readonly<Record<Role, LocalCredentials>>;
  readonly roles: Readonly<Record<Role, string>>;
  readonly measurements: string;
  readonly simulatedRoot: string;
}

export interface LocalProcess {
  readonly endpoints: LocalEndpoints;
  /** False where another `sealroom local` serves this state already. */
  readonly isOwn: boolean;
  readonly pid: number;
  /** Resolves when the stand-ins have ended by themselves. */
  readonly ended: Promise<void>;
  close(): Promise<void>;
}

export interface LocalStart {
  readonly state: string;
  readonly enclave: "with-enclave" | "services-only";
  /** Whether what the stand-ins complain of is shown as it comes, or only if they do not start. */
  readonly complaints?: "show";
}

const MAIN = fileURLToPath(new URL(`../local/main${import.meta.filename.slice(-3)}`, import.meta.url));
/** How `sealroom local` tells other commands where it serves; gone when it ends. */
const RUNNING_FILE = "running.json";
const STOP_MS = 10_000;
const ERROR_CHARS = 4_000;

/**
 * Finds the stand-ins that a `sealroom local` in another terminal runs on the same state, or starts them.
 * Errors: LOCAL_START, LOCAL_LOCKED and what else the child reports.
 */
export async function startLocal(start: LocalStart): Promise<LocalProcess> {
  return (await findRunning(start)) ?? (await spawnLocal(start));
}

/** As startLocal, and refuses where the state is in use. */
export async function spawnLocal({ state, enclave, complaints }: LocalStart): Promise<LocalProcess> {
  const flags = enclave === "with-enclave" ? ["--enclave"] : [];
  const child = spawn(
    process.execPath,
    ["--disable-warning=ExperimentalWarning", MAIN, "--state", state, ...flags],
    // In a group of its own: Ctrl-C is for the command, which still needs it to clean up, and ends it then.
    { detached: true, stdio: ["pipe", "pipe", "pipe"], env: { ...process.env, ...compileCache() } },
  );
  const ended = new Promise<void>((done) => {
    child.once("close", () => {
      done();
    });
  });
  const complained = collectText(child);
  if (complaints === "show") child.stderr.pipe(process.stderr);
  const line = await firstLine(child);
  if (line === null) {
    await stop(child, ended);
    throw new SealroomError("LOCAL_START", { output: complained() });
  }
  try {
    const endpoints = parseLine(line);
    return { endpoints, isOwn: true, pid: child.pid ?? -1, ended, close: () => stop(child, ended) };
  } catch (error) {
    await stop(child, ended);
    const isForeseen = error instanceof SealroomError && error.code !== "INTERNAL";
    throw isForeseen ? error : new SealroomError("LOCAL_START", { output: complained() }, { cause: error });
  }
}

/** The child's compiled code is kept where ours is. */
function compileCache(): NodeJS.ProcessEnv {
  const directory = getCompileCacheDir();
  return directory === undefined ? {} : { NODE_COMPILE_CACHE: dirname(directory) };
}

/** For `sealroom local`, so that other commands find it. Returns what undoes it. */
export async function announce(
  state: string,
  { pid, endpoints }: LocalProcess,
): Promise<() => Promise<void>> {
  const path = join(state, RUNNING_FILE);
  await writeFileBy(path, (temporary) =>
    writeFile(temporary, JSON.stringify({ pid, ...endpoints }), { mode: 0o600, flag: "wx" }),
  );
  return () => rm(path, { force: true });
}

/** What is announced may be of one that was killed: it counts if the process is there and S3 answers. */
async function findRunning({ state, enclave }: LocalStart): Promise<LocalProcess | null> {
  let endpoints: LocalEndpoints;
  let pid: number;
  try {
    const text = await readFile(join(resolve(state), RUNNING_FILE), "utf8");
    endpoints = parseLine(text);
    ({ pid } = JSON.parse(text) as { pid: number });
    process.kill(pid, 0);
  } catch {
    return null;
  }
  if (enclave === "with-enclave" && endpoints.sockets === null) return null;
  if (!(await answers(new URL(endpoints.s3)))) return null;
  return {
    endpoints,
    isOwn: false,
    pid,
    ended: new Promise(() => undefined),
    close: () => Promise.resolve(),
  };
}

async function answers({ hostname, port }: URL): Promise<boolean> {
  const socket = connect({ host: hostname, port: Number(port), timeout: 2_000 });
  return new Promise((done) => {
    const end = (isUp: boolean) => (): void => {
      socket.destroy();
      done(isUp);
    };
    socket.once("connect", end(true)).once("error", end(false)).once("timeout", end(false));
  });
}

async function firstLine(child: ChildProcess): Promise<string | null> {
  if (child.stdout === null) throw new Error("internal: no pipe");
  const lines = createInterface({ input: child.stdout });
  return new Promise((done) => {
    lines.once("line", done);
    lines.once("close", () => {
      done(null);
    });
    child.once("error", () => {
      done(null);
    });
  });
}

/** The last of what the child says on its standard error. */
function collectText(child: ChildProcess): () => string {
  let text = "";
  child.stderr?.setEncoding("utf8").on("data", (chunk: string) => {
    text = (text + chunk).slice(-ERROR_CHARS);
  });
  return () => text.trim().replaceAll(/\s+/g, " ");
}

function parseLine(line: string): LocalEndpoints {
  let value: {
    readonly error?: { readonly code: string; readonly details: Details };
  } & Partial<LocalEndpoints>;
  try {
    value = JSON.parse(line) as typeof value;
  } catch (cause) {
    throw new SealroomError("LOCAL_START", { output: line.slice(0, 200) }, { cause });
  }
  if (value.error !== undefined) {
    const { code, details } = value.error;
    throw new SealroomError(Object.hasOwn(ERROR_CODES, code) ? (code as ErrorCode) : "LOCAL_START", details);
  }
  const isWhole =
    ["s3", "kms", "kmsHost", "kmsAuthority", "region", "measurements", "simulatedRoot"].every(
      (name) => typeof value[name as keyof LocalEndpoints] === "string",
    ) && typeof value.credentials === "object";
  if (!isWhole) throw new SealroomError("LOCAL_START", { output: "an unknown answer" });
  return value as LocalEndpoints;
}

async function stop(child: ChildProcess, ended: Promise<void>): Promise<void> {
  child.stdin?.end();
  const timer = setTimeout(() => child.kill("SIGKILL"), STOP_MS);
  if (child.pid !== undefined) await ended;
  clearTimeout(timer);
}
