// Where the measures' sums lie in a record, two beside each other where they are of a kind, and what they come to.
import type { SumState } from "../partial.ts";
import type { ClipRule, Measure } from "../program.ts";
import { carryExact } from "../sum.ts";
import { COUNTS_BYTES, LAST_UNIT, partAt, partBytes } from "../wasm/record.ts";
import type { Lanes } from "../wasm/record.ts";
import { MAX_EXACT } from "../measure.ts";
import type { RecordPart } from "../wasm/record-sums.ts";
import type { RowValue } from "../wasm/row-values.ts";
import { ARENA } from "./arena.ts";

/** One measure's. */
export interface Summed {
  readonly measure: number;
  readonly rule: ClipRule;
  readonly value: RowValue;
}

interface Part {
  readonly exact: boolean;
  readonly lanes: Lanes;
  /** Within a record. */
  readonly offset: number;
  readonly summed: readonly Summed[];
}

/** Of one measure in a record, in float64 words. */
interface Places {
  readonly total: number;
  readonly low: number;
  readonly high: number;
}

/** Of a group's state in unit-sums.ts: total (NaN: no unit), high, low, largest. */
const STATE_WIDTH = 4;

export class RecordSums {
  readonly #parts: readonly Part[];
  /** Bytes of a record. */
  readonly stride: number;

  constructor(all: readonly Summed[]) {
    const parts: Part[] = [];
    let offset = COUNTS_BYTES;
    for (const exact of [true, false]) {
      const kind = all.filter(({ rule }) => rule.exact === exact);
      for (let at = 0; at < kind.length; at += 2) {
        const summed = kind.slice(at, at + 2);
        const lanes = summed.length === 2 ? 2 : 1;
        parts.push({ exact, lanes, offset, summed });
        offset += partBytes(lanes);
      }
    }
    this.#parts = parts;
    this.stride = offset;
  }

  /** What the loop that adds to the records has to know of them. */
  parts(): readonly RecordPart[] {
    return this.#parts.map(({ exact, offset, summed }) => ({
      ...{ exact, offset },
      measures: summed.map(({ value, rule: { lower, upper } }) => ({ value, lower, upper })),
    }));
  }

  /** One measure's state in some groups, as unit-sums.ts has it, behind that of so many groups without any. */
  pour(records: number, formed: Int32Array, measure: number, before: number): Float64Array {
    const { int32, float64 } = ARENA.views;
    const state = new Float64Array((formed.length + before) * STATE_WIDTH);
    state.fill(0);
    for (let group = 0; group < before; group += 1) state[group * STATE_WIDTH] = NaN;
    const places = this.#placesOf(measure);
    formed.forEach((group, at) => {
      const record = records / 8 + group * (this.stride / 8);
      const hasUnit = (int32[2 * record + LAST_UNIT / 4] ?? 0) !== 0;
      const parts = [
        hasUnit ? (float64[record + places.total] ?? 0) : NaN,
        float64[record + places.high] ?? 0,
        float64[record + places.low] ?? 0,
      ];
      state.set(parts, (at + before) * STATE_WIDTH);
    });
    return state;
  }

  /** By measure, the sums of some groups, to which the totals of the units that they saw last are added; null of others. */
  finish(records: number, formed: Int32Array, measures: readonly Measure[]): readonly (SumState | null)[] {
    return measures.map(({ sum }, measure) =>
      sum === null ? null : finishSums(sum, records, this.stride, formed, this.#placesOf(measure)),
    );
  }

  #placesOf(measure: number): Places {
    const part = this.#parts.find(({ summed }) => summed.some((each) => each.measure === measure));
    if (part === undefined) throw new Error("internal: a sum that has no place");
    const at = part.summed.findIndex((each) => each.measure === measure);
    const { total, low, high } = partAt(part.lanes);
    const place = (of: number): number => (part.offset + of) / 8 + at;
    return { total: place(total), low: place(low), high: place(high) };
  }
}

function finishSums(
  { lower, upper, exact }: ClipRule,
  records: number,
  stride: number,
  formed: Int32Array,
  { total, low, high }: Places,
): SumState {
  const { int32, float64 } = ARENA.views;
  const [highs, lows] = [new Float64Array(formed.length), new Float64Array(formed.length)];
  const [words, counts] = [stride / 8, LAST_UNIT / 4];
  for (let at = 0; at < formed.length; at += 1) {
    const record = records / 8 + (formed[at] ?? 0) * words;
    let [sum, rest] = [float64[record + high] ?? 0, float64[record + low] ?? 0];
    if ((int32[2 * record + counts] ?? 0) !== 0) {
      const value = float64[record + total] ?? 0;
      const amount = value < lower ? lower : value > upper ? upper : value;
      if (!exact) {
        const next = sum + amount;
        const part = next - sum;
        rest += sum - (next - part) + (amount - part);
        sum = next;
      } else if (Math.abs(rest + amount) <= MAX_EXACT) rest += amount;
      else {
        const parts = Float64Array.of(sum, rest);
        carryExact(parts, 0, 1, amount);
        [sum = 0, rest = 0] = parts;
      }
    }
    // Not -0: what was added one by one has none.
    highs[at] = sum + 0;
    lows[at] = rest + 0;
  }
  return { high: highs, low: lows };
}
