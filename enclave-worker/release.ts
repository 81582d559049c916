// What leaves: the gated table, sealed to the recipient unless plan and rules say clear, and the receipt whose
// statement the hypervisor attests together with the analyst's nonce.
import { statementUserData } from "../core/receipt/binding.ts";
import { composeStatement } from "../core/receipt/compose.ts";
import type { JobInput } from "../core/receipt/compose.ts";
import { encodeReceipt } from "../core/receipt/receipt.ts";
import { sealResult } from "../core/receipt/sealed-result.ts";
import { encodeStatement } from "../core/receipt/statement.ts";
import type { Subject } from "../core/receipt/statement.ts";
import type { Plan } from "../core/plan/plan.ts";
import { sha384Hex } from "../core/text/digest.ts";
import { attest } from "./attest.ts";
import type { NsmDevice } from "./nsm.ts";

const SOFTWARE = { name: "sealroom", version: "0.1.0" } as const;

export interface Release {
  readonly plan: Plan;
  readonly planDigest: string;
  readonly inputs: readonly JobInput[];
  /** Arrow IPC, out of the gate. */
  readonly table: Uint8Array;
  /** The most bytes that a table of this job could have, whatever the data. */
  readonly mostBytes: number;
  /** What left before: objects are named by the manifest of them. */
  readonly outputs: readonly Subject[];
  /** Hex. */
  readonly nonce: string;
}

export interface Released {
  readonly result: Uint8Array;
  readonly receipt: Uint8Array;
}

/** Errors: KEY_*, RESULT_SIZE, NSM_*. */
export async function releaseTable(nsm: NsmDevice, release: Release): Promise<Released> {
  const { plan, planDigest, inputs, table, mostBytes, outputs } = release;
  const sealed = plan.release === "sealed";
  const result = sealed ? await sealResult(table, plan.recipient, mostBytes) : table;
  const name = sealed ? "result.jwe" : "result.arrow";
  const statement = encodeStatement(
    await composeStatement({
      plan,
      planDigest,
      inputs,
      result: { name, sha384: await sha384Hex(result) },
      outputs,
      software: SOFTWARE,
    }),
  );
  const attestation = await attest(nsm, {
    userData: await statementUserData(statement),
    nonce: new Uint8Array(Buffer.from(release.nonce, "hex")),
  });
  return { result, receipt: encodeReceipt({ attestation, statement }) };
}
