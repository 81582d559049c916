// Attacks on the way of what a job makes: what anybody asks the host's gateway to store, threads whose copies are not
// whole, and answers of KMS with a key in the clear.
import assert from "node:assert/strict";
import { encodeCanonical } from "../../core/json.ts";
import { outputContext } from "../../core/manifest/encryption-context.ts";
import { parsePlan } from "../../core/plan/parse.ts";
import { readGatewayRequest, readPieces } from "../../core/wire/gateway.ts";
import { computeObjects } from "../../enclave-worker/compute.ts";
import { parseAnswer } from "../../enclave-worker/kms/recipient-call.ts";
import type { ObjectResult } from "../../enclave-worker/object-task.ts";
import type { OutputTarget } from "../../enclave-worker/output-object.ts";
import { compileProgram, startKernel } from "../../jobs/registry.ts";
import { texts } from "../../jobs/tokenize/quarantine.ts";
import { KEY_ARN } from "../manifest/example.ts";
import { connectedPair, fed } from "../wire/pair.ts";
import { attempt } from "./attack.ts";
import type { Attack, Verdict } from "./attack.ts";
import { COPY_PLAN, manifestOf, OWNER } from "./copying.ts";

const JOB = "0123456789abcdef";
const GATEWAY = "core/wire/gateway.ts";
const CLAIMED = 512 * 2 ** 20;

function put(name: string): Promise<Verdict> {
  const json = encodeCanonical({ type: "put", job: JOB, name });
  const prefix = new Uint8Array(4);
  new DataView(prefix.buffer).setUint32(0, json.length);
  return attempt(async () => {
    const request = await readGatewayRequest(fed(Buffer.concat([prefix, json])));
    assert.deepEqual(request, { type: "put", job: JOB, name });
  });
}

const putAbove: Attack = {
  name: "an enclave that nobody has verified has the host store an object above its place, over the owner's manifest",
  case: "H54",
  scene: "code",
  expects: "WIRE_FIELD",
  guard: [
    {
      file: GATEWAY,
      find: "/^[A-Za-z0-9][A-Za-z0-9._-]{0,255}(\\/",
      replace: "/^[A-Za-z0-9.][A-Za-z0-9._-]{0,255}(\\/",
    },
  ],
  run() {
    return put("../manifest.jws");
  },
};

const putAnywhere: Attack = {
  name: "an enclave that nobody has verified has the host store an object under an absolute name",
  case: "H54",
  scene: "code",
  expects: "WIRE_FIELD",
  guard: [
    {
      file: GATEWAY,
      find: "/^[A-Za-z0-9][A-Za-z0-9._-]{0,255}(\\/",
      replace: "/^[A-Za-z0-9/][A-Za-z0-9._-]{0,255}(\\/",
    },
  ],
  run() {
    return put("/manifest.jws");
  },
};

const hugePiece: Attack = {
  name: "an enclave that nobody has verified announces a piece of half a gigabyte, and sends none of it",
  case: "H43",
  scene: "code",
  expects: "WIRE_LENGTH",
  guard: [{ file: GATEWAY, find: "if (length > MAX_PIECE_BYTES) throw", replace: "if (length < 0) throw" }],
  async run() {
    const before = process.memoryUsage().arrayBuffers;
    const { stream, peer } = connectedPair();
    const prefix = new Uint8Array(4);
    new DataView(prefix.buffer).setUint32(0, CLAIMED);
    peer.write(prefix);
    const reading = readPieces(stream).next();
    const waited = new Promise<"waiting">((resolve) => setTimeout(resolve, 100, "waiting"));
    try {
      return await attempt(async () => {
        assert.equal(await Promise.race([reading, waited]), "waiting");
        assert.ok(process.memoryUsage().arrayBuffers - before >= CLAIMED / 2, "nothing was set aside");
      });
    } finally {
      reading.catch(() => undefined);
      stream.destroy();
    }
  },
};

const keyInTheClear: Attack = {
  name: "the endpoint answers with a key in the clear too, for whoever reads along",
  case: "H24",
  scene: "code",
  expects: "KMS_ANSWER",
  guard: [
    {
      file: "enclave-worker/kms/recipient-call.ts",
      find: " || plaintext !== null) throw",
      replace: ") throw",
    },
  ],
  run() {
    const context = outputContext({ owner: OWNER.thumbprint, dataset: "copy", job: "0e".repeat(48) });
    const answer = {
      KeyId: KEY_ARN,
      CiphertextForRecipient: "AAAA",
      CiphertextBlob: "AAAA",
      Plaintext: "AAAA",
    };
    const body = new TextEncoder().encode(JSON.stringify(answer));
    return attempt(() => {
      parseAnswer({ status: 200, body }, { keyArn: KEY_ARN, context });
    });
  },
};

/** A copy of one object of two rows, by a thread that answers what the attack says. */
function copyBy(made: ObjectResult["made"]): Promise<Verdict> {
  const rows = { person: ["p-1", "p-2"] };
  const manifest = manifestOf({ rows });
  const program = compileProgram(parsePlan(COPY_PLAN), [manifest]);
  const secrets = { masters: [], maps: [] };
  const kernel = startKernel(program, secrets);
  kernel.add({ rows: 2, columns: [texts(rows.person)], unitStart: null });
  const answer = { partial: kernel.finish(), rows: 2, bytes: 1000, made };
  const pool = { run: () => Promise.resolve(answer), close: () => Promise.resolve() };
  const target = (): OutputTarget => {
    return { job: JOB, name: "part", key: new Uint8Array(32), context: new Map(), fields: [] };
  };
  const computation = {
    job: JOB,
    input: 0,
    manifest,
    datasetKey: new Uint8Array(32),
    program,
    secrets,
    target,
  };
  const abandoned = new AbortController().signal;
  return attempt(async () => {
    const computed = await computeObjects(pool, computation, abandoned, () => undefined);
    assert.deepEqual(computed.made, [made]);
  });
}

const COMPUTE = "enclave-worker/compute.ts";

const fewerRows: Attack = {
  name: "a thread of the enclave copies fewer rows than an object has, and says so of the copy alone",
  case: "K6",
  scene: "code",
  expects: "JOB_INCOMPLETE",
  guard: [{ file: COMPUTE, find: "if (made?.rows !== rows) throw", replace: "if (made === null) throw" }],
  run() {
    return copyBy({
      key: `${JOB}/part-00000.sealed`,
      format: "arrow",
      digest: "0a".repeat(48),
      bytes: 1000,
      rows: 1,
    });
  },
};

const noObject: Attack = {
  name: "a thread of the enclave answers as if there were no object to make, and the copy has one less",
  case: "K6",
  scene: "code",
  expects: "JOB_INCOMPLETE",
  guard: [
    {
      file: COMPUTE,
      find: "if (made?.rows !== rows) throw",
      replace: "if (made !== null && made.rows !== rows) throw",
    },
  ],
  run() {
    return copyBy(null);
  },
};

export const OUTPUT_ATTACKS: readonly Attack[] = [
  putAbove,
  putAnywhere,
  hugePiece,
  keyInTheClear,
  fewerRows,
  noObject,
];
