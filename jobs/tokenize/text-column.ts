// A column of texts as Arrow has it, and what became of each row. Validity is a byte a row here, not a bit: kernels ask
// for it in any order.

export interface TextColumn {
  readonly rows: number;
  /** `rows + 1` places in `bytes`, ascending. */
  readonly offsets: Int32Array;
  /** UTF-8. */
  readonly bytes: Uint8Array;
}

/** What stands in a row's place among the fates. */
export const FATE = { done: 0, null: 1, character: 2, length: 3, domain: 4 } as const;
