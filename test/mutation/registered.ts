// Stands in for node:test where runner.ts loads the test files: keeps what a file registers, instead of running it at
// once. Only what the mutated parts' tests use; a file that imports more does not load.
export { mock } from "node:test";

type Body = () => void | Promise<void>;

export interface RegisteredTest {
  readonly name: string;
  readonly body: Body;
}

let registered: RegisteredTest[] = [];

/** Time limits are Stryker's to set. */
export function test(name: string, ...rest: readonly [Body] | readonly [object, Body]): void {
  const body = rest.length === 1 ? rest[0] : rest[1];
  registered.push({ name, body });
}

/** The tests that were registered since the last call. */
export function takeRegistered(): readonly RegisteredTest[] {
  const taken = registered;
  registered = [];
  return taken;
}
