// date_shift: all dates of a unit moved by the same number of days, drawn from the unit by a keyed function, never 0.
// Intervals within a unit stay; a date of a known event tells the unit's shift.
import { BLOCK_BYTES } from "../../../core/crypto.ts";
import type { Field } from "../../../core/text/field.ts";
import { FIRST_DAY, LAST_DAY } from "../../calendar.ts";
import { canonicalize } from "../canonical.ts";
import { CmacColumn } from "../cmac-column.ts";
import { demandMaster } from "../operator.ts";
import type { Operator, UnitDateKernel } from "../operator.ts";
import { FATE } from "../text-column.ts";
import type { TextColumn } from "../text-column.ts";

/** A thousand years. */
const MAX_DAYS = 365_250;
const WEEK = 7;
/** With fewer, a guess is too often right. */
const MIN_CHOICES = 30;

export interface DateShiftParameters {
  /** Days, both included. */
  readonly least: number;
  readonly most: number;
  /** 7 keeps the day of the week. */
  readonly step: 1 | 7;
}

export const DATE_SHIFT: Operator<DateShiftParameters, UnitDateKernel> = {
  name: "date_shift",
  takes: "date of unit",
  gives: "date",
  parse: parseDateShift,
  traits: () => ({ isKeyed: true, isReversible: true, isVerbatim: false, isJoinable: false }),
  make({ least, most, step }, master) {
    const parameters = { canonical: "trim", least, most, step };
    const prf = new CmacColumn(demandMaster(master), { operator: "date_shift", part: "unit", parameters });
    const choices = shiftsWithin(least, most, step);
    const run = (days: Int32Array, units: TextColumn, fates: Uint8Array, sign: 1 | -1): Int32Array => {
      const shifts = shiftsOf(prf, units, fates, choices);
      const shifted = new Int32Array(days.length);
      for (let row = 0; row < days.length; row++) {
        if (fates[row] !== FATE.done) continue;
        const day = days[row] ?? 0;
        const moved = day + sign * (shifts[row] ?? 0);
        if (isDay(day) && isDay(moved)) shifted[row] = moved;
        else fates[row] = FATE.range;
      }
      return shifted;
    };
    return {
      takes: "date of unit",
      gives: "date",
      tokenize: ({ days, units }, fates) => run(days, units, fates, 1),
      reveal: ({ days, units }, fates) => run(days, units, fates, -1),
    };
  },
};

/** All multiples of `step` but 0 from `least` to `most`, ascending. */
function shiftsWithin(least: number, most: number, step: number): Int32Array {
  const shifts: number[] = [];
  for (let shift = Math.ceil(least / step) * step; shift <= most; shift += step) {
    if (shift !== 0) shifts.push(shift);
  }
  return Int32Array.from(shifts);
}

/** By the first six bytes of the unit's CMAC, big-endian, modulo the number of choices: even to 2^-28. */
function shiftsOf(prf: CmacColumn, units: TextColumn, fates: Uint8Array, choices: Int32Array): Int32Array {
  const entered = fates.slice();
  const named = canonicalize("trim", units, fates);
  for (let row = 0; row < units.rows; row++) {
    if (entered[row] === FATE.done && fates[row] === FATE.empty) fates[row] = FATE.unit;
  }
  const macs = prf.macs(named, fates);
  const view = new DataView(macs.buffer, macs.byteOffset, macs.byteLength);
  const shifts = new Int32Array(units.rows);
  for (let row = 0; row < units.rows; row++) {
    const drawn = view.getUint32(row * BLOCK_BYTES) * 0x1_0000 + view.getUint16(row * BLOCK_BYTES + 4);
    shifts[row] = choices[drawn % choices.length] ?? 0;
  }
  return shifts;
}

function isDay(day: number): boolean {
  return day >= FIRST_DAY && day <= LAST_DAY;
}

function parseDateShift(parameters: Field): DateShiftParameters {
  const fields = parameters.record([], ["least", "most", "step"]);
  const least = fields.least?.integer(-MAX_DAYS, MAX_DAYS) ?? -365;
  const most = fields.most?.integer(-MAX_DAYS, MAX_DAYS) ?? 365;
  const step = fields.step?.oneOf([1, WEEK] as const) ?? 1;
  if (shiftsWithin(least, most, step).length < MIN_CHOICES) {
    throw parameters.fault("too few shifts", { least: MIN_CHOICES });
  }
  return { least, most, step };
}
