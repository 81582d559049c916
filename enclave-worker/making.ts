// What a job makes beside its result, or has to open before it begins: where its objects go, and the maps of random
// tokens. Jobs that have none of it pass through here with nothing.
import type { VerifiedManifest } from "../core/manifest/manifest.ts";
import type { Dialer } from "../core/wire/transport.ts";
import { openedVaults, outputOf, surveyOf, tokenKeysOf } from "../jobs/registry.ts";
import type { Program } from "../jobs/registry.ts";
import type { SharedValues } from "../jobs/tokenize/operators/random.ts";
import { SurveyMerge } from "../jobs/tokenize/survey.ts";
import type { Computation, Computed } from "./compute.ts";
import type { JobKeys } from "./job-keys.ts";
import { Outputs } from "./outputs.ts";
import { openVaults, sealVaults } from "./vaults.ts";
import type { SealedVaults } from "./vaults.ts";

export interface Making {
  readonly dialer: Dialer;
  /** The host's name of the job. */
  readonly job: string;
  readonly input: VerifiedManifest;
  readonly program: Program;
  readonly keys: JobKeys;
  readonly abandoned: AbortSignal;
}

/** One pass over the input's objects. */
export type Run = (computation: Pick<Computation, "program" | "secrets" | "target">) => Promise<Computed>;

/** Null of jobs that make no objects. */
export function openOutputs({ program, keys, ...rest }: Making, planDigest: string): Outputs | null {
  const shape = outputOf(program);
  if (shape === null || keys.output === null) return null;
  return new Outputs({ ...rest, planDigest, shape, key: keys.output });
}

const NO_VAULTS: SealedVaults = { maps: [], entries: [], subjects: [] };

/** What values there are first, then the maps, sealed; of programs that have none, nothing. Errors: those of sealVaults. */
export async function sealMaps(
  { dialer, job, program, keys: { masters }, abandoned }: Making,
  outputs: Outputs | null,
  run: Run,
): Promise<SealedVaults> {
  const survey = surveyOf(program);
  if (survey === null || outputs === null) return NO_VAULTS;
  const { merge, objects } = await run({ program: survey, secrets: { masters, maps: [] }, target: null });
  if (!(merge instanceof SurveyMerge)) throw new Error("internal: a survey is merged otherwise");
  return sealVaults({
    dialer,
    job,
    objects,
    program: survey,
    masters,
    abandoned,
    survey: merge,
    target: (at, rule) => outputs.vaultTarget(at, rule),
  });
}

/** Of jobs that reveal random tokens; of others, none. Errors: those of openVaults. */
export async function openMaps({
  dialer,
  job,
  input,
  program,
  keys: { masters },
  abandoned,
}: Making): Promise<readonly SharedValues[]> {
  const vaults = openedVaults(program);
  if (vaults.length === 0) return [];
  const objects = input.manifest.objects.length;
  const keys = tokenKeysOf(program);
  return openVaults({ dialer, job, objects, masters, abandoned, program: { keys, vaults } });
}
