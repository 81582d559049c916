// The records of a CSV text (RFC 4180), a few thousand at a time: where each field lies, nothing copied. The text comes in
// parts of any length. Strict: what could be read in two ways is a fault. Values are put.ts's to read.
import { isUtf8 } from "../column/utf8.ts";
import { CsvFault, type CsvPart } from "./fault.ts";

/** The fields of one column of the text; arrays may be longer than there are records. */
export interface CsvFields {
  readonly starts: Int32Array;
  readonly lengths: Int32Array;
}

/** Bytes that fields lie in. Words are read askew, so they begin at a word and end with one. */
export interface CsvSource {
  readonly words: Int32Array;
  readonly bytes: Uint8Array;
}

/** Of a record, its line end with it. */
export const MAX_RECORD_BYTES: number = 1024 * 1024;
const BUFFER_BYTES: number = 4 * MAX_RECORD_BYTES;
/** Of a last line's end, and of the one that stands behind all text. */
const SPARE_BYTES = 8;
/** Before the first record and after the last byte there is a line end, which ends every search. */
const FIRST = 4;
const [LF, CR, QUOTE] = [0x0a, 0x0d, 0x22];
const BOM = Uint8Array.of(0xef, 0xbb, 0xbf);

export class CsvRecords {
  readonly columns: readonly CsvFields[];
  /** The text that the fields lie in. */
  readonly source: CsvSource;
  readonly #delimiter: number;
  /** Four of them. */
  readonly #delimiters: number;
  /** By byte: whether a field without quotes may end there. */
  readonly #special = new Uint8Array(256);
  readonly #most: number;
  readonly #capacity: number;
  readonly #starts: Int32Array;
  readonly #lengths: Int32Array;
  #at = FIRST;
  #end = FIRST;
  #isOpen = true;
  #isMarkPassed = false;
  /** Fields of the present records in which quotes are doubled. */
  readonly #doubled: number[] = [];
  /** Length of the text's line ends; 0 until the first. */
  #lineEnd = 0;
  #records = 0;

