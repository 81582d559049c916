// What makes up the local enclave: its entry points, and the name under which threads find the socket directory.

export const SOCKETS = "sealroom:sockets";
export const ENCLAVE_ENTRIES: readonly string[] = ["local/enclave-main.ts", "local/enclave-thread.ts"];
