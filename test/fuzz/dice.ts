// Chance that can be repeated: one number gives the whole of an input.
import { Dice } from "../aggregate/generate.ts";

export type { Dice };

/** The dice of one input of one target; equal arguments give equal throws. */
export function diceOf(seed: number, target: string, index: number): Dice {
  // FNV-1a over the three.
  let hash = 0x811c9dc5;
  for (const character of `${seed}/${target}/${index}`) {
    hash = Math.imul(hash ^ character.charCodeAt(0), 0x01000193);
  }
  return new Dice(hash);
}
