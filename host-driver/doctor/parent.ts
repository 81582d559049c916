// A parent as a whole: its facts, nitro-cli, what runs on it, and where its credentials come from.
import { SealroomError } from "../../core/errors.ts";
import { checkParent } from "../enclave/checks.ts";
import { fine, hasObstacle, obstacle } from "../enclave/finding.ts";
import type { Finding } from "../enclave/finding.ts";
import type { Description } from "../enclave/nitro-answers.ts";
import { describeEnclaves, findNitroCli } from "../enclave/nitro-cli.ts";
import type { ParentFacts } from "../enclave/parent.ts";
import { askMetadata, checkMetadata } from "./metadata.ts";

export async function examineParent(parent: ParentFacts): Promise<readonly Finding[]> {
  return [
    ...(await examineNitroCli(parent)),
    ...(parent.vendor === "Amazon EC2" ? [checkMetadata(await askMetadata())] : []),
  ];
}

/** Without what the device and the directory of sockets need, nitro-cli has no answer worth asking for. */
async function examineNitroCli(parent: ParentFacts): Promise<readonly Finding[]> {
  try {
    const version = await findNitroCli();
    const findings = checkParent(parent, { version });
    return hasObstacle(findings) ? findings : [...findings, checkRunning(await describeEnclaves())];
  } catch (error) {
    if (!(error instanceof SealroomError)) throw error;
    return [...checkParent(parent, { version: "that does not answer" }), describeFailure(error)];
  }
}

export function checkRunning(running: readonly Description[]): Finding {
  const debug = running.filter(({ mode }) => mode === "debug").map(({ id }) => id);
  if (debug.length === 0) return fine("enclaves", `${running.length} of 4 run, none in debug mode`);
  return obstacle(
    "enclaves",
    `${debug.join(", ")} runs in debug mode`,
    "the parent reads its memory; `sealroom enclave start` never starts one so: find out who did",
    debug.map((id) => `sealroom enclave stop ${id}`),
  );
}

function describeFailure({ code, message, details }: SealroomError): Finding {
  const { nitroError, meaning } = details;
  return obstacle(
    "enclaves",
    `${message} (${String(nitroError ?? code)})`,
    meaning === undefined ? "so it cannot be told what runs" : String(meaning),
    ["nitro-cli describe-enclaves"],
  );
}
