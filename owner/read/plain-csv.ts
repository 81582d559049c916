// A CSV file (RFC 4180) in its plainest form, a few thousand records at a time: where each field lies, nothing copied.
// Whatever is not plain, from a stray quote to a record of another length, is thrown as NotPlain, and the file is read
// by DuckDB instead, which knows what to make of it or what to say. So this decides nothing; it is here for speed:
// DuckDB parses as fast, but its bindings copy every vector, which with the garbage halves the speed of `seal`.
import { closeSync, openSync, readSync } from "node:fs";
import { isUtf8 } from "../../core/column/utf8.ts";
import { CHUNK_ROWS } from "./duckdb-vector.ts";
import type { TextSource } from "./text-vector.ts";

/** The file, or a value in it, is not of the form that is read here. */
export class NotPlain extends Error {}

/** The fields of one column of the file; arrays may be longer than the chunk's rows. */
export interface PlainColumn {
  readonly starts: Int32Array;
  readonly lengths: Int32Array;
}

const BUFFER_BYTES = 4 * 1024 * 1024;
/** Before the first record and after the last byte there is a line end, which ends every search. */
const FIRST = 4;
const [LF, CR, QUOTE, BOM] = [0x0a, 0x0d, 0x22, 0xef];

export class PlainCsv {
  readonly columns: readonly PlainColumn[];
  /** The text that the fields lie in. */
  readonly source: TextSource;
  readonly #descriptor: number;
  readonly #delimiter: number;
  /** Four of them. */
  readonly #delimiters: number;
  /** By byte: whether a field without quotes may end there. */
  readonly #special = new Uint8Array(256);
  readonly #starts: Int32Array;
  readonly #lengths: Int32Array;
  #at = FIRST;
  #end = FIRST;
  #isAtEnd = false;
  #isLastLineEnded = false;
  /** Fields of the present chunk in which quotes are doubled. */
  readonly #doubled: number[] = [];
  /** Length of the file's line ends; 0 until the first. */
  #lineEnd = 0;

