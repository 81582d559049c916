// The words for what became of rows, as results and reports have them.
import { FATE } from "./text-column.ts";

const NAMES: readonly string[] = Object.keys(FATE);
export const FATES: number = NAMES.length;
export const FATE_NAME_BYTES: number = Math.max(...NAMES.map((name) => name.length));

export function nameOfFate(fate: number): string {
  return NAMES[fate] ?? "unknown";
}
