#!/usr/bin/env node
// Starts the command line on a Node that can run it. Plain JavaScript that any Node since 18 takes: where the
// running one is older than 22.18 (no type stripping), the Node of the optional package node-linux-* runs it.
import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import module, { createRequire } from "node:module";
import { constants } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const SOURCE = new URL("../cli/main.ts", import.meta.url);
const BUILT = new URL("../dist/cli/main.js", import.meta.url);
/** Compiled code is kept beside the installed packages, whom we trust as much: half of a short command's time. */
const CACHE = new URL("../node_modules/.cache/sealroom", import.meta.url);
const FORWARDED = ["SIGINT", "SIGTERM", "SIGHUP"];

function isRecent([major, minor] = process.versions.node.split(".").map(Number)) {
  return major > 22 || (major === 22 && minor >= 18);
}

function findNode() {
  try {
    const manifest = createRequire(import.meta.url).resolve(`node-linux-${process.arch}/package.json`);
    return join(dirname(manifest), "bin", "node");
  } catch {
    return undefined;
  }
}

function runUnder(node) {
  const child = spawn(node, [fileURLToPath(import.meta.url), ...process.argv.slice(2)], { stdio: "inherit" });
  // A terminal sends Ctrl-C to both processes. What is sent to this one alone is handed on; a second one would count.
  const onTerminal = process.stdin.isTTY || process.stderr.isTTY;
  for (const signal of FORWARDED) {
    process.on(signal, () => {
      if (signal !== "SIGINT" || !onTerminal) child.kill(signal);
    });
  }
  child.on("error", (error) => {
    console.error(`sealroom: ${node} cannot be started (${error.code}). Install Node 22.18 or later.`);
    process.exitCode = 4;
  });
  child.on("exit", (code, signal) => {
    process.exitCode = signal === null ? code : 128 + constants.signals[signal];
  });
}

if (isRecent()) {
  module.enableCompileCache(fileURLToPath(CACHE));
  await import(existsSync(SOURCE) ? SOURCE : BUILT);
} else {
  const node = findNode();
  if (node !== undefined) runUnder(node);
  else {
    console.error(`sealroom: Node ${process.versions.node} is too old. Install Node 22.18 or later.`);
    process.exitCode = 4;
  }
}
