// In which of its dialects a CSV text is written, as its owner states it: nothing is guessed from the text.
import type { Field } from "../text/field.ts";

export interface CsvDialect {
  readonly delimiter: CsvDelimiter;
  /** Whether the first record holds the columns' names; they have to be those of the schema, in its order. */
  readonly header: CsvHeader;
  /** What stands for null: a field that is one of these, byte for byte. Of a text only where it is not quoted. */
  readonly nulls: readonly string[];
}

export type CsvDelimiter = "comma" | "tab" | "semicolon" | "bar";
export type CsvHeader = "names" | "none";

/** By name: a tab is nothing that anybody sees. */
export const CSV_DELIMITERS = { comma: ",", tab: "\t", semicolon: ";", bar: "|" } as const;
export const CSV_DELIMITER_NAMES = ["comma", "tab", "semicolon", "bar"] as const;
export const CSV_HEADERS = ["names", "none"] as const;
export const MAX_NULL_TOKENS = 32;
const MAX_TOKEN_CHARS = 64;

/** Errors: those of the field, and of a token that no field can be. */
export function parseDialect(field: Field): CsvDialect {
  const { delimiter, header, nulls } = field.record(["delimiter", "header", "nulls"]);
  const name = delimiter.oneOf(CSV_DELIMITER_NAMES);
  return {
    delimiter: name,
    header: header.oneOf(CSV_HEADERS),
    nulls: nulls.list(0, MAX_NULL_TOKENS).map((token) => parseToken(token, CSV_DELIMITERS[name])),
  };
}

function parseToken(field: Field, delimiter: string): string {
  const token = field.text();
  const isField = !token.includes(delimiter) && !/["\r\n\0]/.test(token);
  if (token.length > MAX_TOKEN_CHARS || !isField) throw field.fault("malformed");
  return token;
}
