// Sockets of the native addon on a machine without vsock: AF_UNIX through the same code, at abstract names, which leave
// no file behind.
import { randomBytes } from "node:crypto";
import { readdirSync, readlinkSync } from "node:fs";
import { DescriptorStream } from "../../transport/descriptor-stream.ts";
import type { StreamOptions } from "../../transport/descriptor-stream.ts";
import { connectChannel, listenChannel } from "../../transport/socket-channel.ts";
import type { SocketAddress, SocketChannel } from "../../transport/socket-channel.ts";

const AF_UNIX = 1;

/** An abstract name of AF_UNIX as the kernel takes it; a new one each time unless one is given. */
export function unixAddress(name: string = `sealroom-test-${randomBytes(8).toString("hex")}`): SocketAddress {
  return {
    family: AF_UNIX,
    bytes: Uint8Array.of(AF_UNIX, 0, 0, ...Buffer.from(name)),
    named: { name },
  };
}

/** Two ends of one connection: who dialled, and who accepted. */
export async function channelPair(): Promise<readonly [SocketChannel, SocketChannel]> {
  const address = unixAddress();
  let listening: { close(): void } | null = null;
  const accepted = new Promise<SocketChannel>((resolve) => {
    listening = listenChannel(address, resolve);
  });
  const near = await connectChannel(address, 60_000);
  const far = await accepted;
  (listening as { close(): void } | null)?.close();
  return [near, far];
}

export async function streamPair(
  near: StreamOptions = {},
  far: StreamOptions = {},
): Promise<readonly [DescriptorStream, DescriptorStream]> {
  const [nearChannel, farChannel] = await channelPair();
  return [new DescriptorStream(nearChannel, near), new DescriptorStream(farChannel, far)];
}

/** What each open descriptor of this process is, the one that reads the list left out. */
export function openSockets(): readonly string[] {
  return readdirSync("/proc/self/fd").flatMap((fd) => {
    try {
      const target = readlinkSync(`/proc/self/fd/${fd}`);
      return target.startsWith("socket:") ? [target] : [];
    } catch {
      return [];
    }
  });
}
