// What an emulated machine printed. The guest writes what it likes, so only its printable part is shown.
import { readFile } from "node:fs/promises";
import { stripVTControlCharacters } from "node:util";

const LINES = 20;
const CHARS = 2_000;

/** The last lines of the log, without control characters. */
export async function readTail(path: string): Promise<string> {
  const text = await readFile(path, "latin1").catch(() => "");
  return text
    .split(/\r?\n/)
    .map((line) => stripVTControlCharacters(line).replaceAll(/[^\x20-\x7e]/g, ""))
    .filter((line) => line.trim() !== "")
    .slice(-LINES)
    .join("\n")
    .slice(-CHARS);
}
