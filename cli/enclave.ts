// `sealroom enclave`: the group of what is done with enclaves and their images, one file a command.
import type { Command } from "commander";
import { declare } from "./command.ts";
import type { Host } from "./command.ts";
import { declareEnclaveBuild } from "./enclave-build.ts";
import { declareEnclaveDiff } from "./enclave-diff.ts";
import { declareEnclaveMeasure } from "./enclave-measure.ts";

export function declareEnclave(parent: Command, host: Host): void {
  const enclave = declare(parent, "enclave", {
    summary: "build, measure and compare enclave images",
    examples: ["sealroom enclave measure enclave.eif", "sealroom enclave diff theirs.eif mine.eif"],
  });
  declareEnclaveBuild(enclave, host);
  declareEnclaveMeasure(enclave, host);
  declareEnclaveDiff(enclave, host);
}
