// All keys of a job: KMS gives each only under a context that is built here, from the manifest and who signed it, or from
// the plan's digest. They are in this process and its threads alone, and zeros when the job has ended.
import { datasetContext, outputContext, tokenContext } from "../core/manifest/encryption-context.ts";
import type { VerifiedManifest } from "../core/manifest/manifest.ts";
import { outputOf, tokenKeysOf } from "../jobs/registry.ts";
import type { Program } from "../jobs/registry.ts";
import { decryptDataKey } from "./kms/decrypt.ts";
import { generateDataKey } from "./kms/generate.ts";
import type { GeneratedKey } from "./kms/generate.ts";
import type { KmsConnection } from "./kms/recipient-call.ts";

export interface JobKeys {
  /** Of the plan's inputs, in its order. */
  readonly datasets: readonly Uint8Array[];
  /** Of the program's token keys, in their order. */
  readonly masters: readonly Uint8Array[];
  /** Of what the job makes; null where it makes nothing. */
  readonly output: GeneratedKey | null;
}

/** Errors: those of callForRecipient. */
export async function releaseKeys(
  connection: KmsConnection,
  inputs: readonly VerifiedManifest[],
  program: Program,
  planDigest: string,
): Promise<JobKeys> {
  const held: Uint8Array[] = [];
  const hold = async (key: Promise<Uint8Array>): Promise<Uint8Array> => {
    const bytes = await key;
    held.push(bytes);
    return bytes;
  };
  try {
    // One after another: each is a TLS connection through the host, and there are few.
    const datasets: Uint8Array[] = [];
    for (const { manifest, owner } of inputs) {
      const { keyArn, wrappedKey: blob, dataset, epoch } = manifest;
      const context = datasetContext({ owner, dataset, epoch });
      datasets.push(await hold(decryptDataKey(connection, { keyArn, blob, context })));
    }
    const owner = ownerOf(inputs);
    const masters: Uint8Array[] = [];
    for (const entry of tokenKeysOf(program)) {
      const { domain, version } = entry;
      const wrapped = { keyArn: entry.keyArn, blob: entry.wrappedKey };
      masters.push(
        await hold(
          decryptDataKey(connection, { ...wrapped, context: tokenContext({ owner, domain, version }) }),
        ),
      );
    }
    const shape = outputOf(program);
    if (shape === null) return { datasets, masters, output: null };
    const made = outputContext({ owner, dataset: shape.dataset, job: planDigest });
    return {
      datasets,
      masters,
      output: await generateDataKey(connection, { keyArn: shape.keyArn, context: made }),
    };
  } catch (error) {
    for (const key of held) key.fill(0);
    throw error;
  }
}

/** Of token keys and outputs, which jobs over one data set have. */
function ownerOf([input]: readonly VerifiedManifest[]): string {
  if (input === undefined) throw new Error("internal: a job without an input");
  return input.owner;
}

export function clearKeys({ datasets, masters, output }: JobKeys): void {
  for (const key of [...datasets, ...masters]) key.fill(0);
  output?.key.fill(0);
}
