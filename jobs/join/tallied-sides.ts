// What workers add up for each owner's view. A column's contributions are clipped for its owner's units: that is what is
// released. By the other owner's units they are not: clipped too, one of his with very many partners would hide among
// those with few, and his rule of dominance would let him pass.
import { unclipped } from "../aggregate/scattered.ts";
import type { AggregateProgram } from "../aggregate/program.ts";
import type { JoinProgram } from "./program.ts";

export function talliedSides({ sides, owners }: JoinProgram): readonly [AggregateProgram, AggregateProgram] {
  const tallied = (input: 0 | 1): AggregateProgram => {
    const side = sides[input];
    return {
      ...side,
      measures: side.measures.map((measure, at) =>
        owners[at] === input ? measure : { ...measure, sum: measure.sum && unclipped(measure.sum) },
      ),
    };
  };
  return [tallied(0), tallied(1)];
}
