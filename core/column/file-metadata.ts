// The custom metadata of an Arrow file's schema, which no step of reading columns looks at.
import { SealroomError } from "../errors.ts";
import { FlatBuffer } from "./flatbuffer.ts";
import { footerBytes } from "./footer.ts";

const TRAILER_BYTES = 10;
const MAX_MEMBERS = 64;
const MAX_KEY_BYTES = 256;
const MAX_VALUE_BYTES = 1024 * 1024;

/**
 * @param bytes a whole Arrow file
 * @throws COLUMN_FOOTER, COLUMN_METADATA, COLUMN_LIMIT
 */
export function readFileMetadata(bytes: Uint8Array): ReadonlyMap<string, string> {
  const footer = bytes.subarray(
    bytes.length - footerBytes(bytes, bytes.length),
    bytes.length - TRAILER_BYTES,
  );
  const schema = new FlatBuffer(footer).root().table(1);
  if (schema === undefined) throw new SealroomError("COLUMN_METADATA", { part: "footer" });
  const members = schema.tables(2);
  if (members.count > MAX_MEMBERS) throw new SealroomError("COLUMN_LIMIT", { metadata: members.count });
  const metadata = new Map<string, string>();
  for (let at = 0; at < members.count; at += 1) {
    const member = schema.tableOf(members, at);
    metadata.set(decodeText(member.string(0, MAX_KEY_BYTES)), decodeText(member.string(1, MAX_VALUE_BYTES)));
  }
  return metadata;
}

function decodeText(bytes: Uint8Array): string {
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    throw new SealroomError("COLUMN_METADATA", { part: "string" });
  }
}
