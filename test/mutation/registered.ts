// Stands in for node:test where runner.ts loads the test files: keeps what a file registers, instead of running it at
// once. Only what the mutated parts' tests use; a file that imports more does not load.
export { mock } from "node:test";

type Body = () => void | Promise<void>;

export interface RegisteredTest {
  readonly name: string;
  readonly body: Body;
}

let registered: RegisteredTest[] = [];

interface TestOptions {
  readonly skip?: boolean | string;
}

/** Other options, such as time limits, are Stryker's to set. */
export function test(name: string, ...rest: readonly [Body] | readonly [TestOptions, Body]): void {
  const [options, body] = rest.length === 1 ? [{}, rest[0]] : rest;
  if (options.skip === undefined || options.skip === false) registered.push({ name, body });
}

/** The tests that were registered since the last call. */
export function takeRegistered(): readonly RegisteredTest[] {
  const taken = registered;
  registered = [];
  return taken;
}
