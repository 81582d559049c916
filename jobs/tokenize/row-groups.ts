// Rows put together by a small number, such as their length: what kernels take in one call.

/** The number of rows that are in no group. */
export const NO_GROUP = 0xffff;

/** The rows of each number, ascending, in their order. */
export function groupRows(numbers: Uint16Array): ReadonlyMap<number, Int32Array> {
  const counts = new Int32Array(NO_GROUP + 1);
  let most = 0;
  for (const number of numbers) {
    counts[number] = (counts[number] ?? 0) + 1;
    if (number > most && number !== NO_GROUP) most = number;
  }
  const starts = new Int32Array(most + 1);
  for (let number = 1; number <= most; number++) {
    starts[number] = (starts[number - 1] ?? 0) + (counts[number - 1] ?? 0);
  }
  const sorted = new Int32Array(numbers.length - (counts[NO_GROUP] ?? 0));
  const places = starts.slice();
  for (let row = 0; row < numbers.length; row++) {
    const number = numbers[row] ?? NO_GROUP;
    if (number === NO_GROUP) continue;
    const place = places[number] ?? 0;
    sorted[place] = row;
    places[number] = place + 1;
  }
  const groups = new Map<number, Int32Array>();
  for (let number = 0; number <= most; number++) {
    const [start, end] = [starts[number] ?? 0, places[number] ?? 0];
    if (end > start) groups.set(number, sorted.subarray(start, end));
  }
  return groups;
}
