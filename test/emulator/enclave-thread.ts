// The pool's thread in the emulator's image: pulls over vsock, as in production.
import { readParentCid } from "../../enclave-worker/guest.ts";
import { objectRunner } from "../../enclave-worker/object-task.ts";
import { vsockDialer } from "../../transport/vsock.ts";

export const run: ReturnType<typeof objectRunner> = objectRunner(vsockDialer(readParentCid()));
