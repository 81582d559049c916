// `sealroom enclave`: the group of what is done with enclaves and their images, one file a command.
import type { Command } from "commander";
import type { Host } from "./command.ts";
import { declareEnclaveBuild } from "./enclave-build.ts";
import { declareEnclaveDiff } from "./enclave-diff.ts";
import { declareEnclaveMeasure } from "./enclave-measure.ts";

export function declareEnclave(parent: Command, host: Host): void {
  const enclave = parent
    .command("enclave")
    .summary("build, measure and compare enclave images")
    .description("Build, measure and compare enclave images.");
  declareEnclaveBuild(enclave, host);
  declareEnclaveMeasure(enclave, host);
  declareEnclaveDiff(enclave, host);
}
