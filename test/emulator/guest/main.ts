// The program of a guest that is booted to try transport and devices. On the worker's port it takes one command a
// connection, a line of JSON, and answers with lines of JSON; on another it is an echo. It never ends by itself.
import type { Duplex } from "node:stream";
import { createInterface } from "node:readline";
import { inspect } from "node:util";
import { SealroomError } from "../../../core/errors.ts";
import { readParentCid } from "../../../enclave-worker/guest.ts";
import { connectVsock, listenVsock, VSOCK_PORTS } from "../../../transport/vsock.ts";
import type { VsockSettings } from "../../../transport/vsock.ts";
import type { GuestCase } from "./case.ts";
import { DEVICE_CASES } from "./devices.ts";
import { echo, serveTransfer, transferAll } from "./exchange.ts";
import { HOSTILE_CASES } from "./hostile.ts";
import { LOOPBACK_CASES } from "./loopback.ts";
import { ECHO_PORT, TRANSFER_PORT } from "./command.ts";
import type { CaseResult, Command } from "./command.ts";

/** The emulator's device drops larger packets unseen. */
const SETTINGS: VsockSettings = { writeBytes: 28 * 1024 };

const parentCid = readParentCid();

async function tryCase(name: string, work: () => Promise<void>): Promise<CaseResult> {
  const began = performance.now();
  const working = (async (): Promise<void> => work())();
  const error = await working.then(
    () => null,
    (thrown: unknown) => `${thrown instanceof SealroomError ? `${thrown.code} ` : ""}${inspect(thrown)}`,
  );
  return { name, error, ms: Math.round(performance.now() - began) };
}

async function dialHost({ port, streams, bytes }: Extract<Command, { run: "dial" }>): Promise<void> {
  await transferAll(() => connectVsock({ cid: parentCid, port }, SETTINGS), streams, bytes);
}

function casesOf(command: Command): readonly GuestCase[] {
  switch (command.run) {
    case "devices":
      return DEVICE_CASES;
    case "loopback":
      return LOOPBACK_CASES;
    case "hostile":
      return HOSTILE_CASES;
    case "dial":
      return [["dials the host", (): Promise<void> => dialHost(command)]];
  }
}

async function serve(connection: Duplex): Promise<void> {
  connection.on("error", () => undefined);
  for await (const line of createInterface({ input: connection })) {
    for (const [name, work] of casesOf(JSON.parse(line) as Command)) {
      connection.write(`${JSON.stringify(await tryCase(name, work))}\n`);
    }
    connection.write("null\n");
  }
  connection.destroy();
}

listenVsock({ cid: parentCid, port: ECHO_PORT }, echo, SETTINGS);
listenVsock({ cid: parentCid, port: TRANSFER_PORT }, serveTransfer, SETTINGS);
listenVsock(
  { cid: parentCid, port: VSOCK_PORTS.enclave },
  (connection) => {
    serve(connection).catch((error: unknown) => {
      console.error(error);
      connection.destroy();
    });
  },
  SETTINGS,
);
console.log("guest: listening");
