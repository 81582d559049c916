// Numbers for 32-bit keys, in the order in which they come (word-table.ts): keys near the first block's are looked up in an
// array, all others in a table of slots, a word for the number plus one, 0 where it is free, and one for the key.
import {
  branch,
  clear,
  get,
  giveBack,
  i32,
  load,
  operation,
  repeatWhile,
  select,
  set,
  store,
} from "./assembler.ts";
import type { Code, WasmFunction } from "./assembler.ts";
import { item, overRows, ROW } from "./row-loop.ts";

export function keyLoops(): WasmFunction[] {
  return [findKeys(), findNear(), placeKeys(), touchSlots(), touchRecords()];
}

/** What is known of the keys, as parameters of each loop. */
const [KEYS, OUT, SLOTS, MASK, LIST, NEAR, BASE, NEAR_COUNT] = [2, 3, 4, 5, 6, 7, 8, 9];
const [RECORDS, STRIDE, SIZE, ROOM] = [10, 11, 12, 13];
const [KEY, SLOT, FOUND] = [14, 15, 16];

/** In the manner of MurmurHash3, as word-table.ts has it; bytes into the slots. */
function slotOf(key: number): Code[] {
  const shifted = (by: number): Code =>
    operation("i32.xor", get(SLOT), operation("i32.shr_u", get(SLOT), i32(by)));
  const times = (factor: number): Code => operation("i32.mul", get(SLOT), i32(factor | 0));
  return [
    set(SLOT, get(key)),
    set(SLOT, shifted(16)),
    set(SLOT, times(0x85ebca6b)),
    set(SLOT, shifted(13)),
    set(SLOT, times(0xc2b2ae35)),
    set(SLOT, operation("i32.and", operation("i32.shl", shifted(16), i32(3)), get(MASK))),
  ];
}

/** Leaves FOUND, and SLOT where the key is or where it would be. */
function probe(): Code[] {
  const place = operation("i32.add", get(SLOTS), get(SLOT));
  const isOther = operation("i32.ne", load("i32.load", place, 4), get(KEY));
  const isTaken = operation("i32.ne", get(FOUND), i32(0));
  return [
    ...slotOf(KEY),
    set(FOUND, load("i32.load", place, 0)),
    branch(operation("i32.and", isTaken, isOther), [
      repeatWhile(operation("i32.and", isTaken, isOther), [
        set(SLOT, operation("i32.and", operation("i32.add", get(SLOT), i32(8)), get(MASK))),
        set(FOUND, load("i32.load", place, 0)),
      ]),
    ]),
  ];
}

/** Returns the row at which there is no room for one more key, else how many there are; leaves the size in front of the list. */
function findKeys(): WasmFunction {
  const near = operation("i32.sub", get(KEY), get(BASE));
  const nearPlace = operation("i32.add", get(NEAR), operation("i32.shl", near, i32(2)));
  const slotPlace = operation("i32.add", get(SLOTS), get(SLOT));
  const isNew = operation("i32.eq", get(FOUND), i32(0));
  const record = operation("i32.add", get(RECORDS), operation("i32.mul", get(SIZE), get(STRIDE)));
  const keySize = store("i32.store", get(LIST), 0, get(SIZE));
  const insert = [
    branch(operation("i32.ge_s", get(SIZE), get(ROOM)), [keySize, giveBack(get(ROW))]),
    clear(record, get(STRIDE)),
    set(SIZE, operation("i32.add", get(SIZE), i32(1))),
    store("i32.store", operation("i32.add", get(LIST), operation("i32.shl", get(SIZE), i32(2))), 0, get(KEY)),
    set(FOUND, get(SIZE)),
  ];
  return overRows({
    name: "findKeys",
    parameters: Array<"i32">(12).fill("i32"),
    locals: ["i32", "i32", "i32"],
    result: [...keySize, ...get(ROW)],
    row: [
      set(KEY, load("i32.load", operation("i32.add", get(KEYS), item(2)), 0)),
      branch(
        operation("i32.lt_u", near, get(NEAR_COUNT)),
        [
          set(FOUND, load("i32.load", nearPlace, 0)),
          branch(isNew, [...insert, store("i32.store", nearPlace, 0, get(FOUND))]),
        ],
        [
          ...probe(),
          branch(isNew, [
            ...insert,
            store("i32.store", slotPlace, 0, get(FOUND)),
            store("i32.store", slotPlace, 4, get(KEY)),
          ]),
        ],
      ),
      store(
        "i32.store",
        operation("i32.add", get(OUT), item(2)),
        0,
        operation("i32.sub", get(FOUND), i32(1)),
      ),
    ],
  });
}

