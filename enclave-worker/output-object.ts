// One object that a job makes: batches as they come, sealed frame by frame and put to the host's gateway over a
// connection of its own, whose pace is the host's. Nothing is an object before the owner has signed its digest.
import { UNIT_START_FIELD } from "../core/column/type.ts";
import type { ArrowField } from "../core/column/schema.ts";
import { ArrowFileWriter } from "../core/column/writer.ts";
import { Sha384 } from "../core/crypto.ts";
import { SealroomError } from "../core/errors.ts";
import { DATASET_KEYRING } from "../core/manifest/manifest.ts";
import type { ObjectFacts } from "../core/manifest/manifest.ts";
import { DEFAULT_FRAME_LENGTH, MessageWriter } from "../core/seal/writer.ts";
import { encodeHex } from "../core/text/digest.ts";
import { dialStream } from "../core/wire/byte-stream.ts";
import type { ByteStream } from "../core/wire/byte-stream.ts";
import { finishPut, writePiece, writePutRequest } from "../core/wire/gateway.ts";
import type { Dialer } from "../core/wire/transport.ts";
import type { OutputBatch } from "../jobs/kernel.ts";

const IDLE_MS = 60_000;

/** Plain data, for structured cloning into a thread. */
export interface OutputTarget {
  /** The host's name of the job, for its gateway. */
  readonly job: string;
  /** Of the object, below the place of the job's outputs. */
  readonly name: string;
  /** The key under which the object's own is wrapped; KMS drew it for this job. */
  readonly key: Uint8Array;
  /** What its header says in the clear. */
  readonly context: ReadonlyMap<string, string>;
  /** Of an object that no batch comes to. */
  readonly fields: readonly ArrowField[];
}

export class OutputObject {
  readonly #stream: ByteStream;
  readonly #target: OutputTarget;
  readonly #message: MessageWriter;
  #file: ArrowFileWriter | null = null;
  readonly #dictionaries = new Map<number, readonly string[]>();
  readonly #hash = new Sha384();
  #rows = 0;

  private constructor(stream: ByteStream, target: OutputTarget) {
    this.#stream = stream;
    this.#target = target;
    this.#message = new MessageWriter({
      wrappingKey: target.key,
      keyNamespace: DATASET_KEYRING.namespace,
      keyName: DATASET_KEYRING.name,
      encryptionContext: target.context,
    });
  }

  /** Errors: TRANSPORT_*. */
  static async open(dialer: Dialer, target: OutputTarget): Promise<OutputObject> {
    const stream = await dialStream(dialer, "gateway", IDLE_MS);
    try {
      const object = new OutputObject(stream, target);
      await writePutRequest(stream, { job: target.job, name: target.name });
      await object.#put(object.#message.header());
      return object;
    } catch (error) {
      stream.destroy();
      throw error;
    }
  }

  /** Resolves when the host has taken the batch. Errors: TRANSPORT_*. */
  async write({ rows, fields, vectors }: OutputBatch): Promise<void> {
    const file = this.#file ?? (await this.#start(fields));
    await this.#seal(file.batch(rows, vectors));
    for (const [at, vector] of vectors.entries()) {
      if (vector.layout === "dictionary") this.#dictionaries.set(at, vector.values);
    }
    this.#rows += rows;
  }

  /** What a manifest says of it. Errors: TRANSPORT_*, WIRE_*, JOB_OUTPUT. */
  async finish(): Promise<ObjectFacts> {
    const file = this.#file ?? (await this.#start(this.#target.fields));
    await this.#seal(file.finish(this.#dictionaries));
    for (const frame of this.#message.finish()) await this.#put(frame);
    await finishPut(this.#stream).catch((cause: unknown) => {
      throw new SealroomError("JOB_OUTPUT", { name: this.#target.name }, { cause });
    });
    this.close();
    return {
      key: this.#target.name,
      format: "arrow",
      digest: encodeHex(this.#message.digest),
      bytes: this.#message.sealedBytes,
      rows: this.#rows,
    };
  }

  /** Of all its bytes (hex), once it is finished. */
  sha384(): string {
    return encodeHex(this.#hash.digest());
  }

  /** Unfinished, it is no object: the host is told by the connection's end. */
  close(): void {
    this.#stream.destroy();
  }

  async #start(fields: readonly ArrowField[]): Promise<ArrowFileWriter> {
    const file = new ArrowFileWriter(fields, DEFAULT_FRAME_LENGTH);
    this.#file = file;
    await this.#seal(file.start());
    return file;
  }

  async #seal(chunks: readonly Uint8Array[]): Promise<void> {
    for (const chunk of chunks) {
      for (const frame of this.#message.push(chunk)) await this.#put(frame);
    }
  }

  async #put(piece: Uint8Array): Promise<void> {
    this.#hash.update(piece);
    await writePiece(this.#stream, piece);
  }
}

/** The fields of an object of no rows. */
export function plainFields(
  columns: readonly Pick<ArrowField, "name" | "type">[],
  isMarked: boolean,
): readonly ArrowField[] {
  const fields = columns.map(({ name, type }): ArrowField => ({ name, type, dictionary: null }));
  const marks: ArrowField = { name: UNIT_START_FIELD, type: { kind: "bool" }, dictionary: null };
  return isMarked ? [...fields, marks] : fields;
}
