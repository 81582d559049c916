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
  readonly datasetKey: Uint8Array;
  /** Of the program's token keys, in their order. */
  readonly masters: readonly Uint8Array[];
  /** Of what the job makes; null where it makes nothing. */
  readonly output: GeneratedKey | null;
}

/** Errors: those of callForRecipient. */
export async function releaseKeys(
  connection: KmsConnection,
  { manifest, owner }: VerifiedManifest,
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
    const { keyArn, wrappedKey: blob, dataset, epoch } = manifest;
    const context = datasetContext({ owner, dataset, epoch });
    const datasetKey = await hold(decryptDataKey(connection, { keyArn, blob, context }));
    const masters: Uint8Array[] = [];
    // One after another: each is a TLS connection through the host, and there are few.
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
    if (shape === null) return { datasetKey, masters, output: null };
    const made = outputContext({ owner, dataset: shape.dataset, job: planDigest });
    return {
      datasetKey,
      masters,
      output: await generateDataKey(connection, { keyArn: shape.keyArn, context: made }),
    };
  } catch (error) {
    for (const key of held) key.fill(0);
    throw error;
  }
}

export function clearKeys({ datasetKey, masters, output }: JobKeys): void {
  for (const key of [datasetKey, ...masters]) key.fill(0);
  output?.key.fill(0);
}
