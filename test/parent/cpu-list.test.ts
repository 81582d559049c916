// Lists of CPUs as the kernel prints them.
import assert from "node:assert/strict";
import test from "node:test";
import fc from "fast-check";
import { parseCpuList } from "../../host-driver/enclave/cpu-list.ts";

test("single CPUs and ranges in any order become one ascending list", () => {
  assert.deepEqual(parseCpuList("2,3,6-9\n"), [2, 3, 6, 7, 8, 9]);
  assert.deepEqual(parseCpuList("9,1-2,2"), [1, 2, 9]);
  assert.deepEqual(parseCpuList("\n"), []);
});

test("what is no list is null, and no range makes a long list", () => {
  for (const text of ["1-", "-1", "3-1", "1--2", "a", "1,,2", "0-4096", "0-99999", "1 2", "0x1"]) {
    assert.equal(parseCpuList(text), null, text);
  }
});

test("every list of CPUs that the kernel prints is read back", () => {
  fc.assert(
    fc.property(fc.uniqueArray(fc.integer({ min: 0, max: 511 })), (cpus) => {
      const sorted = [...cpus].sort((one, other) => one - other);
      assert.deepEqual(parseCpuList(printRanges(sorted)), sorted);
    }),
  );
});

/** bitmap_print_to_pagebuf: `%*pbl`. */
function printRanges(cpus: readonly number[]): string {
  const ranges: [number, number][] = [];
  for (const cpu of cpus) {
    const last = ranges.at(-1);
    if (last?.[1] === cpu - 1) last[1] = cpu;
    else ranges.push([cpu, cpu]);
  }
  return ranges.map(([first, last]) => (first === last ? `${first}` : `${first}-${last}`)).join(",");
}
