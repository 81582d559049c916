// The doors of the package: each opens onto a file that the build makes, and gives what a caller needs of it.
import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import test from "node:test";

const ROOT = new URL("../../", import.meta.url);
const { exports: doors } = JSON.parse(readFileSync(new URL("package.json", ROOT), "utf8")) as {
  exports: Record<string, { types: string; default: string }>;
};

test("every door is the build of a source file of the same name", () => {
  assert.deepEqual(Object.keys(doors), [
    ".",
    "./verify",
    "./owner",
    "./plan",
    "./build",
    "./build-join",
    "./errors",
  ]);
  for (const { types, default: code } of Object.values(doors)) {
    const source = code.replace("./dist/", "").replace(/\.js$/, ".ts");
    assert.equal(types, code.replace(/\.js$/, ".d.ts"));
    assert.ok(existsSync(new URL(source, ROOT)), source);
  }
});

test("the doors give what their callers need", async () => {
  const needed: Record<string, readonly string[]> = {
    ".": ["prepareJob", "runJob"],
    "./verify": ["verifyReceipt", "openResult", "AWS_ROOT", "trustRoot", "parseMeasurements"],
    "./owner": ["sealDataset", "signDataset", "grantPlan"],
    "./plan": ["compileJob"],
    "./build": ["ask", "count", "sum"],
    "./build-join": ["askJoined"],
    "./errors": ["ERROR_CODES", "SealroomError", "PolicyError"],
  };
  for (const [door, names] of Object.entries(needed)) {
    const source = (doors[door]?.default ?? "").replace("./dist/", "").replace(/\.js$/, ".ts");
    const opened = (await import(new URL(source, ROOT).href)) as Record<string, unknown>;
    for (const name of names) assert.ok(name in opened, `${door} lacks ${name}`);
  }
});
