// What part of an object a job pulls that uses one dimension and one measure of eight columns.
import { randomBytes } from "node:crypto";
import { readTable } from "../enclave-worker/object-table.ts";
import { SealedFile } from "../enclave-worker/sealed-file.ts";
import { openSteps, Steps } from "../enclave-worker/steps.ts";
import { SCHEMA } from "./columns.ts";
import { MemorySource } from "./memory-source.ts";
import type { Asked } from "./memory-source.ts";
import { makePlain, sealObject } from "./object.ts";

export interface Share {
  /** `dictionary of 100 + int64`, say. */
  readonly name: string;
  readonly columns: readonly string[];
  readonly asked: readonly Asked[];
  /** Of the object's bytes, the unit bit, footer and header included. */
  readonly share: number;
}

const DIMENSIONS = { city: "dictionary of 100", product: "dictionary of 5000", street: "utf8" };
const MEASURES = { visits: "int64", price: "nullable float64" };

/** Of an object of so many full batches. */
export async function measureShares(batches: number): Promise<readonly Share[]> {
  const key = randomBytes(32);
  const object = sealObject(makePlain(batches), key, "part-0");
  const shares: Share[] = [];
  for (const [dimension, dimensionType] of Object.entries(DIMENSIONS)) {
    for (const [measure, measureType] of Object.entries(MEASURES)) {
      const source = new MemorySource(object.bytes);
      const file = await SealedFile.open(source, object.entry, key);
      const columns = [dimension, measure];
      const shape = { schema: SCHEMA, unit: "column", columns, rows: object.entry.rows } as const;
      await readTable(file, shape, new Steps(openSteps(2 ** 29)), () => undefined);
      const bytes = source.asked.reduce((sum, { length }) => sum + length, 0);
      const share = bytes / object.bytes.length;
      shares.push({ name: `${dimensionType} + ${measureType}`, columns, asked: source.asked, share });
    }
  }
  return shares;
}
