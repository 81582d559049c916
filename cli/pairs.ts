// Options of the form NAME=VALUE that may be repeated.
import { usage } from "./fault.ts";

/** In the order given; each name once. */
export function parsePairs(
  option: string,
  form: string,
  items: readonly string[],
): ReadonlyMap<string, string> {
  const pairs = new Map<string, string>();
  for (const item of items) {
    const at = item.indexOf("=");
    if (at <= 0) throw usage(`${option} '${item}' is not of the form ${form}`);
    const name = item.slice(0, at);
    if (pairs.has(name)) throw usage(`${option} ${name} is given twice`);
    pairs.set(name, item.slice(at + 1));
  }
  return pairs;
}
