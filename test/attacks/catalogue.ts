// Every attack that is run twice: against the sources as they are, and without what guards against it.
import type { Attack } from "./attack.ts";
import { GROUPS } from "./groups.ts";

/** By the file that it is in and its place there, with a slash. */
export const PLACES: ReadonlyMap<string, Attack> = new Map(
  (
    await Promise.all(
      Object.entries(GROUPS).map(async ([group, load]) =>
        (await load()).map((attack, index) => [`${group}/${index}`, attack] as const),
      ),
    )
  ).flat(),
);

export const ATTACKS: readonly Attack[] = [...PLACES.values()];
