// An echo that listens, then opens files until it can open no more. After a while it says how many turns its event loop
// made meanwhile, closes the files, and serves who has been waiting. It ends with its standard input.
import { closeSync, openSync } from "node:fs";
import { performance } from "node:perf_hooks";
import { setTimeout as delay } from "node:timers/promises";
import { DescriptorStream } from "../../transport/descriptor-stream.ts";
import { listenChannel } from "../../transport/socket-channel.ts";
import { unixAddress } from "./pair.ts";

const listening = listenChannel(unixAddress(process.argv[2]), (channel) => {
  const stream = new DescriptorStream(channel);
  stream.on("error", () => undefined);
  stream.on("data", (chunk) => stream.write(chunk));
});
const taken: number[] = [];
try {
  for (;;) taken.push(openSync("/dev/null", "r"));
} catch (error) {
  if ((error as NodeJS.ErrnoException).code !== "EMFILE") throw error;
}
process.stdout.write('{"listening":true}\n');
await delay(500);
const before = performance.nodeTiming.uvMetricsInfo.loopCount;
await delay(500);
const turns = performance.nodeTiming.uvMetricsInfo.loopCount - before;
for (const fd of taken) closeSync(fd);
process.stdout.write(`${JSON.stringify({ turns })}\n`);
process.stdin.resume().once("end", () => {
  listening.close();
  process.exit(0);
});
