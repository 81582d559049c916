// Rows put together by a small number, such as their length: what kernels take in one call.

/** The number of rows that are in no group. */
export const NO_GROUP = 0xffff;

/** The rows of each number, ascending, in their order. */
export function groupRows(numbers: Uint16Array): ReadonlyMap<number, Int32Array> {
  const counts = new Int32Array(NO_GROUP);
  for (const number of numbers) if (number !== NO_GROUP) counts[number] = (counts[number] ?? 0) + 1;
  const groups: (Int32Array | undefined)[] = [];
  const found = new Map<number, Int32Array>();
  for (const [number, count] of counts.entries()) {
    if (count === 0) continue;
    const rows = new Int32Array(count);
    groups[number] = rows;
    found.set(number, rows);
  }
  counts.fill(0);
  for (let row = 0; row < numbers.length; row++) {
    const number = numbers[row] ?? NO_GROUP;
    const group = groups[number];
    if (group === undefined) continue;
    const at = counts[number] ?? 0;
    group[at] = row;
    counts[number] = at + 1;
  }
  return found;
}
