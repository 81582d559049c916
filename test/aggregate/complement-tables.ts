// Tables with all their totals, for the tests of complementary suppression.
import fc from "fast-check";
import type { CellTable } from "../../jobs/aggregate/complement.ts";

/** numbers[i], which must be there. */
export function nth(numbers: ArrayLike<number>, i: number): number {
  const number = numbers[i];
  if (number === undefined) throw new RangeError(`no number ${i}`);
  return number;
}

export interface TableOptions {
  /** Leaves that must not be released. */
  readonly primary?: readonly number[];
  readonly width?: number;
  /** What a leaf may be at most, as anyone knows. */
  readonly most?: number;
}

/**
 * A table of any number of dimensions with the sums over each: cell numbers count the last dimension fastest, and the
 * total over a dimension is its last place. `leaf` is by position in the table without totals.
 */
export function crossTable(
  lengths: readonly number[],
  leaves: readonly number[],
  { primary = [], width = 3, most = Infinity }: TableOptions = {},
): CellTable {
  const places = lengths.map((length) => length + 1);
  const cells = places.reduce((product, n) => product * n, 1);
  const numberOf = (at: readonly number[]): number => at.reduce((n, x, d) => n * nth(places, d) + x, 0);
  const values = new Float64Array(cells);
  const upper = new Float64Array(cells);
  const suppressed = new Uint8Array(cells);
  leaves.forEach((value, leaf) => {
    const at = lengths.map((_, d) => {
      const below = lengths.slice(d + 1).reduce((product, n) => product * n, 1);
      return Math.floor(leaf / below) % nth(lengths, d);
    });
    if (primary.includes(leaf)) suppressed[numberOf(at)] = 1;
    for (let mask = 0; mask < 2 ** lengths.length; mask += 1) {
      const cell = numberOf(at.map((x, d) => ((mask >> d) & 1 ? nth(lengths, d) : x)));
      values[cell] = nth(values, cell) + value;
      upper[cell] = nth(upper, cell) + most;
    }
  });
  const relations: { parent: number; children: number[] }[] = [];
  for (let cell = 0; cell < cells; cell += 1) {
    const at = places.map((n, d) => {
      const below = places.slice(d + 1).reduce((product, x) => product * x, 1);
      return Math.floor(cell / below) % n;
    });
    at.forEach((x, d) => {
      if (x !== lengths[d]) return;
      const children = Array.from({ length: lengths[d] }, (_, y) => numberOf(at.with(d, y)));
      relations.push({ parent: cell, children });
    });
  }
  return { cells, relations, values, lower: new Float64Array(cells), upper, suppressed, width };
}

/** Three levels: cell 0 is the sum of families, each the sum of its leaves; leaves come last, family by family. */
export function familyTable(
  families: readonly (readonly number[])[],
  { primary = [], width = 3, most = Infinity }: TableOptions = {},
): CellTable {
  const leaves = families.flat();
  const first = 1 + families.length;
  const cells = first + leaves.length;
  const values = new Float64Array(cells);
  const upper = new Float64Array(cells);
  const suppressed = new Uint8Array(cells);
  const relations = [{ parent: 0, children: families.map((_, f) => 1 + f) }];
  let next = first;
  families.forEach((family, f) => {
    relations.push({ parent: 1 + f, children: family.map((_, i) => next + i) });
    for (const value of family) {
      for (const cell of [0, 1 + f, next]) {
        values[cell] = nth(values, cell) + value;
        upper[cell] = nth(upper, cell) + most;
      }
      if (primary.includes(next - first)) suppressed[next] = 1;
      next += 1;
    }
  });
  return { cells, relations, values, lower: new Float64Array(cells), upper, suppressed, width };
}

const SHAPES: readonly (readonly number[])[] = [[3], [5], [2, 2], [2, 3], [3, 2]];

