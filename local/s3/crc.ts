// The two checksums of S3 that Node does not have: CRC-32C (RFC 3720 §B.4) and CRC-64/NVME, eight bytes a step.
// CRC-64 is kept as two words of 32 bits, as BigInt would be fifty times slower.

/** A reflected CRC of 64 bits as tables of low and high words: [slice * 256 + byte]. CRC-32 uses the low words. */
interface Tables {
  readonly low: Int32Array;
  readonly high: Int32Array;
}

function makeTables(polynomialLow: number, polynomialHigh: number): Tables {
  const low = new Int32Array(8 * 256);
  const high = new Int32Array(8 * 256);
  for (let byte = 0; byte < 256; byte++) {
    let l = byte;
    let h = 0;
    for (let bit = 0; bit < 8; bit++) {
      const carry = l & 1;
      l = ((l >>> 1) | (h << 31)) ^ (carry * polynomialLow);
      h = (h >>> 1) ^ (carry * polynomialHigh);
    }
    low[byte] = l;
    high[byte] = h;
  }
  // Slice n: the effect of a byte that n further zero bytes follow.
  for (let index = 256; index < low.length; index++) {
    const l = low[index - 256] ?? 0;
    const h = high[index - 256] ?? 0;
    const first = l & 0xff;
    low[index] = ((l >>> 8) | (h << 24)) ^ (low[first] ?? 0);
    high[index] = (h >>> 8) ^ (high[first] ?? 0);
  }
  return { low, high };
}

const CRC32C = makeTables(0x82f63b78, 0);
const CRC64NVME = makeTables(0xac4bc9b5, 0x9a6c9329);

/** A running CRC; both begin and end inverted. */
export class Crc {
  readonly #tables: Tables;
  readonly #bytes: 4 | 8;
  #low = -1;
  #high: number;

  private constructor(tables: Tables, bytes: 4 | 8) {
    this.#tables = tables;
    this.#bytes = bytes;
    this.#high = bytes === 8 ? -1 : 0;
  }

  static crc32c(): Crc {
    return new Crc(CRC32C, 4);
  }

  static crc64nvme(): Crc {
    return new Crc(CRC64NVME, 8);
  }

  update(bytes: Uint8Array): void {
    const { low: lowTable, high: highTable } = this.#tables;
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    let low = this.#low;
    let high = this.#high;
    let at = 0;
    for (; at + 8 <= bytes.length; at += 8) {
      const l = low ^ view.getUint32(at, true);
      const h = high ^ view.getUint32(at + 4, true);
      const i0 = 1792 + (l & 0xff);
      const i1 = 1536 + ((l >>> 8) & 0xff);
      const i2 = 1280 + ((l >>> 16) & 0xff);
      const i3 = 1024 + (l >>> 24);
      const i4 = 768 + (h & 0xff);
      const i5 = 512 + ((h >>> 8) & 0xff);
      const i6 = 256 + ((h >>> 16) & 0xff);
      const i7 = h >>> 24;
      low = xor8(lowTable, i0, i1, i2, i3, i4, i5, i6, i7);
      high = xor8(highTable, i0, i1, i2, i3, i4, i5, i6, i7);
    }
    for (; at < bytes.length; at++) {
      const index = (low ^ (bytes[at] ?? 0)) & 0xff;
      low = ((low >>> 8) | (high << 24)) ^ (lowTable[index] ?? 0);
      high = (high >>> 8) ^ (highTable[index] ?? 0);
    }
    this.#low = low;
    this.#high = high;
  }

  /** Big-endian. */
  digest(): Buffer {
    const digest = Buffer.alloc(8);
    digest.writeInt32BE(~this.#high | 0, 0);
    digest.writeInt32BE(~this.#low | 0, 4);
    return digest.subarray(8 - this.#bytes);
  }
}

function xor8(
  table: Int32Array,
  i0: number,
  i1: number,
  i2: number,
  i3: number,
  i4: number,
  i5: number,
  i6: number,
  i7: number,
): number {
  return (
    (table[i0] ?? 0) ^
    (table[i1] ?? 0) ^
    (table[i2] ?? 0) ^
    (table[i3] ?? 0) ^
    (table[i4] ?? 0) ^
    (table[i5] ?? 0) ^
    (table[i6] ?? 0) ^
    (table[i7] ?? 0)
  );
}
