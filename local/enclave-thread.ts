// The pool's thread in the local enclave: pulls over unix sockets.
import { getEnvironmentData } from "node:worker_threads";
import { objectRunner } from "../enclave-worker/object-task.ts";
import { unixDialer } from "../transport/unix.ts";
import { SOCKETS } from "./enclave-files.ts";

const sockets: unknown = getEnvironmentData(SOCKETS);
if (typeof sockets !== "string") throw new Error("internal: this thread was started without its sockets");

export const run: ReturnType<typeof objectRunner> = objectRunner(unixDialer(sockets));
