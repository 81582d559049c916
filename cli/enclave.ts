// `sealroom enclave`: the group of what is done with enclaves and their images, one file a command.
import type { Command } from "commander";
import { declare } from "./command.ts";
import type { Host } from "./command.ts";
import { declareEnclaveBuild } from "./enclave-build.ts";
import { declareEnclaveDiff } from "./enclave-diff.ts";
import { declareEnclaveMeasure } from "./enclave-measure.ts";
import { declareEnclaveStart } from "./enclave-start.ts";
import { declareEnclaveStatus } from "./enclave-status.ts";
import { declareEnclaveStop } from "./enclave-stop.ts";

export function declareEnclave(parent: Command, host: Host): void {
  const enclave = declare(parent, "enclave", {
    summary: "build, measure and run enclave images",
    examples: ["sealroom enclave build --help", "sealroom enclave start sealroom.eif"],
  });
  declareEnclaveBuild(enclave, host);
  declareEnclaveMeasure(enclave, host);
  declareEnclaveDiff(enclave, host);
  declareEnclaveStart(enclave, host);
  declareEnclaveStatus(enclave, host);
  declareEnclaveStop(enclave, host);
}
