// Adds up what objects and passes give, for each owner's units by itself.
import { Merge as AggregateMerge } from "../aggregate/merge.ts";
import type { Merge } from "../kernel.ts";
import type { JoinPartial } from "./object-join.ts";
import type { JoinProgram } from "./program.ts";
import { talliedSides } from "./tallied-sides.ts";

export class JoinMerge implements Merge<JoinPartial> {
  readonly sides: readonly [AggregateMerge, AggregateMerge];

  constructor(program: JoinProgram) {
    const [left, right] = talliedSides(program);
    this.sides = [new AggregateMerge(left), new AggregateMerge(right)];
  }

  /** Errors: AGGREGATE_GROUPS. */
  add({ sides: [left, right] }: JoinPartial): void {
    this.sides[0].add(left);
    this.sides[1].add(right);
  }
}