  /**
   * @param columns fields in each record
   * @param most records that are found at once
   * @param bytes of the whole text, where it is known; no more than this comes
   */
  constructor(delimiter: string, columns: number, most: number, bytes: number = BUFFER_BYTES) {
    this.#delimiter = delimiter.charCodeAt(0);
    this.#delimiters = Math.imul(this.#delimiter, 0x0101_0101);
    for (const byte of [0, LF, CR, QUOTE, this.#delimiter]) this.#special[byte] = 1;
    this.#most = most;
    this.#capacity = Math.min(BUFFER_BYTES, (FIRST + bytes + 3) & ~3);
    const buffer = new ArrayBuffer(this.#capacity + SPARE_BYTES);
    this.source = { words: new Int32Array(buffer), bytes: new Uint8Array(buffer) };
    this.source.bytes.fill(LF, 0, FIRST);
    const starts = new Int32Array(columns * most);
    const lengths = new Int32Array(columns * most);
    this.#starts = starts;
    this.#lengths = lengths;
    this.columns = Array.from({ length: columns }, (_, i) => ({
      starts: starts.subarray(i * most, (i + 1) * most),
      lengths: lengths.subarray(i * most, (i + 1) * most),
    }));
  }

  /** Found so far. */
  get records(): number {
    return this.#records;
  }

  /** Where more text goes; to ask for it when `next` has found nothing. @throws CsvFault */
  room(): Uint8Array {
    const { bytes } = this.source;
    if (this.#end - this.#at > MAX_RECORD_BYTES) throw this.#fault("length", 0);
    bytes.copyWithin(FIRST, this.#at, this.#end);
    this.#end += FIRST - this.#at;
    this.#at = FIRST;
    return bytes.subarray(this.#end, this.#capacity);
  }

  /** So many bytes were put where `room` said. */
  filled(bytes: number): void {
    this.#end += bytes;
    this.source.bytes[this.#end] = LF;
  }

  /** No more text comes. */
  end(): void {
    this.#isOpen = false;
  }

  /**
   * The next records, at most so many; how many, 0 where there is no whole one: it needs more text, or there is none.
   * What is found is valid until the next call, or until `room` is asked for.
   * @throws CsvFault
   */
  next(most: number = this.#most): number {
    if (!this.#isMarkPassed && !this.#passMark()) return 0;
    const rows = this.#scan(Math.min(most, this.#most));
    if (rows > 0 || this.#isOpen || this.#at === this.#end) return rows;
    this.#endLastLine();
    if (this.#scan(1) === 0) throw this.#fault("quote", 0);
    return 1;
  }

  /** UTF-8's byte order mark, which a text may begin with. False where there is too little text yet to tell. */
  #passMark(): boolean {
    const { bytes } = this.source;
    if (this.#isOpen && this.#end - this.#at < BOM.length) return false;
    if (BOM.every((byte, i) => this.#at + i < this.#end && bytes[this.#at + i] === byte)) {
      this.#at += BOM.length;
    }
    this.#isMarkPassed = true;
    return true;
  }

  /** Of the last record, which may lack its line end. */
  #endLastLine(): void {
    const { bytes } = this.source;
    if (bytes[this.#end - 1] === CR) throw this.#fault("line", 0);
    if (this.#lineEnd === 2) bytes[this.#end++] = CR;
    bytes[this.#end++] = LF;
    bytes[this.#end] = LF;
  }

  /** Finds the fields of at most `most` whole records. */
  #scan(most: number): number {
    const { bytes, words } = this.source;
    const [special, starts, lengths, doubled] = [this.#special, this.#starts, this.#lengths, this.#doubled];
    const stride = this.#most;
    const delimiter = this.#delimiter;
    const delimiters = this.#delimiters;
    const end = this.#end;
    const first = this.#at;
    const last = this.columns.length * stride;
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
        if (stop !== start) throw this.#fault("quote", row);
        start += 1;
        stop = this.#closeQuote(start, field + row, row);
        at = stop + 1;
        if (at >= end) break;
      }
      if (field === last) throw this.#fault("fields", row);
      starts[field + row] = start;
      lengths[field + row] = stop - start;
      field += stride;
      const byte = bytes[at] ?? 0;
      if (byte === delimiter) {
        at += 1;
        continue;
      }
      if (byte === CR && at + 1 === end) break;
      const lineEnd = byte === CR ? 2 : 1;
      if (byte !== LF && (byte !== CR || bytes[at + 1] !== LF)) throw this.#fault(partOf(byte), row);
      // A line without anything in it may be no record at all.
      if (at === this.#at || lineEnd !== (this.#lineEnd || lineEnd)) throw this.#fault("line", row);
      if (field !== last) throw this.#fault("fields", row);
      this.#lineEnd = lineEnd;
      at += lineEnd;
      if (at - this.#at > MAX_RECORD_BYTES) throw this.#fault("length", row);
      this.#at = at;
      doubledBefore = doubled.length;
      field = 0;
      row += 1;
    }
    if (!isUtf8(bytes, first, this.#at)) throw this.#fault("utf8", null);
    for (const place of doubled.slice(0, doubledBefore)) this.#undouble(place);
    this.#records += row;
    return row;
  }

  /** Where the quote is that ends a field, the buffer's end when it is not there. */
  #closeQuote(start: number, place: number, row: number): number {
    const { bytes } = this.source;
    let hasDoubled = false;
    for (let at = start; at < this.#end; at += 1) {
      const byte = bytes[at];
      if (byte === 0) throw this.#fault("zero", row);
      if (byte !== QUOTE) continue;
      // What follows is not there yet; the line end behind the last byte is none of the text's.
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

  #fault(part: CsvPart, row: number | null): CsvFault {
    return new CsvFault(part, row === null ? null : this.#records + row);
  }
}

/** What is wrong with a byte behind a field that is neither delimiter nor line end. */
function partOf(byte: number): CsvPart {
  if (byte === CR) return "line";
  return byte === 0 ? "zero" : "quote";
}

const LOW_BITS = 0x7f7f_7f7f;
/** Added to the low bits of a byte, this sets the high one from 0x2d on. */
const PAST_SPECIAL = 0x5353_5353;

/**
 * The high bit of each byte of a word that is below 0x2d, as line ends, quotes, zeros and most delimiters are, or is the
 * delimiter. Four bytes a step: looking at each is the larger part of reading a text.
 */
function markSpecial(word: number, delimiters: number): number {
  const low = ~(((word & LOW_BITS) + PAST_SPECIAL) | word);
  const other = word ^ delimiters;
  const equal = ~(((other & LOW_BITS) + LOW_BITS) | other);
  return (low | equal) & ~LOW_BITS;
}
