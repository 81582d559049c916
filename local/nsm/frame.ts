// One message of the NSM socket: u32 big-endian length, then that many bytes.
import { SealroomError } from "../../core/errors.ts";
import type { ByteStream } from "../../core/wire/byte-stream.ts";

const HEAD = 4;

/** The length is checked before anything is allocated. @throws SealroomError NSM_IO, TRANSPORT_* */
export async function readFrame(stream: ByteStream, max: number): Promise<Uint8Array> {
  const head = await stream.read(HEAD);
  const length = new DataView(head.buffer).getUint32(0);
  if (length === 0 || length > max) throw new SealroomError("NSM_IO", { length, max });
  return stream.read(length);
}

export async function writeFrame(stream: ByteStream, message: Uint8Array): Promise<void> {
  const frame = new Uint8Array(HEAD + message.length);
  new DataView(frame.buffer).setUint32(0, message.length);
  frame.set(message, HEAD);
  await stream.write(frame);
}
