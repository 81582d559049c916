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

/** Reads asked of S3 before their turn to be answered. A body that nobody reads yet holds little but its connection. */
const READS_AHEAD = 4;

/** Serves one connection until the enclave closes it. `onError` hears why an answer could not be given. */
export async function serveGateway(
  connection: Duplex,
  source: RangeSource,
  onError: (error: unknown) => void,
): Promise<void> {
  const stream = new ByteStream(connection, IDLE_MS);
  const answers = new Answers(stream, source);
  try {
    while (!(await stream.atEnd())) await answers.give(await readReadRequest(stream));
  } catch (error) {
    answers.end(error);
  }
  answers.end();
  if (answers.fault !== undefined) onError(answers.fault);
}

/** Bodies are fetched a few at a time and written one after another. One that cannot be is the end of all. */
class Answers {
  fault: unknown;
  readonly #stream: ByteStream;
  readonly #source: RangeSource;
  readonly #bodies = new Set<Promise<Readable | null>>();
  readonly #writing: Promise<void>[] = [];
  #last: Promise<void> = Promise.resolve();

  constructor(stream: ByteStream, source: RangeSource) {
    this.#stream = stream;
    this.#source = source;
  }

  /** Resolves when the next request may be read. */
  async give(request: ReadRequest): Promise<void> {
    const body = this.#source(request);
    this.#bodies.add(body);
    this.#last = this.#write(this.#last, request, body);
    this.#writing.push(this.#last);
    if (this.#writing.length >= READS_AHEAD) await this.#writing.shift();
  }

  /** Gives up what was fetched. Only the first fault says what is wrong: the others follow from it. */
  end(fault?: unknown): void {
    this.fault ??= fault;
    this.#stream.destroy();
    for (const body of this.#bodies) void body.then((found) => found?.destroy()).catch(() => undefined);
    this.#bodies.clear();
  }

  async #write(before: Promise<void>, request: ReadRequest, body: Promise<Readable | null>): Promise<void> {
    body.catch(() => undefined);
    await before;
    if (!this.#bodies.has(body)) return;
    try {
      await answer(this.#stream, request, await body);
      this.#bodies.delete(body);
    } catch (error) {
      // Where the enclave hung up in the middle of an answer, nobody is at fault.
      if (this.#bodies.has(body)) this.end(error);
    }
  }
}

async function answer(stream: ByteStream, request: ReadRequest, body: Readable | null): Promise<void> {
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
