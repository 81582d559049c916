// The gateway: answers the enclave's ranged reads from S3. It serves only objects that the manifests of its own
// job name; the enclave does not rely on that, the owner's bucket policy might.
import type { Duplex, Readable } from "node:stream";
import { SealroomError } from "../core/errors.ts";
import { ByteStream } from "../core/wire/byte-stream.ts";
import { encodeBulkPrefix, readReadRequest } from "../core/wire/gateway.ts";
import type { ReadRequest } from "../core/wire/gateway.ts";

const IDLE_MS = 120_000;

/** Finds the bytes of one read; null when this job has no such object. */
export type RangeSource = (request: ReadRequest) => Promise<Readable | null>;

/** Serves one connection until the enclave closes it. `onError` hears why an answer could not be given. */
export async function serveGateway(
  connection: Duplex,
  source: RangeSource,
  onError: (error: unknown) => void,
): Promise<void> {
  const stream = new ByteStream(connection, IDLE_MS);
  try {
    while (!(await stream.atEnd())) await answer(stream, await readReadRequest(stream), source);
  } catch (error) {
    onError(error);
  } finally {
    stream.destroy();
  }
}

async function answer(stream: ByteStream, request: ReadRequest, source: RangeSource): Promise<void> {
  const body = await source(request);
  if (body === null) {
    await stream.write(encodeBulkPrefix(0));
    return;
  }
  await stream.write(encodeBulkPrefix(request.length));
  let left = request.length;
  for await (const chunk of body as AsyncIterable<Buffer>) {
    left -= chunk.length;
    if (left < 0) break;
    await stream.write(chunk);
  }
  // The length is said already, so the connection is all that can still be cut short.
  if (left !== 0) throw new SealroomError("STORE_READ", { object: request.object, missingBytes: left });
}
