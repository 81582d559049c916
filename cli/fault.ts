// A fault as one line for people and one object for programs: what, where, what to do. Only what is no fault that we
// know of has a stack.
import { CommanderError } from "commander";
import { ERROR_CODES, SealroomError } from "../core/errors.ts";
import type { Details, ErrorCode } from "../core/errors.ts";
import type { JsonObject } from "../core/json.ts";
import { consequenceOf } from "./exit.ts";
import type { ExitCode } from "./exit.ts";
import { printable } from "./output.ts";

/** A fault with the place where it lies: a file's name, an option, a location in S3. */
export class FaultAt extends Error {
  readonly where: string;
  override readonly cause: unknown;
  constructor(where: string, cause: unknown) {
    super(where);
    this.where = where;
    this.cause = cause;
  }
}

/** An interruption that left something, which is no result: what it is, where, and what to do with it. */
export class InterruptionLeft extends Error {}

export interface Fault {
  readonly exit: ExitCode;
  readonly code: ErrorCode;
  readonly what: string;
  readonly where: string | null;
  readonly advice: string;
  readonly details: Details;
  /** Of faults that nobody foresaw. */
  readonly stack: string | null;
}

/** Runs `work`; what it throws is said to lie at `where`, unless it says so itself. */
export async function locate<Value>(where: string, work: () => Value | Promise<Value>): Promise<Value> {
  try {
    return await work();
  } catch (error) {
    throw error instanceof FaultAt ? error : new FaultAt(where, error);
  }
}

/** A wrong command line: one sentence without its full stop. */
export function usage(fault: string): SealroomError {
  return new SealroomError("USAGE_ARGUMENTS", { fault });
}

export function readFault(error: unknown): Fault {
  if (error instanceof FaultAt) {
    const { where, ...fault } = readFault(error.cause);
    return { ...fault, where: where ?? error.where };
  }
  if (error instanceof CommanderError) {
    const fault = error.message
      .replace(/^error: /, "")
      .replace(/\.$/, "")
      .replaceAll("\n", " ");
    return describe("USAGE_ARGUMENTS", { fault }, null);
  }
  if (error instanceof SealroomError) return readKnown(error);
  const cloud = readCloudError(error);
  if (cloud !== null) return describe(cloud.code, cloud.details, null);
  return describe("INTERNAL", {}, error instanceof Error ? (error.stack ?? error.message) : String(error));
}

function readKnown({ name, code, details, cause }: SealroomError): Fault {
  const cloud = readCloudError(cause);
  if (cloud?.code === "CLOUD_CREDENTIALS") return describe(cloud.code, {}, null);
  // What the enclave refuses may have begun with what its host could not do.
  const seen = name === "JobRefused" && cause instanceof SealroomError ? { hostSaw: cause.code } : {};
  return describe(code, { ...details, ...seen }, null);
}

function describe(code: ErrorCode, details: Details, stack: string | null): Fault {
  const { exit, advice } = consequenceOf(code);
  const { fault, ...others } = details;
  const isUsage = code === "USAGE_ARGUMENTS" && typeof fault === "string";
  const what = code === "INTERNAL" ? "a fault that nobody foresaw" : ERROR_CODES[code];
  return isUsage
    ? { exit, code, what: fault, where: null, advice, details: others, stack }
    : { exit, code, what, where: null, advice, details, stack };
}

/** What the AWS SDK throws: no class of ours, but marks of its own. The service's message is its own sentence. */
function readCloudError(error: unknown): { readonly code: ErrorCode; readonly details: Details } | null {
  if (!(error instanceof Error)) return null;
  if (error.name === "CredentialsProviderError" || error.message === "Region is missing") {
    return { code: "CLOUD_CREDENTIALS", details: {} };
  }
  if ("$metadata" in error) {
    const message = error.message.replaceAll(/\s+/g, " ").slice(0, 300);
    return { code: "CLOUD_REQUEST", details: { name: error.name, message } };
  }
  const { code } = error as { code?: unknown };
  return typeof code === "string" &&
    /^(ECONN|ENOTFOUND|EAI_|ETIMEDOUT|EHOSTUNREACH|EPIPE|CERT_|ERR_TLS)/.test(code)
    ? { code: "CLOUD_REQUEST", details: { name: code } }
    : null;
}

/** `sealroom COMMAND: WHERE: WHAT (DETAILS) [CODE]. ADVICE`, on one line. */
export function renderFault(command: string, fault: Fault): string {
  if (fault.code === "USAGE_ARGUMENTS") {
    return printable(`${command}: ${fault.what}. See '${command} --help'.`);
  }
  const { line, column, field, fault: kind, nearest, ...facts } = withoutFile(fault);
  const place =
    line === undefined ? "" : `:${String(line)}${column === undefined ? "" : `:${String(column)}`}`;
  const where =
    fault.where === null ? (place === "" ? "" : `line ${place.slice(1)}: `) : `${fault.where}${place}: `;
  const subject = field === undefined || field === "" ? "" : `: ${String(field)}`;
  const finding = kind === undefined ? "" : `: ${String(kind)}`;
  const others = Object.entries(line === undefined && column !== undefined ? { column, ...facts } : facts);
  const notes = others.map(([name, value]) => `${spell(name)} ${String(value)}`);
  if (nearest !== undefined) notes.push(`did you mean '${String(nearest)}'?`);
  const detail = notes.length === 0 ? "" : ` (${notes.join(", ")})`;
  return printable(
    `${command}: ${where}${fault.what}${subject}${finding}${detail} [${fault.code}]. ${fault.advice}`,
  );
}

/** Some parts name the file themselves: once is enough. */
function withoutFile({ details, where }: Fault): Details {
  return Object.fromEntries(
    Object.entries(details).filter(([name, value]) => name !== "file" || value !== where),
  );
}

/** `minUnits` as people write it: `min units`. */
function spell(name: string): string {
  return name.replaceAll(/[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`);
}

export function encodeFault(command: string, fault: Fault): JsonObject {
  const { exit, code, what, where, advice, details } = fault;
  return { ok: false, command, exit, error: { code, what, where, advice, details: { ...details } } };
}
