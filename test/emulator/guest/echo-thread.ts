// A thread that exchanges with the echo at a loopback port, says so, and exchanges again until it is terminated.
import { parentPort, workerData } from "node:worker_threads";
import { connectVsock } from "../../../transport/vsock.ts";
import { throughEcho } from "./exchange.ts";

const port = Number(workerData);
await throughEcho(await connectVsock({ cid: 1, port }), 1, 4 * 1024 * 1024);
const second = await connectVsock({ cid: 1, port });
parentPort?.postMessage("done");
await throughEcho(second, 2, 1024 * 1024 * 1024);