  /** @param columns fields in each record */
  constructor(path: string, delimiter: string, columns: number) {
    this.#descriptor = openSync(path, "r");
    this.#delimiter = delimiter.charCodeAt(0);
    this.#delimiters = Math.imul(this.#delimiter, 0x0101_0101);
    for (const byte of [0, LF, CR, QUOTE, this.#delimiter]) this.#special[byte] = 1;
    const buffer = new ArrayBuffer(BUFFER_BYTES + 8);
    this.source = { words: new Int32Array(buffer), bytes: new Uint8Array(buffer) };
    this.source.bytes.fill(LF, 0, FIRST);
    const starts = new Int32Array(columns * CHUNK_ROWS);
    const lengths = new Int32Array(columns * CHUNK_ROWS);
    this.#starts = starts;
    this.#lengths = lengths;
    this.columns = Array.from({ length: columns }, (_, i) => ({
      starts: starts.subarray(i * CHUNK_ROWS, (i + 1) * CHUNK_ROWS),
      lengths: lengths.subarray(i * CHUNK_ROWS, (i + 1) * CHUNK_ROWS),
    }));
  }

  close(): void {
    closeSync(this.#descriptor);
  }

  /** Passes over the header. @throws NotPlain */
  skipHeader(): void {
    this.#fill();
    if (this.source.bytes[FIRST] === BOM) throw new NotPlain();
    if (this.#scan(1) === 0) throw new NotPlain();
  }

  /** The next records; how many, 0 at the end. What is found is valid until the next call. @throws NotPlain */
  next(): number {
    let rows = this.#scan(CHUNK_ROWS);
    while (rows === 0 && !(this.#isAtEnd && this.#at === this.#end)) {
      if (!this.#isAtEnd) this.#fill();
      else this.#endLastLine();
      rows = this.#scan(CHUNK_ROWS);
    }
    return rows;
  }

  /** Moves what is left to the front and reads on. */
  #fill(): void {
    const { bytes } = this.source;
    bytes.copyWithin(FIRST, this.#at, this.#end);
    this.#end += FIRST - this.#at;
    this.#at = FIRST;
    const room = BUFFER_BYTES - this.#end;
    // A record longer than the buffer.
    if (room === 0) throw new NotPlain();
    const read = readSync(this.#descriptor, bytes, this.#end, room, null);
    this.#isAtEnd = read === 0;
    this.#end += read;
    bytes[this.#end] = LF;
  }

  /** The last record may lack its line end. */
  #endLastLine(): void {
    const { bytes } = this.source;
    if (this.#isLastLineEnded) throw new NotPlain();
    this.#isLastLineEnded = true;
    if (this.#lineEnd === 2) bytes[this.#end++] = CR;
    bytes[this.#end++] = LF;
    bytes[this.#end] = LF;
  }

  /** Finds the fields of at most `most` whole records. */
  #scan(most: number): number {
    const { bytes, words } = this.source;
    const [special, starts, lengths, doubled] = [this.#special, this.#starts, this.#lengths, this.#doubled];
    const delimiter = this.#delimiter;
    const delimiters = this.#delimiters;
    const end = this.#end;
    const first = this.#at;
    const last = this.columns.length * CHUNK_ROWS;
    let at = first;
    let field = 0;
    let row = 0;
    let doubledBefore = 0;
    doubled.length = 0;
    // The word that is looked at, and which of its bytes may be special and were not looked at yet.
    let word = at >> 2;
    let marks = markSpecial(words[word] ?? 0, delimiters);
    while (row < most) {
      let stop: number;
      do {
        while (marks === 0) marks = markSpecial(words[++word] ?? 0, delimiters);
        stop = (word << 2) + ((31 - Math.clz32(marks & -marks)) >> 3);
        marks &= marks - 1;
      } while (stop < at || special[bytes[stop] ?? 0] === 0);
      if (stop >= end) break;
      let start = at;
      at = stop;
      if (bytes[stop] === QUOTE) {
        if (stop !== start) throw new NotPlain();
        start += 1;
        stop = this.#closeQuote(start, field + row);
        at = stop + 1;
        if (at >= end) break;
      }
      if (field === last) throw new NotPlain();
      starts[field + row] = start;
      lengths[field + row] = stop - start;
      field += CHUNK_ROWS;
      const byte = bytes[at] ?? 0;
      if (byte === delimiter) {
        at += 1;
        continue;
      }
      if (byte === CR && at + 1 === end) break;
      const lineEnd = byte === CR ? 2 : 1;
      if (byte !== LF && (byte !== CR || bytes[at + 1] !== LF)) throw new NotPlain();
      // A line without anything in it may be no record at all.
      if (field !== last || at === this.#at || lineEnd !== (this.#lineEnd || lineEnd)) throw new NotPlain();
      this.#lineEnd = lineEnd;
      at += lineEnd;
      this.#at = at;
      doubledBefore = doubled.length;
      field = 0;
      row += 1;
    }
    if (!isUtf8(bytes, first, this.#at)) throw new NotPlain();
    for (const place of doubled.slice(0, doubledBefore)) this.#undouble(place);
    return row;
  }

  /** Where the quote is that ends a field, the buffer's end when it is not there. */
  #closeQuote(start: number, place: number): number {
    const { bytes } = this.source;
    let hasDoubled = false;
    for (let at = start; at < this.#end; at += 1) {
      const byte = bytes[at];
      if (byte === 0) throw new NotPlain();
      if (byte !== QUOTE) continue;
      // What follows is not there yet; the line end behind the last byte is none of the file's.
      if (at + 1 === this.#end) break;
      if (bytes[at + 1] !== QUOTE) {
        if (hasDoubled) this.#doubled.push(place);
        return at;
      }
      hasDoubled = true;
      at += 1;
    }
    return this.#end;
  }

  /** Leaves one of each two quotes of a field. Its record is whole, so nothing of it is read again. */
  #undouble(place: number): void {
    const { bytes } = this.source;
    const start = this.#starts[place] ?? 0;
    const end = start + (this.#lengths[place] ?? 0);
    let to = start;
    for (let at = start; at < end; at += 1, to += 1) {
      bytes[to] = bytes[at] ?? 0;
      if (bytes[at] === QUOTE) at += 1;
    }
    this.#lengths[place] = to - start;
  }
}

const LOW_BITS = 0x7f7f_7f7f;
/** Added to the low bits of a byte, this sets the high one from 0x2d on. */
const PAST_SPECIAL = 0x5353_5353;

/**
 * The high bit of each byte of a word that is below 0x2d, as line ends, quotes, zeros and most delimiters are, or is the
 * delimiter. Four bytes a step: looking at each is the larger part of reading a file.
 */
function markSpecial(word: number, delimiters: number): number {
  const low = ~(((word & LOW_BITS) + PAST_SPECIAL) | word);
  const other = word ^ delimiters;
  const equal = ~(((other & LOW_BITS) + LOW_BITS) | other);
  return (low | equal) & ~LOW_BITS;
}
