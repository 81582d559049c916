// A guest whose host added words to its command line: they came as far as init, and no further.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { HOSTILE_ARGUMENTS, HOSTILE_VARIABLES, HOSTILE_WORDS } from "../hostile-words.ts";
import type { GuestCase } from "./case.ts";

/** A file of texts that each end in a zero byte. */
function readTexts(path: string): readonly string[] {
  return readFileSync(path, "latin1").split("\0").slice(0, -1);
}

export const HOSTILE_CASES: readonly GuestCase[] = [
  [
    "every word that the host added stands on the kernel's command line, behind those that are measured",
    (): Promise<void> => {
      const words = readFileSync("/proc/cmdline", "latin1").trim().split(" ");
      assert.deepEqual(words.slice(-HOSTILE_WORDS.length), HOSTILE_WORDS);
      assert.match(words[0] ?? "", /^sealroom\.parent_cid=\d+$/);
      return Promise.resolve();
    },
  ],
  [
    "the kernel gave init all of them that it does not know",
    (): Promise<void> => {
      const [environment, args] = [readTexts("/proc/1/environ"), readTexts("/proc/1/cmdline")];
      for (const variable of HOSTILE_VARIABLES) assert.ok(environment.includes(variable), variable);
      for (const word of HOSTILE_ARGUMENTS) assert.ok(args.includes(word), word);
      return Promise.resolve();
    },
  ],
  [
    "Node was given one variable and its own arguments, as if nothing had been added",
    (): Promise<void> => {
      assert.deepEqual(readTexts("/proc/self/environ"), ["MALLOC_ARENA_MAX=2"]);
      const args = readTexts("/proc/self/cmdline");
      assert.equal(args[0], "/bin/node");
      assert.deepEqual(args.slice(1, -1), process.execArgv);
      assert.equal(args.at(-1), process.argv[1]);
      return Promise.resolve();
    },
  ],
  [
    "no file of a hostile folder is open or mapped",
    (): Promise<void> => {
      const mapped = readFileSync("/proc/self/maps", "latin1").match(/\/\S+$/gm) ?? [];
      assert.deepEqual(
        mapped.filter((path) => !/^\/(bin|lib64|lib|usr\/lib|app)\//.test(path)),
        [],
      );
      return Promise.resolve();
    },
  ],
];
