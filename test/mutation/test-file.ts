// One test file in the process of runner.ts: loaded, and loaded again wherever its own top level reaches a change.
import { registerHooks } from "node:module";
import { resolve } from "node:path";
import { pathToFileURL } from "node:url";
import fc from "fast-check";
import { takeRegistered } from "./registered.ts";

// That a property fails is enough; looking for the smallest example would take most of the time.
fc.configureGlobal({ ...fc.readConfigureGlobal(), endOnFailure: true });

const REGISTERED = new URL("registered.ts", import.meta.url).href;

registerHooks({
  resolve(specifier, context, nextResolve) {
    if (specifier !== "node:test" || context.parentURL === REGISTERED) return nextResolve(specifier, context);
    return { url: REGISTERED, format: "module-typescript", shortCircuit: true };
  },
});

export interface Trial {
  /** Unique among the trials of all files. */
  readonly id: string;
  readonly run: () => void | Promise<void>;
}

let loads = 0;

/** The id of a file's top level, which is a trial like those that it registers. */
export function loadId(file: string): string {
  return `${file} (top level)`;
}

/** Runs the top level of a file, afresh each time. What it imports is not loaded again. */
export async function loadTrials(file: string): Promise<readonly Trial[]> {
  takeRegistered();
  loads += 1;
  await import(`${pathToFileURL(resolve(file)).href}?load=${String(loads)}`);
  const names = new Map<string, number>();
  return takeRegistered().map(({ name, body }) => {
    const count = (names.get(name) ?? 0) + 1;
    names.set(name, count);
    return { id: `${file} > ${name}${count === 1 ? "" : ` (${String(count)})`}`, run: body };
  });
}
