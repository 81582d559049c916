// What stands in for a part of the emulator's kit in the driver's tests, as the vsock device or as QEMU: it gets the very
// arguments, and behaves or misbehaves as its first one says.
import { createServer, connect } from "node:net";
import { writeFileSync } from "node:fs";

const [behaviour = "", ...args] = process.argv.slice(2);
const find = (pattern: RegExp): string => pattern.exec(args.join(" "))?.[1] ?? "";

function listenAsDevice(answer: (port: string) => string): void {
  createServer().listen(find(/socket=([^,]+)/));
  createServer((socket) => {
    socket.on("error", () => undefined);
    socket.once("data", (bytes) => {
      socket.write(answer(/^CONNECT (\d+)\n$/.exec(bytes.toString())?.[1] ?? ""));
    });
  }).listen(find(/uds-path=([^,]+)/));
}

/** As a guest's init: sends the byte, and says on the console what came back. */
function beat(byte: number): void {
  const socket = connect(`${find(/path=([^,]+)\/device/)}/guest_9000`);
  socket.write(Uint8Array.of(byte));
  socket.on("data", (bytes) => {
    console.log(`heartbeat answered: ${bytes.toString("hex")}`);
  });
  socket.on("error", () => undefined);
}

const BEHAVIOURS: ReadonlyMap<string, () => void> = new Map([
  [
    "device",
    (): void => {
      listenAsDevice((port) => `OK ${port}\n`);
    },
  ],
  [
    "other-port",
    (): void => {
      listenAsDevice(() => "OK 22\n");
    },
  ],
  [
    "guest",
    (): void => {
      writeFileSync(`${find(/-kernel (\S+)/)}.arguments`, args.join(" "));
      beat(0xb7);
    },
  ],
  [
    "wrong-byte",
    (): void => {
      beat(0xb8);
    },
  ],
  [
    "panic",
    (): void => {
      console.log("\x1b[31mKernel panic\x1b[0m\x07 - not syncing: no init");
      process.exit(1);
    },
  ],
]);

(BEHAVIOURS.get(behaviour) ?? ((): void => process.exit(1)))();
// Nothing ends it but a signal.
setInterval(() => undefined, 60_000);
