// Numbers the distinct group keys of all partials of one level. It does so in the enclave's main thread, where other jobs
// wait: keys that were crafted to collide must not hold it up.
import { randomBytes } from "../../core/crypto.ts";
import { SealroomError } from "../../core/errors.ts";
import type { Cell } from "./cell.ts";
import { growInt32 } from "./grow.ts";
import type { KeyColumn, PartialLevel } from "./partial.ts";
import { WordTable } from "./word-table.ts";

export class MergedKeys {
  readonly #cells: readonly MergedCells[];
  readonly #most: number;
  /** Null where the codes of one dimension are the groups' numbers. */
  readonly #tuples: WordTable | null;

  constructor(dimensions: number, maxGroups: number) {
    this.#most = maxGroups;
    this.#cells = Array.from({ length: dimensions }, () => new MergedCells());
    this.#tuples = dimensions === 1 ? null : new WordTable(dimensions, maxGroups, drawSecret());
  }

  get size(): number {
    return this.#tuples?.size ?? this.#cells[0]?.size ?? 0;
  }

  key(group: number): readonly Cell[] {
    const key: Cell[] = [];
    for (const [dimension, cells] of this.#cells.entries()) {
      key.push(cells.cell(this.#code(group, dimension)));
    }
    return key;
  }

  /** One dimension of some groups' keys. The cells are all there are, used or not. */
  column(groups: Int32Array, dimension: number): KeyColumn {
    const codes = groups.map((group) => this.#code(group, dimension));
    return { codes, cells: this.#cells[dimension]?.cells ?? [] };
  }

  /** The numbers of a partial's groups. Errors: AGGREGATE_GROUPS. */
  assign({ keys, groups }: Pick<PartialLevel, "keys" | "groups">): Int32Array {
    const merged = keys.map(({ cells }, dimension) => this.#dimension(dimension).codes(cells, this.#most));
    const [only] = keys;
    if (this.#tuples === null && only !== undefined) {
      const [codes] = merged;
      return only.codes.map((code) => codes?.[code] ?? 0);
    }
    const width = this.#cells.length;
    const words = new Uint32Array(groups * width);
    keys.forEach(({ codes }, dimension) => {
      const mergedCodes = merged[dimension];
      for (let group = 0; group < groups; group += 1) {
        words[group * width + dimension] = mergedCodes?.[codes[group] ?? 0] ?? 0;
      }
    });
    const numbers = new Int32Array(groups);
    this.#tuples?.encode(words, groups, numbers);
    return numbers;
  }

  #code(group: number, dimension: number): number {
    return this.#tuples === null ? group : this.#tuples.word(group, dimension);
  }

  #dimension(at: number): MergedCells {
    const cells = this.#cells[at];
    if (cells === undefined) throw new Error("internal: a partial of another program");
    return cells;
  }
}

/** The distinct cells of one dimension, numbered as they come. */
class MergedCells {
  readonly cells: Cell[] = [];
  readonly #others = new Map<Cell, number>();
  /** Numbers of 32 bits, all of one type: of those no two have the same word. */
  readonly #words = new WordTable(1, Infinity, drawSecret());
  readonly #signed = new Int32Array(1);
  readonly #unsigned = new Uint32Array(1);
  readonly #code = new Int32Array(1);
  /** By code of a word. */
  #codeOfWord: Int32Array = new Int32Array(0);

  get size(): number {
    return this.cells.length;
  }

  cell(code: number): Cell {
    return this.cells[code] ?? null;
  }

  /** Codes of cells, each of which a group has. Errors: AGGREGATE_GROUPS, for more of them than groups there may be. */
  codes(cells: KeyColumn["cells"], most: number): Int32Array {
    const codes = new Int32Array(cells.length);
    if (Array.isArray(cells)) cells.forEach((cell: Cell, at) => (codes[at] = this.#codeOf(cell)));
    else this.#codesOfWords(cells as Int32Array | Uint32Array, codes);
    if (this.size > most) throw new SealroomError("AGGREGATE_GROUPS");
    return codes;
  }

  #codesOfWords(words: Int32Array | Uint32Array, codes: Int32Array): void {
    this.#words.encode(new Uint32Array(words), words.length, codes);
    this.#codeOfWord = growInt32(this.#codeOfWord, this.#words.size);
    for (let at = 0; at < codes.length; at += 1) {
      const word = codes[at] ?? 0;
      // One more than the code; 0 where it has none yet.
      if (this.#codeOfWord[word] === 0) this.#codeOfWord[word] = this.cells.push(words[at] ?? 0);
      codes[at] = (this.#codeOfWord[word] ?? 0) - 1;
    }
  }

  #codeOf(cell: Cell): number {
    if (typeof cell === "number") {
      const [word, code] = [cell < 0 ? this.#signed : this.#unsigned, this.#code];
      word[0] = cell;
      code[0] = 0;
      this.#codesOfWords(word, code);
      return code[0];
    }
    const key = hashedCell(cell);
    const known = this.#others.get(key);
    if (known !== undefined) return known;
    this.#others.set(key, this.cells.length);
    return this.cells.push(cell) - 1;
  }
}

/** V8 hashes a bigint by its lower 64 bits alone, and strings with a secret of the process. */
function hashedCell(cell: Cell): Cell {
  return typeof cell === "bigint" ? cell.toString(16) : cell;
}

function drawSecret(): number {
  return new DataView(randomBytes(4).buffer).getInt32(0);
}
