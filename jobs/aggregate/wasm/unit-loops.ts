// The units of a block of rows, and their counts in records: what unit-ordinal.ts and unit-tally.ts do.
import { get, i32, i64, load, operation, select, set, store } from "./assembler.ts";
import type { WasmFunction } from "./assembler.ts";
import { LAST_UNIT, ROWS } from "./record.ts";
import { item, overRows, ROW } from "./row-loop.ts";

const TWO_32 = 2 ** 32;

export function unitLoops(): WasmFunction[] {
  return [readOrdinals(), countRecords()];
}

/** The ordinal of each row's unit, from bits that mark first rows, after the last one before; returns the last. */
function readOrdinals(): WasmFunction {
  const [marks, ordinals, last] = [2, 3, 4];
  const byte = load("i32.load8_u", operation("i32.add", get(marks), operation("i32.shr_u", get(ROW), i32(3))), 0);
  const bit = operation("i32.and", operation("i32.shr_u", byte, operation("i32.and", get(ROW), i32(7))), i32(1));
  return overRows({
    name: "readOrdinals",
    parameters: ["i32", "i32", "i32"],
    locals: [],
    result: get(last),
    row: [
      set(last, operation("i32.add", get(last), bit)),
      store("i32.store", operation("i32.add", get(ordinals), item(2)), 0, get(last)),
    ],
  });
}

/**
 * Counts rows in the records of their groups. By row it leaves the record's address, and all ones where a unit ended in it:
 * another one had been seen there.
 */
function countRecords(): WasmFunction {
  const [groups, ordinals, addresses, ends, records, stride] = [2, 3, 4, 5, 6, 7];
  const [at, unit, last] = [8, 9, 10];
  const isFirst = operation("i32.ne", get(last), get(unit));
  const ended = operation("i32.and", isFirst, operation("i32.ne", get(last), i32(0)));
  const more = select(isFirst, i64(1), i64(TWO_32 + 1));
  return overRows({
    name: "countRecords",
    parameters: ["i32", "i32", "i32", "i32", "i32", "i32"],
    locals: ["i32", "i32", "i32"],
    result: get(ROW),
    row: [
      set(
        at,
        operation(
          "i32.add",
          get(records),
          operation("i32.mul", load("i32.load", operation("i32.add", get(groups), item(2)), 0), get(stride)),
        ),
      ),
      set(unit, load("i32.load", operation("i32.add", get(ordinals), item(2)), 0)),
      set(last, load("i32.load", get(at), LAST_UNIT)),
      store("i32.store", operation("i32.add", get(addresses), item(2)), 0, get(at)),
      store("i32.store", operation("i32.add", get(ends), item(2)), 0, operation("i32.sub", i32(0), ended)),
      store("i32.store", get(at), LAST_UNIT, get(unit)),
      store("i64.store", get(at), ROWS, operation("i64.add", load("i64.load", get(at), ROWS), more)),
    ],
  });
}
