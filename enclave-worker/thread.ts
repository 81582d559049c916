// The pool's thread in the production image: pulls over vsock, from the parent that the measured command line names.
import { vsockDialer } from "../transport/vsock.ts";
import { readParentCid } from "./guest.ts";
import { objectRunner } from "./object-task.ts";

export const run: ReturnType<typeof objectRunner> = objectRunner(vsockDialer(readParentCid()));
