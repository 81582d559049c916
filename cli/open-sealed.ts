// `sealroom open --owner KEY` and `--recipient-key KEY`: opens a table that a job sealed to one key, as quarantine.jwe is
// to its owner and result.jwe to its recipient. Who sealed it the file does not say: that is the receipt's to prove.
import { SealroomError } from "../core/errors.ts";
import type { PrivateJwk } from "../core/manifest/jwk.ts";
import { MAX_PADDED_BYTES } from "../core/receipt/padding.ts";
import { sha384Hex } from "../core/text/digest.ts";
import { parseLocation } from "../host-driver/location.ts";
import { openSealed } from "../host-driver/output.ts";
import { openCloud } from "./cloud-options.ts";
import type { CloudOptions } from "./cloud-options.ts";
import type { Session } from "./command.ts";
import { FaultAt, locate, usage } from "./fault.ts";
import { readBytes, writeNewFile } from "./file.ts";
import { renderFields } from "./output.ts";
import type { Report } from "./output.ts";
import { readOwner, readRecipient } from "./owner-files.ts";

export interface SealedOptions extends CloudOptions {
  readonly owner?: string;
  readonly recipientKey?: string;
  readonly out?: string;
  readonly json?: boolean;
}

/** A JWE is a third longer than what is in it. */
const SEALED_BYTES: number = 2 * MAX_PADDED_BYTES;

const IN_S3 = "s3://";

/** `file`: a path, or s3://bucket/key, which is read as the owner. `write`: to standard output. */
export async function openSealedFile(
  session: Session,
  options: SealedOptions,
  file: string,
  write: (bytes: Uint8Array) => Promise<void>,
): Promise<Report> {
  const key = await readKey(options);
  const sealed = await (file.startsWith(IN_S3)
    ? fetchSealed(session, options, file)
    : readSealed(options, file));
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

async function readSealed({ aws, state }: CloudOptions, file: string): Promise<Uint8Array> {
  if (aws === true || state !== undefined) {
    throw usage(`--aws and --state say where s3://... is, and ${file} is a file`);
  }
  return readBytes(file, SEALED_BYTES);
}

async function fetchSealed(session: Session, options: CloudOptions, file: string): Promise<Uint8Array> {
  const cut = file.lastIndexOf("/") + 1;
  const [at, key] = [file.slice(0, cut), file.slice(cut)];
  const place = parseLocation(at);
  const { findObject } = await import("../owner/store.ts");
  const cloud = await openCloud(session, options);
  try {
    const s3 = cloud.s3("owner");
    const found = await locate(file, () => findObject({ s3, place }, key, SEALED_BYTES));
    if (found === undefined) throw new FaultAt(file, new SealroomError("STORE_MISSING"));
    return found;
  } finally {
    await cloud.close();
  }
}

async function readKey({ owner, recipientKey }: SealedOptions): Promise<PrivateJwk> {
  if (owner !== undefined) return (await readOwner(owner)).sealingPrivate;
  if (recipientKey === undefined) throw usage("give the key that it was sealed to");
  return readRecipient(recipientKey);
}
