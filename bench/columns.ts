// Eight columns of the kinds that data sets have, two of each: int64, dictionary, nullable float64, utf8. Rows of random
// values: what is measured must not depend on them being orderly.
import { randomFillSync } from "node:crypto";
import type { ArrowField } from "../core/column/schema.ts";
import { BATCH_ROWS, UNIT_START_FIELD } from "../core/column/type.ts";
import type { Vector } from "../core/column/vector.ts";
import type { Manifest } from "../core/manifest/manifest.ts";

export const SCHEMA: Manifest["schema"] = [
  { name: "person", type: "int64", role: "unit" },
  { name: "visits", type: "int64", role: "measure" },
  { name: "city", type: "utf8", role: "dimension" },
  { name: "product", type: "utf8", role: "dimension" },
  { name: "price", type: "float64", role: "measure" },
  { name: "score", type: "float64", role: "measure" },
  { name: "street", type: "utf8", role: "dimension" },
  { name: "note", type: "utf8", role: "hidden" },
];

const CITIES = Array.from({ length: 100 }, (_, code) => `city-${String(code)}`);
const PRODUCTS = Array.from({ length: 5000 }, (_, code) => `product-${String(code)}`);

export const DICTIONARIES: ReadonlyMap<number, readonly string[]> = new Map([
  [2, CITIES],
  [3, PRODUCTS],
]);

const INT64 = { kind: "int", bits: 64, signed: true } as const;
const FLOAT64 = { kind: "float", bits: 64 } as const;
const UTF8 = { kind: "utf8" } as const;

export const FIELDS: readonly ArrowField[] = [
  { name: "person", type: INT64, dictionary: null },
  { name: "visits", type: INT64, dictionary: null },
  { name: "city", type: UTF8, dictionary: { id: 2, bits: 8 } },
  { name: "product", type: UTF8, dictionary: { id: 3, bits: 16 } },
  { name: "price", type: FLOAT64, dictionary: null },
  { name: "score", type: FLOAT64, dictionary: null },
  { name: "street", type: UTF8, dictionary: null },
  { name: "note", type: UTF8, dictionary: null },
  { name: UNIT_START_FIELD, type: { kind: "bool" }, dictionary: null },
];

/** A full batch in which every row is another unit's. */
export function makeBatch(): readonly Vector[] {
  const rows = BATCH_ROWS;
  const noise = randomFillSync(new Uint32Array(rows));
  const whole = { rows, validity: null };
  /** One value in seven is null. */
  const validity = (): Uint8Array => randomFillSync(new Uint8Array(rows / 8)).map((bits) => bits | 0x5b);
  const int64 = (shift: number): Vector => {
    const words = new Uint32Array(2 * rows);
    for (let row = 0; row < rows; row += 1) words[2 * row] = (noise[row] ?? 0) >>> shift;
    return { ...whole, type: INT64, layout: "words", words, wordsPerValue: 2 };
  };
  const float64 = (scale: number): Vector => ({
    type: FLOAT64,
    rows,
    validity: validity(),
    layout: "number",
    values: Float64Array.from(noise, (value) => (value % 10_000) / scale),
  });
  return [
    int64(0),
    int64(22),
    {
      ...whole,
      type: UTF8,
      layout: "dictionary",
      codes: Int8Array.from(noise, (value) => value % CITIES.length),
      values: CITIES,
    },
    {
      ...whole,
      type: UTF8,
      layout: "dictionary",
      codes: Int16Array.from(noise, (value) => value % PRODUCTS.length),
      values: PRODUCTS,
    },
    float64(100),
    float64(7),
    text(noise, 4, 12),
    text(noise, 8, 40),
    { ...whole, type: { kind: "bool" }, layout: "bits", values: new Uint8Array(rows / 8).fill(0xff) },
  ];
}

/** Lower-case letters, from `least` to `most` of them. */
function text(noise: Uint32Array, least: number, most: number): Vector {
  const rows = noise.length;
  const offsets = new Int32Array(rows + 1);
  for (let row = 0; row < rows; row += 1) {
    offsets[row + 1] = (offsets[row] ?? 0) + least + ((noise[row] ?? 0) % (most - least + 1));
  }
  const bytes = randomFillSync(new Uint8Array(offsets[rows] ?? 0)).map((byte) => 97 + (byte % 26));
  return { type: UTF8, rows, validity: null, layout: "utf8", offsets, bytes };
}
