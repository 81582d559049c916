// The pool's thread in the production image: pulls over vsock.
import { vsockDialer } from "../transport/vsock.ts";
import { objectRunner } from "./object-task.ts";

export const run: ReturnType<typeof objectRunner> = objectRunner(vsockDialer);
