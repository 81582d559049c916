// Verifies a receipt with no network. What the verifier demands he holds from before the job: nothing of it is taken
// from what came back, and none of it can be left out. Runs unchanged in a browser.
import type { AttestationDocument } from "../attestation/document.ts";
import { Expectations } from "../attestation/expectations.ts";
import type { Measurements } from "../attestation/measurements.ts";
import type { TrustRoot } from "../attestation/root.ts";
import { verifyArchived } from "../attestation/verify.ts";
import { PolicyError } from "../errors.ts";
import { encodeCanonical } from "../json.ts";
import { thumbprint } from "../manifest/jwk.ts";
import { sha384Hex } from "../text/digest.ts";
import { statementUserData } from "./binding.ts";
import { readExpectations } from "./expectations.ts";
import type { ReceiptExpectations } from "./expectations.ts";
import { parseReceipt } from "./receipt.ts";
import { OUTPUT_FILE, parseStatement } from "./statement.ts";
import type { Statement } from "./statement.ts";

/** What the verifier brings: the plan as compiled from his own job file, on his own machine. */
export interface ReceiptCheck {
  /** The receipt's file. Hostile bytes. */
  readonly receipt: Uint8Array;
  /** What came as the result: the sealed result as it left, or the table where it left in the clear. Hostile bytes. */
  readonly result: Uint8Array;
  /** What came as the unsigned manifest of what the job made; of jobs that make objects alone. Hostile bytes. */
  readonly output?: Uint8Array;
  readonly root: TrustRoot;
  /** One or more images to accept. */
  readonly measurements: readonly Measurements[];
  /** The verifier's own, 16 bytes or more, used once. */
  readonly nonce: Uint8Array;
  /** RFC 7638 thumbprint of each input's owner, by data set. Exactly the plan's inputs. */
  readonly owners: Readonly<Record<string, string>>;
  readonly plan: { readonly bytes: Uint8Array; readonly digest: string };
  /** The digest that the input's manifest must have; of joined inputs, by data set. Not given, `epochChecked` is false. */
  readonly manifest?: string | Readonly<Record<string, string>>;
}

export interface VerifiedReceipt {
  readonly statement: Statement;
  /** When the enclave attested it, Unix milliseconds. */
  readonly timestampMs: number;
  /** Instance and enclave. */
  readonly moduleId: string;
  /** True when the root is not Amazon's: then nothing was protected from the host. */
  readonly simulated: boolean;
  /** Whether the manifest, and so the epoch and the rules, was one that the verifier expected. */
  readonly epochChecked: boolean;
}

/**
 * The order of checks. Before the attestation document verifies, nothing that the receipt says is looked at.
 * Errors: EXPECTATION_EMPTY; RECEIPT_FORM; DOCUMENT_*, COSE_*, CHAIN_*, POLICY_* (chain, signature, PCR0-2, nonce, and
 * by user_data the statement); JSON_*, RECEIPT_STATEMENT, PLAN_*; RECEIPT_PLAN, RECEIPT_INPUTS, RECEIPT_OWNER,
 * RECEIPT_MANIFEST, RECEIPT_RELEASE, RECEIPT_RESULT, RECEIPT_OUTPUT.
 */
export async function verifyReceipt(check: ReceiptCheck): Promise<VerifiedReceipt> {
  const expected = await readExpectations(check);
  const { attestation, statement: bytes } = parseReceipt(expected.receipt);
  const document = await verifyDocument(attestation, bytes, expected);
  const statement = parseStatement(bytes);
  checkPlan(statement, expected);
  checkInputs(statement, expected);
  await checkDelivery(statement);
  await checkResult(statement, expected.result);
  await checkOutput(statement, expected.output);
  return {
    statement,
    timestampMs: document.timestampMs,
    moduleId: document.moduleId,
    simulated: expected.root.simulated,
    epochChecked: expected.manifests !== null,
  };
}

/** That an image which the verifier knows attested this very statement, in answer to this very nonce. */
async function verifyDocument(
  attestation: Uint8Array,
  statement: Uint8Array,
  { root, measurements, nonce }: ReceiptExpectations,
): Promise<AttestationDocument> {
  const userData = await statementUserData(statement);
  return verifyArchived(attestation, root, new Expectations({ measurements, nonce, userData }));
}

function checkPlan(statement: Statement, { planText, planDigest }: ReceiptExpectations): void {
  const stated = new TextDecoder().decode(encodeCanonical(statement.plan));
  if (stated !== planText || statement.planDigest !== planDigest) {
    throw new PolicyError("RECEIPT_PLAN", { expected: planDigest, stated: statement.planDigest });
  }
}

function checkInputs(statement: Statement, { owners, manifests }: ReceiptExpectations): void {
  const { inputs, plan } = statement;
  if (inputs.length !== plan.inputs.length) {
    throw new PolicyError("RECEIPT_INPUTS", { inputs: inputs.length });
  }
  inputs.forEach((input, i) => {
    const { dataset, owner } = input;
    if (plan.inputs[i]?.dataset !== dataset) throw new PolicyError("RECEIPT_INPUTS", { dataset });
    if (plan.inputs[i].owner !== owner || owners.get(dataset) !== owner) {
      throw new PolicyError("RECEIPT_OWNER", { dataset, stated: owner });
    }
    const expected = manifests?.get(dataset);
    if (manifests !== null && input.manifest !== expected) {
      const stated = input.manifest;
      throw new PolicyError("RECEIPT_MANIFEST", { dataset, expected: expected ?? "none", stated });
    }
  });
}

async function checkDelivery({ plan, release: { delivery } }: Statement): Promise<void> {
  const isAsked =
    "clear" in delivery
      ? plan.release === "clear"
      : plan.release === "sealed" && delivery.sealedTo === (await thumbprint(plan.recipient));
  if (!isAsked) throw new PolicyError("RECEIPT_RELEASE");
}

async function checkResult(statement: Statement, result: Uint8Array): Promise<void> {
  const digest = await sha384Hex(result);
  if (digest !== statement.subject.sha384) {
    throw new PolicyError("RECEIPT_RESULT", { stated: statement.subject.sha384, found: digest });
  }
}

/** A job that makes objects has named the manifest of them, which is this one; no other job has one. */
async function checkOutput({ outputs, plan }: Statement, output: Uint8Array | null): Promise<void> {
  const stated = outputs.find(({ name }) => name === OUTPUT_FILE)?.sha384;
  const found = output === null ? undefined : await sha384Hex(output);
  if ((plan.kind === "tokenize") !== (found !== undefined) || stated !== found) {
    throw new PolicyError("RECEIPT_OUTPUT", { stated: stated ?? "none", found: found ?? "none" });
  }
}
