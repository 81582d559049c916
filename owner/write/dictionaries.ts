// Which text columns are sealed as codes into a dictionary, and what stands in it: dimensions of few distinct values,
// in the order of their bytes.
import type { SealColumn } from "../read/source.ts";
import { TextCodes } from "../order/text-codes.ts";

/** How a column whose records hold codes is sealed. */
export interface ColumnDictionary {
  /** By code as it was drawn: the bytes of its text. */
  readonly texts: readonly Uint8Array[];
  /** Null when there were too many texts for a dictionary, or none: then the column is sealed as text. */
  readonly codes: {
    readonly strings: readonly string[];
    /** By code as it was drawn: the code that is sealed. */
    readonly ranks: Int32Array;
    readonly bits: 8 | 16 | 32;
  } | null;
}

/** By column. */
export type Dictionaries = ReadonlyMap<number, ColumnDictionary>;

/** For the columns that may have a dictionary. */
export function openDictionaries(columns: readonly SealColumn[]): ReadonlyMap<number, TextCodes> {
  const isCandidate = ({ arrowType, role }: SealColumn): boolean =>
    arrowType.kind === "utf8" && role === "dimension";
  return new Map(columns.flatMap((column, i) => (isCandidate(column) ? [[i, new TextCodes()]] : [])));
}

/** When all rows are read. */
export function finishDictionary(codes: TextCodes): ColumnDictionary {
  const texts = codes.texts();
  if (!codes.isComplete || codes.count === 0) return { texts, codes: null };
  const order = texts.map((_, code) => code);
  order.sort((a, b) => Buffer.compare(texts[a] ?? NONE, texts[b] ?? NONE));
  const ranks = new Int32Array(texts.length);
  for (const [rank, code] of order.entries()) ranks[code] = rank;
  const decoder = new TextDecoder("utf-8", { ignoreBOM: true });
  const strings = order.map((code) => decoder.decode(texts[code]));
  return { texts, codes: { strings, ranks, bits: codeBits(texts.length) } };
}

const NONE = new Uint8Array(0);

/** The smallest signed codes for so many values. */
function codeBits(values: number): 8 | 16 | 32 {
  return values <= 128 ? 8 : values <= 32_768 ? 16 : 32;
}
