// Runs a join over two test tables as the enclave does: compiled, cloned into threads, pass by pass, through the gate.
import type { Manifest } from "../../core/manifest/manifest.ts";
import type { AggregatePlan } from "../../core/plan/plan.ts";
import type { ReleasedTable } from "../../jobs/aggregate/gate.ts";
import { ObjectCollection } from "../../jobs/join/collect.ts";
import { buildProgram, compileJoin } from "../../jobs/join/compile.ts";
import { passJoinGate } from "../../jobs/join/gate.ts";
import { BuildMerge } from "../../jobs/join/held-side.ts";
import { JoinMerge } from "../../jobs/join/join-merge.ts";
import { ObjectJoin } from "../../jobs/join/object-join.ts";
import { objectsOf } from "../aggregate/table.ts";
import type { Cuts, TestTable } from "../aggregate/table.ts";

export type Both<T> = readonly [T, T];

export function runJoin(
  plan: AggregatePlan,
  manifests: Both<Manifest>,
  tables: Both<TestTable>,
  cuts: Both<Cuts> = [[[tables[0].rows]], [[tables[1].rows]]],
  maxRows: number | null = null,
): ReleasedTable {
  const program = structuredClone(compileJoin(plan, manifests));
  const { streamed, share } = program;
  const held = streamed === 0 ? 1 : 0;
  const merge = new JoinMerge(program);
  for (let pass = 0; pass < share.passes; pass += 1) {
    const build = structuredClone(buildProgram(program, pass));
    const built = new BuildMerge(build);
    const heldNames = build.columns.map(({ name }) => name);
    for (const batches of objectsOf(tables[held], heldNames, cuts[held])) {
      const collection = new ObjectCollection(build);
      for (const batch of batches) collection.add(batch);
      built.add(structuredClone(collection.finish()));
    }
    const side = built.finish();
    const names = program.columns.map(({ name }) => name);
    for (const [object, batches] of objectsOf(tables[streamed], names, cuts[streamed]).entries()) {
      const join = new ObjectJoin({ ...program, share: build.share }, side, object);
      for (const batch of batches) join.add(batch);
      merge.add(structuredClone(join.finish()));
    }
  }
  const merged = { sides: merge.sides, badRows: () => merge.sides[0].badRows() };
  return passJoinGate(program, merged, { maxRows });
}
