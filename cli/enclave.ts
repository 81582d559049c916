// `sealroom enclave`: images and the enclaves that run them. One file a command.
import type { Command } from "commander";
import { declare } from "./command.ts";
import type { Host } from "./command.ts";
import { declareEnclaveStart } from "./enclave-start.ts";
import { declareEnclaveStatus } from "./enclave-status.ts";
import { declareEnclaveStop } from "./enclave-stop.ts";

export function declareEnclave(parent: Command, host: Host): void {
  const enclave = declare(parent, "enclave", {
    summary: "build, measure and run enclave images",
    examples: ["sealroom enclave start sealroom.eif", "sealroom enclave status"],
  });
  declareEnclaveStart(enclave, host);
  declareEnclaveStatus(enclave, host);
  declareEnclaveStop(enclave, host);
}
