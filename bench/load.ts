// What a bench thread can be set to do, over and over, with one object. Each load handles the ciphertext that the job
// reads of it, so that their rates compare.
import { createDecipheriv, createSecretKey, randomBytes } from "node:crypto";
import { readTable } from "../enclave-worker/object-table.ts";
import { objectRunner } from "../enclave-worker/object-task.ts";
import type { ObjectTask } from "../enclave-worker/object-task.ts";
import { Gateway } from "../enclave-worker/gateway.ts";
import { ReadMemory } from "../enclave-worker/read-memory.ts";
import { SealedFile } from "../enclave-worker/sealed-file.ts";
import { openSteps, Steps } from "../enclave-worker/steps.ts";
import type { Manifest, ObjectEntry } from "../core/manifest/manifest.ts";
import { FRAME_OVERHEAD } from "../core/seal/size.ts";
import { DEFAULT_FRAME_LENGTH } from "../core/seal/writer.ts";
import { dialStream } from "../core/wire/byte-stream.ts";
import { startKernel } from "../jobs/registry.ts";
import type { Program } from "../jobs/registry.ts";
import { unixDialer } from "../transport/unix.ts";
import { MemorySource } from "./memory-source.ts";
import type { Asked } from "./memory-source.ts";

export interface LoadSetup {
  readonly entry: ObjectEntry;
  readonly sealed: Uint8Array;
  readonly datasetKey: Uint8Array;
  readonly program: Program;
  readonly schema: Manifest["schema"];
  /** Where a gateway listens that has the object under every number. */
  readonly sockets: string;
}

export type LoadName = "decrypt" | "reuse" | "open" | "memory" | "pull" | "socket";

const JOB = "0123456789abcdef";
const MOST_READ_BYTES = 2 ** 29;
const FRAME_BYTES = DEFAULT_FRAME_LENGTH + FRAME_OVERHEAD;

export class Load {
  readonly #setup: LoadSetup;
  readonly #memory = new ReadMemory();
  readonly #runner: ReturnType<typeof objectRunner>;
  #asked: readonly Asked[] = [];

  constructor(setup: LoadSetup) {
    this.#setup = setup;
    this.#runner = objectRunner(unixDialer(setup.sockets));
  }

  /** One object's worth of work; returns the bytes of ciphertext it was. */
  async run(name: LoadName): Promise<number> {
    if (this.#asked.length === 0) await this.#open("without kernel");
    switch (name) {
      case "decrypt":
        return this.#decrypt("left to the collector");
      case "reuse":
        return this.#decrypt("given back");
      case "open":
        return this.#open("without kernel");
      case "memory":
        return this.#open("with kernel");
      case "pull":
        return this.#pull();
      case "socket":
        return this.#job();
    }
  }

  /** What any reader of these frames must at least do: one AES-256-GCM message each, with Node's own cipher. */
  #decrypt(output: "left to the collector" | "given back"): number {
    const key = createSecretKey(randomBytes(32));
    let bytes = 0;
    for (const { offset, length } of this.#asked) {
      for (let at = offset; at < offset + length; at += FRAME_BYTES) {
        const frame = this.#setup.sealed.subarray(at, Math.min(at + FRAME_BYTES, offset + length));
        const cipher = createDecipheriv("aes-256-gcm", key, frame.subarray(4, 16), { authTagLength: 16 });
        const plain = cipher.update(frame.subarray(16, -16));
        if (output === "given back") plain.buffer.transfer(0);
        bytes += frame.length;
      }
    }
    return bytes;
  }

  /** From memory, as a thread of the enclave does it: header, footer, frames, columns, and then the kernel or not. */
  async #open(kind: "with kernel" | "without kernel"): Promise<number> {
    const { entry, sealed, datasetKey, program, schema } = this.#setup;
    const source = new MemorySource(sealed);
    const file = await SealedFile.open(source, entry, datasetKey, this.#memory);
    const kernel = startKernel(program);
    const columns = program.columns.map(({ name }) => name);
    const shape = { schema, unit: "column", columns, rows: entry.rows } as const;
    await readTable(file, shape, new Steps(openSteps(MOST_READ_BYTES)), (batch) => {
      if (kind === "with kernel") kernel.add(batch);
    });
    if (kind === "with kernel") kernel.finish();
    this.#asked = source.asked;
    return source.asked.reduce((sum, { length }) => sum + length, 0);
  }

  /** The same ranges through the gateway, and no more done with them. */
  async #pull(): Promise<number> {
    const stream = await dialStream(unixDialer(this.#setup.sockets), "gateway", 60_000);
    const gateway = new Gateway(stream, { job: JOB, input: 0, object: 0 });
    const target = new Uint8Array(Math.max(...this.#asked.map(({ length }) => length)));
    let before: Promise<void> = Promise.resolve();
    for (const { offset, length } of this.#asked) {
      // Two are on their way at a time, as in a job.
      const next = gateway.readInto(offset, target.subarray(0, length));
      await before;
      before = next;
    }
    await before;
    stream.destroy();
    return gateway.bytesRead;
  }

  async #job(): Promise<number> {
    const { entry, datasetKey, program, schema } = this.#setup;
    const task: ObjectTask = {
      address: { job: JOB, input: 0, object: 0 },
      entry,
      schema,
      unit: "column",
      datasetKey: new Uint8Array(datasetKey),
      program,
      secrets: { masters: [], maps: [] },
      output: null,
    };
    const outcome = await this.#runner({ task, steps: openSteps(MOST_READ_BYTES) });
    if ("refusal" in outcome) throw new Error(`refused: ${outcome.refusal.code}`);
    return outcome.result.bytes;
  }
}
