// What a command says: one JSON object, or text for people. Commands return it; only print.ts and progress.ts write.
import { styleText } from "node:util";
import type { JsonObject } from "../core/json.ts";
import type { ExitCode } from "./exit.ts";

export interface Report {
  readonly exit: ExitCode;
  /** Printed with --json, after `ok`, `command` and `exit`. */
  readonly json: JsonObject;
  /** Printed without. */
  readonly text: readonly string[];
}

export const WIDTH = 80;

/** Names and values come from files and enclaves: nothing in them may move the cursor or reorder the line. */
export function printable(text: string): string {
  return text.replace(/[\p{Cc}\p{Bidi_Control}\p{Zl}\p{Zp}\p{Surrogate}]/gu, "\ufffd");
}

type Style = "bold" | "dim" | "green" | "red" | "yellow";

/** Styled if standard output is a terminal, and NO_COLOR is not set. */
export function paint(style: Style, text: string): string {
  return styleText(style, text, { stream: process.stdout });
}

/** `label   value` lines with the values below each other; a value that does not fit goes on in its column. */
export function renderFields(
  fields: readonly (readonly [label: string, value: string])[],
): readonly string[] {
  const indent = 2 + Math.max(0, ...fields.map(([label]) => label.length)) + 2;
  return fields.flatMap(([label, value]) => {
    const [first = "", ...rest] = wrap(value, WIDTH - indent);
    const head = `  ${paint("dim", label)}${" ".repeat(indent - 2 - label.length)}${first}`;
    return [head, ...rest.map((line) => " ".repeat(indent) + line)];
  });
}

/** Breaks at spaces alone: a digest or a path that is too long has a line of its own, whole, to be copied. */
export function wrap(text: string, width: number = WIDTH): readonly string[] {
  const lines: string[] = [];
  let line = "";
  for (const word of text.split(" ")) {
    if (line !== "" && line.length + 1 + word.length > width) {
      lines.push(line);
      line = "";
    }
    line = line === "" ? word : `${line} ${word}`;
  }
  return [...lines, line];
}

const UNITS = ["bytes", "KiB", "MiB", "GiB", "TiB"];

/** As people read it: `12.3 MiB`. */
export function renderBytes(bytes: number): string {
  let value = bytes;
  let unit = 0;
  while (value >= 1024 && unit < UNITS.length - 1) {
    value /= 1024;
    unit++;
  }
  return `${unit === 0 ? value : value.toFixed(1)} ${UNITS[unit] ?? ""}`;
}