/** Small tables that are networks: one sum, two-way tables, hierarchies. Some totals may be primary, too. */
export function networkTables(): fc.Arbitrary<CellTable> {
  const cross = fc
    .constantFrom(...SHAPES)
    .chain((lengths) =>
      leavesOf(lengths.reduce((product, n) => product * n, 1)).map(([leaves, options]) =>
        crossTable(lengths, leaves, options),
      ),
    );
  const family = fc.array(fc.integer({ min: 1, max: 3 }), { minLength: 1, maxLength: 3 }).chain((sizes) =>
    leavesOf(sizes.reduce((sum, n) => sum + n, 0)).map(([leaves, options]) => {
      let used = 0;
      const families = sizes.map((size) => leaves.slice(used, (used += size)));
      return familyTable(families, options);
    }),
  );
  return withMore(fc.oneof(cross, family));
}

/** Small tables that are no network: 2 x 2 x 2 with all totals. */
export function cubeTables(): fc.Arbitrary<CellTable> {
  const leaves = fc.array(fc.integer({ min: 0, max: 2 }), { minLength: 8, maxLength: 8 });
  const options = fc.record({
    primary: fc.array(fc.nat({ max: 7 }), { maxLength: 3 }),
    width: fc.integer({ min: 0, max: 2 }),
    most: fc.constant(2),
  });
  return fc.tuple(leaves, options).map(([values, chosen]) => crossTable([2, 2, 2], values, chosen));
}

function leavesOf(count: number): fc.Arbitrary<[number[], TableOptions]> {
  return fc.tuple(
    fc.array(fc.integer({ min: 0, max: 4 }), { minLength: count, maxLength: count }),
    fc.record({
      primary: fc.array(fc.nat({ max: count - 1 }), { maxLength: 3 }),
      width: fc.integer({ min: 0, max: 4 }),
      most: fc.integer({ min: 4, max: 5 }),
    }),
  );
}

/** Marks any cell more, and lets anyone know more of some cells. */
function withMore(tables: fc.Arbitrary<CellTable>): fc.Arbitrary<CellTable> {
  const more = fc.record({
    marks: fc.array(fc.nat(), { maxLength: 1 }),
    known: fc.array(fc.tuple(fc.nat(), fc.nat({ max: 2 }), fc.nat({ max: 2 })), { maxLength: 3 }),
  });
  return fc.tuple(tables, more).map(([table, { marks, known }]) => {
    const [suppressed, lower, upper] = [table.suppressed.slice(), table.lower.slice(), table.upper.slice()];
    for (const mark of marks) suppressed[mark % table.cells] = 1;
    for (const [at, below, above] of known) {
      const cell = at % table.cells;
      lower[cell] = Math.max(nth(lower, cell), nth(table.values, cell) - below);
      upper[cell] = Math.min(nth(upper, cell), nth(table.values, cell) + above);
    }
    return { ...table, suppressed, lower, upper };
  });
}

/** Four or five cells, and sums of whatever cells stand before: some of them networks, most of them not. */
export function tangledTables(): fc.Arbitrary<CellTable> {
  const leaves = fc.array(fc.integer({ min: 0, max: 4 }), { minLength: 3, maxLength: 5 });
  const sums = fc.array(fc.integer({ min: 1, max: 255 }), { minLength: 2, maxLength: 4 });
  const marks = fc.array(fc.nat({ max: 8 }), { maxLength: 2 });
  return fc
    .tuple(leaves, sums, marks, fc.integer({ min: 0, max: 4 }))
    .map(([first, bits, primary, width]) => {
      const values = [...first];
      const upper = first.map(() => 5);
      const relations = bits.map((mask) => {
        const parent = values.length;
        const chosen = values.flatMap((_, cell) => ((mask >> cell) & 1 ? [cell] : []));
        const children = chosen.length === 0 ? [0] : chosen;
        values.push(children.reduce((sum, child) => sum + nth(values, child), 0));
        upper.push(children.reduce((sum, child) => sum + nth(upper, child), 0));
        return { parent, children };
      });
      const cells = values.length;
      return {
        cells,
        relations,
        values: Float64Array.from(values),
        lower: new Float64Array(cells),
        upper: Float64Array.from(upper),
        suppressed: Uint8Array.from(values, (_, cell) => Number(primary.includes(cell))),
        width,
      };
    });
}
