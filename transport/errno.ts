// The kernel's error numbers, as the addon returns them (below zero), and what they become.
import { constants } from "node:os";
import { SealroomError } from "../core/errors.ts";
import type { Details, ErrorCode } from "../core/errors.ts";

const { errno } = constants;

const NAMES: ReadonlyMap<number, string> = new Map(
  Object.entries(errno).map(([name, number]) => [-number, name]),
);

export const AGAIN: number = -errno.EAGAIN;
export const IN_PROGRESS: number = -errno.EINPROGRESS;
export const NOT_CONNECTED: number = -errno.ENOTCONN;
export const TIMED_OUT: number = -errno.ETIMEDOUT;

/** No descriptor or no memory is left to accept with; both come back. */
export const EXHAUSTED: ReadonlySet<number> = new Set([
  -errno.EMFILE,
  -errno.ENFILE,
  -errno.ENOBUFS,
  -errno.ENOMEM,
]);

/** `ECONNRESET` and the like; a number that this system does not name stands for itself. */
export function errnoName(result: number): string {
  return NAMES.get(result) ?? `errno ${-result}`;
}

/** The error of a call that the kernel refused; the public field `errno` names why. */
export function refused(code: ErrorCode, result: number, details: Details = {}): SealroomError {
  return new SealroomError(code, { ...details, errno: errnoName(result) });
}
