// nitro-cli as a child process: arguments as an array, never through a shell; its answers bounded and strictly parsed. It
// is as trusted as the host that it runs on: what it says of measurements proves nothing, and saves a late surprise.
import { execFile } from "node:child_process";
import { SealroomError } from "../../core/errors.ts";
import { parseDescriptions, parseStarted, parseTermination } from "./nitro-answers.ts";
import type { Description, Started } from "./nitro-answers.ts";
import { readNitroErrors } from "./nitro-errors.ts";

export interface EnclaveRequest {
  /** Path of the EIF. */
  readonly image: string;
  readonly imageBytes: number;
  readonly memoryMiB: number;
  readonly cpus: number;
  /** 4 to 2^32 - 2; null leaves it to nitro-cli. */
  readonly cid: number | null;
}

const PROGRAM = "nitro-cli";
const OUTPUT_BYTES = 1024 * 1024;
const ANSWER_MS = 30_000;
/** nitro-cli itself waits as long for each started 6 GiB of image, and each started 100 GiB of memory. */
const BOOT_MS = 90_000;

/** `1.4.3`; null where there is no nitro-cli. Errors: NITRO_*. */
export async function findNitroCli(): Promise<string | null> {
  try {
    const output = await callNitroCli(["--version"], ANSWER_MS);
    const [, version] = /^Nitro CLI (\d{1,4}(?:\.\d{1,4}){1,3})\s*$/i.exec(output) ?? [];
    if (version === undefined) throw new SealroomError("NITRO_OUTPUT", { command: "--version" });
    return version;
  } catch (error) {
    if (error instanceof SealroomError && error.code === "NITRO_MISSING") return null;
    throw error;
  }
}

/**
 * Starts an enclave, never in debug mode: of such a one the host reads the memory, and its documents have zeros for
 * PCRs. Errors: NITRO_*.
 */
export async function runEnclave(request: EnclaveRequest): Promise<Started> {
  const output = await callNitroCli(
    [
      "run-enclave",
      "--eif-path",
      request.image,
      "--memory",
      String(request.memoryMiB),
      "--cpu-count",
      String(request.cpus),
      ...(request.cid === null ? [] : ["--enclave-cid", String(request.cid)]),
    ],
    bootLimitMs(request),
  );
  return parseStarted(output);
}

/** The enclaves of this user. Errors: NITRO_*. */
export async function describeEnclaves(): Promise<readonly Description[]> {
  return parseDescriptions(await callNitroCli(["describe-enclaves"], ANSWER_MS));
}

/** Errors: NITRO_*; NITRO_FAILED with E11 or E40 where there is none of that id. */
export async function terminateEnclave(id: string): Promise<void> {
  parseTermination(await callNitroCli(["terminate-enclave", "--enclave-id", id], ANSWER_MS), id);
}

function bootLimitMs({ imageBytes, memoryMiB }: EnclaveRequest): number {
  const parts = Math.ceil(imageBytes / (6 * 2 ** 30)) + Math.ceil(memoryMiB / (100 * 2 ** 10));
  return parts * BOOT_MS + ANSWER_MS;
}

/** What one command printed on standard output. Errors: NITRO_MISSING, NITRO_TIMEOUT, NITRO_OUTPUT, NITRO_FAILED. */
export async function callNitroCli(args: readonly string[], limitMs: number): Promise<string> {
  const command = args[0] ?? "";
  return new Promise((resolve, reject) => {
    // Without BACKTRACE its errors are of one form.
    const env = { ...process.env, BACKTRACE: undefined };
    const options = { timeout: limitMs, maxBuffer: OUTPUT_BYTES, env, killSignal: "SIGKILL" } as const;
    execFile(PROGRAM, args, options, (error, stdout, stderr) => {
      if (error === null) resolve(stdout);
      else reject(readFailure(error, command, stderr));
    });
  });
}

interface Failure {
  readonly code?: string | number | null;
  readonly killed?: boolean;
}

function readFailure(cause: Failure, command: string, stderr: string): SealroomError {
  if (cause.code === "ENOENT") return new SealroomError("NITRO_MISSING", {}, { cause });
  if (cause.code === "ERR_CHILD_PROCESS_STDIO_MAXBUFFER") {
    return new SealroomError("NITRO_OUTPUT", { command, limit: OUTPUT_BYTES }, { cause });
  }
  if (cause.killed === true) return new SealroomError("NITRO_TIMEOUT", { command }, { cause });
  const [first, ...others] = readNitroErrors(stderr);
  return new SealroomError(
    "NITRO_FAILED",
    {
      command,
      ...(first === undefined ? {} : { nitroError: first.code, meaning: first.meaning }),
      ...(others.length === 0 ? {} : { also: others.map(({ code }) => code).join(" ") }),
      ...(typeof cause.code === "number" ? { status: cause.code } : { system: cause.code ?? "signal" }),
    },
    { cause },
  );
}
