// A policy as it is printed, for the roles of the local stand-ins, and the requests that it is for.
import { encodeRegister } from "../../core/attestation/measurements.ts";
import { parentRoleRegister } from "../../core/parent-registers.ts";
import { keyPolicy } from "../../owner/key-policy.ts";
import type { KeyPolicyTerms } from "../../owner/key-policy/terms.ts";
import { IMAGE } from "../local/kms/rig.ts";
import type { Policy } from "./edit.ts";

const role = (name: string): string => `arn:aws:iam::000000000000:role/${name}`;

export const OWNER = "NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs";
export const OWNER_ROLE: string = role("sealroom-owner");
export const ENCLAVE_ROLE: string = role("sealroom-enclave");
export const BREAK_GLASS_ROLE: string = role("sealroom-break-glass");
export const OTHER_PARENT: string = encodeRegister(parentRoleRegister(role("sealroom-analyst")));

export const TERMS: KeyPolicyTerms = {
  measurements: [IMAGE],
  ownerRoleArn: OWNER_ROLE,
  enclaveRoleArn: ENCLAVE_ROLE,
  breakGlassRoleArn: BREAK_GLASS_ROLE,
  owner: OWNER,
  dataset: "flights",
  liveEpochs: [1_763_856_000_000],
  tokens: [{ domain: "people", version: 1 }],
  outputs: ["flights-tokens"],
};

export const GOOD: Policy = JSON.parse(JSON.stringify(keyPolicy(TERMS))) as Policy;

/** By which an enclave's statements are known to work. */
export const USES: readonly {
  readonly action: string;
  readonly context: Readonly<Record<string, string>>;
}[] = [
  {
    action: "kms:Decrypt",
    context: {
      "sealroom:owner": OWNER,
      "sealroom:purpose": "dataset",
      "sealroom:dataset": "flights",
      "sealroom:epoch": "1763856000000",
    },
  },
  {
    action: "kms:Decrypt",
    context: {
      "sealroom:owner": OWNER,
      "sealroom:purpose": "token",
      "sealroom:domain": "people",
      "sealroom:version": "1",
    },
  },
  {
    action: "kms:GenerateDataKey",
    context: {
      "sealroom:owner": OWNER,
      "sealroom:purpose": "output",
      "sealroom:dataset": "flights-tokens",
      "sealroom:job": "ab".repeat(48),
    },
  },
];
