// Every target, by name.
import { ATTESTATION_TARGETS } from "./attestation.ts";
import { COLUMN_TARGETS } from "./column.ts";
import { CSV_TARGETS } from "./csv.ts";
import { DOCUMENT_TARGETS } from "./documents.ts";
import { LOCAL_TARGETS } from "./local.ts";
import { PARQUET_TARGETS } from "./parquet.ts";
import { POLICY_TARGETS } from "./policies.ts";
import { SEAL_TARGETS } from "./seal.ts";
import type { Target } from "./target.ts";
import { TEXT_TARGETS } from "./texts.ts";
import { WIRE_TARGETS } from "./wire.ts";

export const TARGETS: readonly Target[] = [
  ...WIRE_TARGETS,
  ...TEXT_TARGETS,
  ...DOCUMENT_TARGETS,
  ...ATTESTATION_TARGETS,
  ...SEAL_TARGETS,
  ...COLUMN_TARGETS,
  ...CSV_TARGETS,
  ...PARQUET_TARGETS,
  ...LOCAL_TARGETS,
  ...POLICY_TARGETS,
];

export function findTarget(name: string): Target {
  const found = TARGETS.find((target) => target.name === name);
  if (found === undefined) throw new Error(`no target ${name}`);
  return found;
}
