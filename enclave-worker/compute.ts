// One task an object to the pool, partials merged in the manifest's order. All objects, each exactly once, or nothing:
// leaving one out is the attack that a threshold cannot see (DESIGN 1.3).
import { SealroomError } from "../core/errors.ts";
import type { Manifest } from "../core/manifest/manifest.ts";
import { startMerge } from "../jobs/registry.ts";
import type { Merge, Program } from "../jobs/registry.ts";
import type { Pool } from "./pool.ts";

export interface Computation {
  /** The host's name of the job, for its gateway. */
  readonly job: string;
  readonly manifest: Manifest;
  readonly datasetKey: Uint8Array;
  readonly program: Program;
}

export interface Progress {
  readonly objects: number;
  readonly ofObjects: number;
  readonly bytes: number;
}

/** Errors: those of the tasks, POOL_THREAD, JOB_INCOMPLETE, AGGREGATE_GROUPS. */
export async function computeObjects(
  pool: Pool,
  { job, manifest, datasetKey, program }: Computation,
  abandoned: AbortSignal,
  onProgress: (progress: Progress) => void,
): Promise<Merge> {
  const failed = new AbortController();
  const signal = AbortSignal.any([abandoned, failed.signal]);
  const merge = startMerge(program);
  const seen = { objects: 0, rows: 0, bytes: 0 };
  // Partials are merged in order, so that the same manifest gives the same bits however threads race.
  let merged: Promise<void> = Promise.resolve();
  const tasks = manifest.objects.map(async (entry, object) => {
    const address = { job, input: 0, object };
    const { schema, unit } = manifest;
    const task = { address, entry, schema, unit, datasetKey, program };
    const before = merged;
    const result = pool.run(task, signal);
    const turn = (async (): Promise<void> => {
      const { partial, rows, bytes } = await result;
      seen.bytes += bytes;
      seen.objects += 1;
      onProgress({ objects: seen.objects, ofObjects: manifest.objects.length, bytes: seen.bytes });
      await before;
      merge.add(partial);
      seen.rows += rows;
    })();
    merged = turn;
    await turn;
  });
  try {
    await Promise.all(tasks);
  } catch (error) {
    failed.abort();
    await Promise.allSettled(tasks);
    throw error;
  }
  checkComplete(seen, manifest);
  return merge;
}

/** Objects and rows must add up to what the owner signed. */
function checkComplete(seen: { readonly objects: number; readonly rows: number }, manifest: Manifest): void {
  const rows = manifest.objects.reduce((sum, entry) => sum + entry.rows, 0);
  if (seen.objects !== manifest.objects.length || seen.rows !== rows) {
    throw new SealroomError("JOB_INCOMPLETE");
  }
}
