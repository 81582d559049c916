// The header record of a CSV file (RFC 4180), read here because DuckDB would guess at it.
import { open } from "node:fs/promises";
import { SealroomError } from "../../core/errors.ts";

const MAX_HEADER_BYTES = 1024 * 1024;

/** The names in the first record. @throws OWNER_INPUT when there is none, or it is not text of that form */
export async function readCsvHeader(path: string, delimiter: string): Promise<readonly string[]> {
  const file = await open(path, "r");
  try {
    const buffer = Buffer.alloc(MAX_HEADER_BYTES);
    const { bytesRead } = await file.read(buffer, 0, buffer.length, 0);
    return parseCsvHeader(decode(buffer.subarray(0, bytesRead), path), delimiter, path);
  } finally {
    await file.close();
  }
}

function decode(bytes: Uint8Array, file: string): string {
  // The cut may fall inside a character that comes long after the header.
  const text = new TextDecoder("utf-8").decode(bytes);
  if (text.includes("\0")) throw new SealroomError("OWNER_INPUT", { file, fault: "not a text file" });
  return text;
}

/** Exported for its tests. */
export function parseCsvHeader(text: string, delimiter: string, file: string): readonly string[] {
  const fault = (what: string): SealroomError => new SealroomError("OWNER_INPUT", { file, fault: what });
  const names: string[] = [];
  let at = 0;
  for (;;) {
    let name = "";
    if (text[at] === '"') {
      let end = at + 1;
      for (;;) {
        const next = text.indexOf('"', end);
        if (next < 0) throw fault("a quote in the header does not end");
        name += text.slice(end, next);
        end = next + 1;
        if (text[end] !== '"') break;
        name += '"';
        end += 1;
      }
      at = end;
    } else {
      const start = at;
      while (at < text.length && text[at] !== delimiter && text[at] !== "\n" && text[at] !== "\r") at += 1;
      name = text.slice(start, at);
    }
    names.push(name);
    if (text[at] === delimiter) {
      at += 1;
      continue;
    }
    if (at < text.length && text[at] !== "\n" && text[at] !== "\r") {
      throw fault("text after a quoted name in the header");
    }
    break;
  }
  if (names.length === 1 && names[0] === "") throw fault("no header");
  return names;
}
