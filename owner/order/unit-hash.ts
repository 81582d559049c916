// The keyed hash by which units are ordered: CBC-MAC with AES-256 under a key drawn for one seal, of a unit's value with
// its length before it. (With the length first no value is the beginning of another, which is what CBC-MAC needs:
// Bellare, Kilian, Rogaway 2000, section 5.) A whole chunk's blocks are encrypted by one call.
import { BlockCipher, randomBytes } from "../../core/crypto.ts";
import { CHUNK_ROWS } from "../read/duckdb-vector.ts";
import type { TextSource, TextVector } from "../read/text-vector.ts";
import { copyText } from "./text-words.ts";

const BLOCK_WORDS = 4;
/** Text in a first block, after the length, and in each further one. */
const FIRST_BYTES = 12;
const BLOCK_BYTES = 16;

export class UnitHash {
  /** The first 64 bits of the hash, by row of the last chunk. */
  readonly high: Int32Array = new Int32Array(CHUNK_ROWS);
  readonly low: Int32Array = new Int32Array(CHUNK_ROWS);
  readonly #cipher: BlockCipher = new BlockCipher(randomBytes(32));
  readonly #blocks = new Int32Array(BLOCK_WORDS * CHUNK_ROWS);
  readonly #bytes = new Uint8Array(this.#blocks.buffer);
  /** Encrypted blocks. */
  readonly #state = new Int32Array(BLOCK_WORDS * CHUNK_ROWS);
  readonly #stateBytes = new Uint8Array(this.#state.buffer);
  readonly #block = new Int32Array(BLOCK_WORDS);
  /** Rows whose text goes on after the blocks so far. */
  readonly #longer = new Int32Array(CHUNK_ROWS);

  /** Values of one width, as they lie. */
  hashFixed(data: Uint8Array, width: number, rows: number): void {
    this.#bytes.fill(0, 0, rows * BLOCK_BYTES);
    for (let row = 0; row < rows; row += 1) {
      for (let i = 0; i < width; i += 1) this.#bytes[row * BLOCK_BYTES + i] = data[row * width + i] ?? 0;
    }
    this.#encrypt(rows);
    this.#keep(rows);
  }

  hashText({ lengths, sources, starts }: TextVector, texts: readonly TextSource[], rows: number): void {
    const blocks = this.#blocks;
    const rest = this.#longer;
    blocks.fill(0, 0, rows * BLOCK_WORDS);
    let longer = 0;
    for (let row = 0; row < rows; row += 1) {
      const length = lengths[row] ?? 0;
      const source = texts[sources[row] ?? 0];
      if (source === undefined) continue;
      blocks[row * BLOCK_WORDS] = length;
      const part = length < FIRST_BYTES ? length : FIRST_BYTES;
      copyText(source.words, starts[row] ?? 0, part, blocks, row * BLOCK_WORDS + 1);
      if (length > FIRST_BYTES) rest[longer++] = row;
    }
    this.#encrypt(rows);
    this.#keep(rows);
    for (let done = FIRST_BYTES; longer > 0; done += BLOCK_BYTES) {
      this.#chain(texts, { lengths, sources, starts }, done, longer);
      longer = this.#keepFinished(lengths, done + BLOCK_BYTES, longer);
    }
  }

  /** Encrypts the next block of the rows that go on, whose states stand at their positions. */
  #chain(
    texts: readonly TextSource[],
    { lengths, sources, starts }: Pick<TextVector, "lengths" | "sources" | "starts">,
    done: number,
    count: number,
  ): void {
    const state = this.#state;
    const blocks = this.#blocks;
    const block = this.#block;
    const longer = this.#longer;
    const isFirst = done === FIRST_BYTES;
    for (let i = 0; i < count; i += 1) {
      const row = longer[i] ?? 0;
      const source = texts[sources[row] ?? 0];
      if (source === undefined) continue;
      const rest = (lengths[row] ?? 0) - done;
      const part = rest < BLOCK_BYTES ? rest : BLOCK_BYTES;
      if (part < BLOCK_BYTES) block.fill(0);
      copyText(source.words, (starts[row] ?? 0) + done, part, block, 0);
      const before = (isFirst ? row : i) * BLOCK_WORDS;
      const to = i * BLOCK_WORDS;
      blocks[to] = (block[0] ?? 0) ^ (state[before] ?? 0);
      blocks[to + 1] = (block[1] ?? 0) ^ (state[before + 1] ?? 0);
      blocks[to + 2] = (block[2] ?? 0) ^ (state[before + 2] ?? 0);
      blocks[to + 3] = (block[3] ?? 0) ^ (state[before + 3] ?? 0);
    }
    this.#encrypt(count);
  }

  /** Stores the hashes of rows that end with this block; the others move up, with their states. */
  #keepFinished(lengths: Int32Array, done: number, count: number): number {
    const state = this.#state;
    let longer = 0;
    for (let i = 0; i < count; i += 1) {
      const row = this.#longer[i] ?? 0;
      if ((lengths[row] ?? 0) > done) {
        state.copyWithin(longer * BLOCK_WORDS, i * BLOCK_WORDS, (i + 1) * BLOCK_WORDS);
        this.#longer[longer++] = row;
      } else {
        this.high[row] = state[i * BLOCK_WORDS] ?? 0;
        this.low[row] = state[i * BLOCK_WORDS + 1] ?? 0;
      }
    }
    return longer;
  }

  #keep(rows: number): void {
    const { high, low } = this;
    const state = this.#state;
    for (let row = 0; row < rows; row += 1) {
      high[row] = state[row * BLOCK_WORDS] ?? 0;
      low[row] = state[row * BLOCK_WORDS + 1] ?? 0;
    }
  }

  /** Encrypts so many blocks to where the states stand. */
  #encrypt(blocks: number): void {
    this.#cipher.encryptInto(this.#bytes.subarray(0, blocks * BLOCK_BYTES), this.#stateBytes);
  }
}
