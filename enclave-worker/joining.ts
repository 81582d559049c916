// The passes of a join: of each, first the rows that are held, from all objects of the one data set, then all objects of the
// other beside them. Both data sets are read whole in every pass, whatever is in them.
import { SealroomError } from "../core/errors.ts";
import type { Manifest } from "../core/manifest/manifest.ts";
import { buildProgram } from "../jobs/join/compile.ts";
import { BuildMerge, clearHeld } from "../jobs/join/held-side.ts";
import type { HeldSide } from "../jobs/join/held-side.ts";
import type { JoinProgram } from "../jobs/join/program.ts";
import { startMerge } from "../jobs/registry.ts";
import type { Program } from "../jobs/registry.ts";
import type { Computation, Computed } from "./compute.ts";

/** One pass over the objects of one input. */
export type RunInput = (
  computation: Pick<Computation, "input" | "program" | "secrets" | "target" | "merge">,
) => Promise<Computed>;

/** How many objects are read, of those that the inputs have. */
export function objectsRead(program: Program, passes: number, manifests: readonly Manifest[]): number {
  const objects = manifests.reduce((sum, manifest) => sum + manifest.objects.length, 0);
  return objects * (program.kind === "join" ? program.share.passes : passes);
}

/** Errors: those of computeObjects, JOIN_SIZE. */
export async function runJoin(program: JoinProgram, run: RunInput): Promise<Computed> {
  const { streamed, share } = program;
  const secrets = { masters: [], maps: [] };
  const merge = startMerge(program);
  let computed: Computed | null = null;
  for (let pass = 0; pass < share.passes; pass += 1) {
    const part = buildProgram(program, pass);
    const built = await run({ input: streamed === 0 ? 1 : 0, program: part, secrets, target: null });
    if (!(built.merge instanceof BuildMerge)) throw new Error("internal: a held side is merged otherwise");
    const held = takeHeld(built.merge);
    try {
      const joined = { ...program, share: part.share };
      computed = await run({
        input: streamed,
        program: joined,
        secrets: { ...secrets, held },
        target: null,
        merge,
      });
    } finally {
      clearHeld(held);
    }
  }
  if (computed === null) throw new SealroomError("JOB_INCOMPLETE");
  return computed;
}

/** The partials that it was put together from are cleared, whether or not there was room for it. */
function takeHeld(merge: BuildMerge): HeldSide {
  try {
    return merge.finish();
  } finally {
    merge.clear();
  }
}
