// The analyst's check of what came back, with what he held from before the job.
import { trustRoot } from "../../core/attestation/root.ts";
import { verifyReceipt } from "../../core/receipt/verify.ts";
import type { ReceiptCheck, VerifiedReceipt } from "../../core/receipt/verify.ts";
import type { HonestJob, JobEnd } from "./host.ts";
import type { World } from "./world.ts";

export type Done = Extract<JobEnd, { type: "done" }>;

/** Throws for a refusal, and what verifyReceipt throws. `changes` stand in the place of what he held. */
export async function verifyAnswer(
  { services }: World,
  { plan, nonce, dataset, beside }: HonestJob,
  event: JobEnd,
  changes: Partial<ReceiptCheck> = {},
): Promise<VerifiedReceipt> {
  if (event.type === "refused") throw new Error(`refused: ${event.code} ${JSON.stringify(event.details)}`);
  return verifyReceipt({
    receipt: event.receipt,
    result: event.result,
    root: trustRoot(services.nitroRoot.certificate),
    measurements: [services.measurements],
    nonce: Buffer.from(nonce, "hex"),
    owners: Object.fromEntries(
      [dataset, ...(beside === undefined ? [] : [beside])].map(({ manifest, owner }) => [
        manifest.dataset,
        owner.thumbprint,
      ]),
    ),
    plan,
    ...changes,
  });
}
