// `sealroom open --owner KEY` and `--recipient-key KEY`: opens a table that a job sealed to one key, as quarantine.jwe is
// to its owner and result.jwe to its recipient. Who sealed it the file does not say: that is the receipt's to prove.
import type { PrivateJwk } from "../core/manifest/jwk.ts";
import { MAX_PADDED_BYTES } from "../core/receipt/padding.ts";
import { sha384Hex } from "../core/text/digest.ts";
import { openSealed } from "../host-driver/output.ts";
import { locate, usage } from "./fault.ts";
import { readBytes, writeNewFile } from "./file.ts";
import { renderFields } from "./output.ts";
import type { Report } from "./output.ts";
import { readOwner, readRecipient } from "./owner-files.ts";

export interface SealedOptions {
  readonly owner?: string;
  readonly recipientKey?: string;
  readonly out?: string;
  readonly json?: boolean;
}

/** A JWE is a third longer than what is in it. */
const SEALED_BYTES: number = 2 * MAX_PADDED_BYTES;

/** `write`: to standard output. */
export async function openSealedFile(
  options: SealedOptions,
  file: string,
  write: (bytes: Uint8Array) => Promise<void>,
): Promise<Report> {
  const key = await readKey(options);
  const sealed = await readBytes(file, SEALED_BYTES);
  const { arrow, csv, table } = await locate(file, () => openSealed(sealed, key));
  const { out } = options;
  if (out === undefined && options.json !== true) {
    await write(csv);
    return { exit: 0, json: {}, text: [] };
  }
  if (out !== undefined) {
    const bytes = out.endsWith(".csv") ? csv : arrow;
    await locate(out, () => writeNewFile({ path: out, bytes, access: "secret" }));
  }
  const rows = table.batches.reduce((sum, batch) => sum + batch.rows, 0);
  const sha384 = await sha384Hex(sealed);
  const columns = table.fields.map(({ name }) => name);
  return {
    exit: 0,
    json: { file, out: out ?? null, rows, columns, sha384 },
    text: [
      `Opened ${file}`,
      ...renderFields([
        ["rows", String(rows)],
        ["columns", columns.join(", ")],
        ["sealed", `${sealed.length} bytes, SHA-384 as the receipt has to name it:`],
        ["", sha384],
        ...(out === undefined ? [] : [["written to", out] as const]),
      ]),
    ],
  };
}

async function readKey({ owner, recipientKey }: SealedOptions): Promise<PrivateJwk> {
  if (owner !== undefined) return (await readOwner(owner)).sealingPrivate;
  if (recipientKey === undefined) throw usage("give the key that it was sealed to");
  return readRecipient(recipientKey);
}