/** Numbers of keys that are all near, and known; 1 where some are not, and have to be found one by one. Behind the near ones lies a 0. */
function findNear(): WasmFunction {
  const near = operation("i32.sub", get(KEY), get(BASE));
  const place = select(operation("i32.lt_u", near, get(NEAR_COUNT)), near, get(NEAR_COUNT));
  const isMissing = operation("i32.eq", get(FOUND), i32(0));
  return overRows({
    name: "findNear",
    parameters: Array<"i32">(12).fill("i32"),
    locals: ["i32", "i32", "i32"],
    result: get(SLOT),
    row: [
      set(KEY, load("i32.load", operation("i32.add", get(KEYS), item(2)), 0)),
      set(FOUND, load("i32.load", operation("i32.add", get(NEAR), operation("i32.shl", place, i32(2))), 0)),
      set(SLOT, operation("i32.or", get(SLOT), isMissing)),
      store(
        "i32.store",
        operation("i32.add", get(OUT), item(2)),
        0,
        operation("i32.sub", get(FOUND), i32(1)),
      ),
    ],
  });
}

/** Puts the keys of the list that are not near into free slots, after the table has grown. */
function placeKeys(): WasmFunction {
  const place = operation("i32.add", get(SLOTS), get(SLOT));
  const near = operation("i32.sub", get(KEY), get(BASE));
  return overRows({
    name: "placeKeys",
    parameters: Array<"i32">(12).fill("i32"),
    locals: ["i32", "i32", "i32"],
    result: get(ROW),
    row: [
      set(KEY, load("i32.load", operation("i32.add", get(LIST), item(2)), 4)),
      branch(
        operation("i32.lt_u", near, get(NEAR_COUNT)),
        [],
        [
          ...probe(),
          store("i32.store", place, 0, operation("i32.add", get(ROW), i32(1))),
          store("i32.store", place, 4, get(KEY)),
        ],
      ),
    ],
  });
}

/** Asks for the slots of a block's keys, each without waiting for the one before, so that they are there when they are compared. */
function touchSlots(): WasmFunction {
  return overRows({
    name: "touchSlots",
    parameters: Array<"i32">(12).fill("i32"),
    locals: ["i32", "i32", "i32"],
    result: get(FOUND),
    row: [
      set(KEY, load("i32.load", operation("i32.add", get(KEYS), item(2)), 0)),
      ...slotOf(KEY),
      set(
        FOUND,
        operation("i32.xor", get(FOUND), load("i32.load", operation("i32.add", get(SLOTS), get(SLOT)), 0)),
      ),
    ],
  });
}

/** The same for the end of the groups' records. */
function touchRecords(): WasmFunction {
  const [groups, records, stride, seen] = [2, 3, 4, 5];
  const group = load("i32.load", operation("i32.add", get(groups), item(2)), 0);
  const last = operation(
    "i32.add",
    get(records),
    operation("i32.mul", operation("i32.add", group, i32(1)), get(stride)),
  );
  return overRows({
    name: "touchRecords",
    parameters: ["i32", "i32", "i32"],
    locals: ["i32"],
    result: get(seen),
    row: [
      set(seen, operation("i32.xor", get(seen), load("i32.load", operation("i32.sub", last, i32(8)), 0))),
    ],
  });
}
