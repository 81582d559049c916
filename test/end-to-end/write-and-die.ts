// `node write-and-die.ts TARGET STEP`: writes a result as `run` does, and kills itself at that step; says how many
// steps there are.
import { dirname } from "node:path";
import { writeNewDirectory } from "../../cli/file.ts";
import { killAt } from "./kill-at.ts";

export const FILES = ["result.jwe", "receipt.json", "result.arrow", "result.csv"].map((name) => ({
  name,
  bytes: Buffer.from(`${name}, whole`),
  access: "public" as const,
}));

const [, , target, step] = process.argv;
if (target !== undefined && step !== undefined) {
  const steps = killAt(dirname(target), Number(step));
  await writeNewDirectory(target, FILES);
  process.stdout.write(`${steps()}\n`);
}
