// What a job makes beside its result: sealed objects, a report for the owner alone, and the unsigned manifest of them. All
// names are fresh for each run, so that a rerun never writes over what an owner may have signed.
import { randomBytes } from "../core/crypto.ts";
import { SealroomError } from "../core/errors.ts";
import type { ObjectFacts, VerifiedManifest } from "../core/manifest/manifest.ts";
import { encodeOutputManifest } from "../core/manifest/output.ts";
import { findColumnType } from "../core/column/type.ts";
import type { ColumnType } from "../core/column/type.ts";
import type { MadeVault } from "../core/manifest/output.ts";
import { REPORT_FILE } from "../core/receipt/statement.ts";
import type { Subject } from "../core/receipt/statement.ts";
import { sealResult } from "../core/receipt/sealed-result.ts";
import { encodeHex, sha384Hex } from "../core/text/digest.ts";
import { dialStream } from "../core/wire/byte-stream.ts";
import { finishPut, MAX_PIECE_BYTES, writePiece, writePutRequest } from "../core/wire/gateway.ts";
import type { Dialer } from "../core/wire/transport.ts";
import type { CopyShape, VaultRule } from "../jobs/tokenize/program.ts";
import { VAULT_SCHEMA } from "../jobs/tokenize/vault.ts";
import type { GeneratedKey } from "./kms/generate.ts";
import { plainFields } from "./output-object.ts";
import type { OutputTarget } from "./output-object.ts";

const RUN_BYTES = 8;
const IDLE_MS = 60_000;
/** Some thousand values: fewer have a report as long as none. */
const LEAST_REPORT_BYTES: number = 64 * 1024;

export interface OutputRun {
  readonly dialer: Dialer;
  /** The host's name of the job. */
  readonly job: string;
  readonly planDigest: string;
  readonly input: VerifiedManifest;
  readonly shape: CopyShape;
  readonly key: GeneratedKey;
  /** The host hung up: nobody waits for what is made. */
  readonly abandoned: AbortSignal;
}

export class Outputs {
  readonly #run: OutputRun;
  /** Tells this run's objects from another's. */
  readonly #prefix: string = encodeHex(randomBytes(RUN_BYTES));

  constructor(run: OutputRun) {
    this.#run = run;
  }

  /** Of the copy of one of the input's objects. */
  target(object: number): OutputTarget {
    const { job, planDigest, input, shape, key } = this.#run;
    return {
      job,
      name: `${this.#prefix}/part-${String(object).padStart(5, "0")}.sealed`,
      key: key.key,
      context: new Map([
        ["sealroom:owner", input.owner],
        ["sealroom:dataset", shape.dataset],
        ["sealroom:job", planDigest],
        ["sealroom:object", String(object)],
      ]),
      fields: plainFields(
        shape.schema.map(({ name, type }) => ({ name, type: typeOf(type) })),
        shape.unit === "column",
      ),
    };
  }

  /** Of a map of random tokens; its key is the domain's. */
  vaultTarget(vault: number, { domain, audience }: VaultRule): Omit<OutputTarget, "key"> {
    const { job, input } = this.#run;
    return {
      job,
      name: `${this.#prefix}/vault-${vault}.sealed`,
      context: new Map([
        ["sealroom:owner", input.owner],
        ["sealroom:domain", domain],
        ["sealroom:audience", audience],
      ]),
      fields: plainFields(
        VAULT_SCHEMA.map(({ name, type }) => ({ name, type: typeOf(type) })),
        false,
      ),
    };
  }

  /** Puts a table that the owner alone can open. Its length is a power of two, and the same for none and for few. Errors: KEY_*, RESULT_SIZE, JOB_OUTPUT. */
  async report(table: Uint8Array): Promise<Subject> {
    const { dialer, job, input, abandoned } = this.#run;
    const sealed = await sealResult(table, input.manifest.ownerKey, LEAST_REPORT_BYTES);
    abandoned.throwIfAborted();
    const stream = await dialStream(dialer, "gateway", IDLE_MS);
    abandoned.addEventListener("abort", () => {
      stream.destroy();
    });
    try {
      await writePutRequest(stream, { job, name: `${this.#prefix}/${REPORT_FILE}` });
      for (let at = 0; at < sealed.length; at += MAX_PIECE_BYTES) {
        await writePiece(stream, sealed.subarray(at, at + MAX_PIECE_BYTES));
      }
      await finishPut(stream);
    } catch (cause) {
      throw new SealroomError("JOB_OUTPUT", { name: REPORT_FILE }, { cause });
    } finally {
      stream.destroy();
    }
    return { name: REPORT_FILE, sha384: await sha384Hex(sealed) };
  }

  /** The unsigned manifest: objects in the order of the input's. */
  manifest(objects: readonly ObjectFacts[], vaults: readonly MadeVault[]): Uint8Array {
    const { planDigest, input, shape, key } = this.#run;
    const { dataset, keyArn, unit, schema, tokens } = shape;
    return encodeOutputManifest({
      version: 1,
      dataset,
      owner: input.owner,
      job: planDigest,
      keyArn,
      wrappedKey: key.wrappedKey,
      unit,
      schema,
      objects,
      tokens,
      vaults,
      source: input.digest,
    });
  }
}

function typeOf(name: string): ColumnType {
  const type = findColumnType(name);
  if (type === undefined) throw new Error("internal: a shape of an unknown type");
  return type;
}
