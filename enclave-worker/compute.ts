// One task an object to the pool, partials merged in the manifest's order. All objects, each exactly once, or nothing:
// leaving one out is the attack that a threshold cannot see (DESIGN 1.3).
import { SealroomError } from "../core/errors.ts";
import type { Manifest, ObjectEntry, ObjectFacts } from "../core/manifest/manifest.ts";
import { startMerge } from "../jobs/registry.ts";
import type { Merge, Program, Secrets } from "../jobs/registry.ts";
import type { OutputTarget } from "./output-object.ts";
import type { Pool } from "./pool.ts";

export interface Computation {
  /** The host's name of the job, for its gateway. */
  readonly job: string;
  /** Which of the plan's inputs, and its manifest and key. */
  readonly input: number;
  readonly manifest: Manifest;
  readonly datasetKey: Uint8Array;
  readonly program: Program;
  readonly secrets: Secrets;
  /** Of the object that is made of each of the manifest's; null where none is. */
  readonly target: ((object: number) => OutputTarget) | null;
  /** What has been merged before, of passes that go on; else a new one. */
  readonly merge?: Merge;
}

export interface Computed {
  readonly merge: Merge;
  /** How many there were. */
  readonly objects: number;
  /** What was made of each object, in the manifest's order; empty of jobs that make nothing. */
  readonly made: readonly ObjectFacts[];
}

export interface Progress {
  readonly objects: number;
  readonly ofObjects: number;
  readonly bytes: number;
}

/** Objects begun and not yet merged: so many partials may wait for one that is slow. */
const MOST_UNMERGED = 16;

/** Errors: those of the tasks, POOL_THREAD, JOB_INCOMPLETE, AGGREGATE_GROUPS. */
export async function computeObjects(
  pool: Pool,
  { job, input, manifest, datasetKey, program, secrets, target, merge = startMerge(program) }: Computation,
  abandoned: AbortSignal,
  onProgress: (progress: Progress) => void,
): Promise<Computed> {
  const failed = new AbortController();
  const signal = AbortSignal.any([abandoned, failed.signal]);
  const seen = { objects: 0, rows: 0, bytes: 0 };
  const { schema, unit } = manifest;
  const made: ObjectFacts[] = [];
  // Partials are merged in order, so that the same manifest gives the same bits however threads race.
  const turns: Promise<void>[] = [];
  const take = async (entry: ObjectEntry, object: number): Promise<void> => {
    const before = turns[object - 1];
    const room = turns[object - MOST_UNMERGED];
    if (room !== undefined) await room;
    const work = { entry, schema, unit, datasetKey, program, secrets, output: target?.(object) ?? null };
    const result = await pool.run({ address: { job, input, object }, ...work }, signal);
    seen.bytes += result.bytes;
    seen.objects += 1;
    onProgress({ objects: seen.objects, ofObjects: manifest.objects.length, bytes: seen.bytes });
    await before;
    merge.add(result.partial);
    if (target !== null) made.push(checkMade(result.made, entry));
    seen.rows += result.rows;
  };
  for (const [object, entry] of manifest.objects.entries()) turns.push(take(entry, object));
  try {
    await Promise.all(turns);
  } catch (error) {
    failed.abort();
    await Promise.allSettled(turns);
    throw error;
  }
  checkComplete(seen, manifest);
  return { merge, objects: manifest.objects.length, made };
}

/** A copy has an object for each of the input's, and the rows of each. */
function checkMade(made: ObjectFacts | null, { rows }: ObjectEntry): ObjectFacts {
  if (made?.rows !== rows) throw new SealroomError("JOB_INCOMPLETE");
  return made;
}

/** Objects and rows must add up to what the owner signed. */
function checkComplete(seen: { readonly objects: number; readonly rows: number }, manifest: Manifest): void {
  const rows = manifest.objects.reduce((sum, entry) => sum + entry.rows, 0);
  if (seen.objects !== manifest.objects.length || seen.rows !== rows) {
    throw new SealroomError("JOB_INCOMPLETE");
  }
}
