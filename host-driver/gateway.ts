// The gateway: answers the enclave's ranged reads from S3, and stores what it puts. It serves only objects that the manifests of its own
// job name; the enclave does not rely on that, the owner's bucket policy might.
import { Readable } from "node:stream";
import type { Duplex } from "node:stream";
import { SealroomError } from "../core/errors.ts";
import { ByteStream } from "../core/wire/byte-stream.ts";
import { encodeBulkPrefix, readGatewayRequest, readPieces, writeStored } from "../core/wire/gateway.ts";
import type { ReadRequest } from "../core/wire/gateway.ts";

const IDLE_MS = 120_000;

/** Finds the bytes of one read; null when this job has no such object. */
export type RangeSource = (request: ReadRequest) => Promise<Readable | null>;

/** Stores an object that the job makes: whole, under a name that is free, or not at all. */
export type OutputSink = (name: string, body: Readable) => Promise<void>;

/** Of a job for whose outputs nobody named a place. Error: STORE_OUTPUT. */
export const NO_OUTPUTS: OutputSink = (name, body) => {
  body.destroy();
  return Promise.reject(new SealroomError("STORE_OUTPUT", { name }));
};

/** Reads asked of S3 before their turn to be answered. A body that nobody reads yet holds little but its connection. */
const READS_AHEAD = 4;

/** Serves one connection until the enclave closes it. `onError` hears why an answer could not be given. */
export async function serveGateway(
  connection: Duplex,
  source: RangeSource,
  onError: (error: unknown) => void,
  sink: OutputSink = NO_OUTPUTS,
): Promise<void> {
  const stream = new ByteStream(connection, IDLE_MS);
  const answers = new Answers(stream, source);
  try {
    while (!(await stream.atEnd())) {
      const request = await readGatewayRequest(stream);
      if (request.type === "read") await answers.give(request);
      else {
        await answers.given();
        await sink(request.name, Readable.from(readPieces(stream)));
        await writeStored(stream);
      }
    }
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

  /** Resolves when all that was asked for has been answered. */
  async given(): Promise<void> {
    await Promise.all(this.#writing.splice(0));
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
