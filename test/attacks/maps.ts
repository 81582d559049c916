// Attacks with maps of random tokens that are not the one that an owner's rules name.
import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { duplexPair, Readable } from "node:stream";
import { buffer } from "node:stream/consumers";
import type { VaultEntry, VaultMap } from "../../core/manifest/tokenization.ts";
import { parsePlan } from "../../core/plan/parse.ts";
import type { Dialer } from "../../core/wire/transport.ts";
import { sealVaults } from "../../enclave-worker/vaults.ts";
import { serveGateway } from "../../host-driver/gateway.ts";
import { compileProgram, startKernel, surveyOf } from "../../jobs/registry.ts";
import { texts } from "../../jobs/tokenize/quarantine.ts";
import { SurveyMerge } from "../../jobs/tokenize/survey.ts";
import { attempt } from "./attack.ts";
import type { Attack } from "./attack.ts";
import { AUDIENCE, COPY_PLAN, manifestOf, PERSON } from "./copying.ts";

const JOB = "0123456789abcdef";

/** A host that keeps what is put, and serves it when the map at its place is asked for. */
class MapHost {
  readonly stored = new Map<string, Uint8Array>();
  readonly dialer: Dialer;
  /** The name of what is served. */
  serves = "";

  constructor() {
    this.dialer = { connect: () => Promise.resolve(this.#connect()) };
  }

  #connect(): ReturnType<typeof duplexPair>[0] {
    const [near, far] = duplexPair();
    void serveGateway(
      far,
      ({ offset, length }) => {
        const bytes = this.stored.get(this.serves)?.subarray(offset, offset + length);
        return Promise.resolve(bytes === undefined ? null : Readable.from([bytes]));
      },
      () => undefined,
      async (name, body) => {
        this.stored.set(name, new Uint8Array(await buffer(body)));
      },
    );
    return near;
  }
}

const MASTER = new Uint8Array(randomBytes(32));

/** Assigns tokens to values, going on from a map; gives the new one. */
async function assign(
  host: MapHost,
  values: readonly string[],
  run: string,
  from: VaultMap | null,
): Promise<VaultMap> {
  const vaults: readonly VaultEntry[] = [{ domain: PERSON.domain, audience: AUDIENCE, map: from }];
  const columns = { person: { operator: "random", ...PERSON } };
  const manifest = manifestOf({ rows: { person: values }, columns, vaults });
  const program = surveyOf(compileProgram(parsePlan(COPY_PLAN), [manifest]));
  assert.ok(program !== null);
  const masters = [MASTER];
  const kernel = startKernel(program, { masters, maps: [] });
  kernel.add({ rows: values.length, columns: [texts(values)], unitStart: null });
  const survey = new SurveyMerge(program);
  survey.add(kernel.finish() as Parameters<SurveyMerge["add"]>[0]);
  const target = () => ({
    job: JOB,
    name: `${run}/vault-0.sealed`,
    context: new Map<string, string>(),
    fields: [],
  });
  const { entries } = await sealVaults({
    dialer: host.dialer,
    job: JOB,
    objects: 1,
    program,
    masters,
    survey,
    target,
    abandoned: new AbortController().signal,
  });
  const map = entries[0]?.map;
  assert.ok(map);
  return map;
}

const olderMap: Attack = {
  name: "the host serves an older map of random tokens, so that values get a second token",
  case: "H37",
  scene: "code",
  expects: "OBJECT_DIGEST",
  guard: [
    {
      file: "enclave-worker/sealed-file.ts",
      find: 'if (!equal(header.digest, decodeHex(entry.digest))) throw new SealroomError("OBJECT_DIGEST");',
      replace: "",
    },
  ],
  async run() {
    const host = new MapHost();
    // As long as each other, as maps of fewer values than fill a frame's padding may be.
    const older = await assign(host, ["ann", "bea"], "00000000000000aa", null);
    const newer = await assign(host, ["ann", "cid"], "00000000000000bb", null);
    assert.equal(older.bytes, newer.bytes);
    host.serves = older.key;
    return attempt(async () => {
      const { rows } = await assign(host, ["ann", "cid"], "00000000000000cc", newer);
      assert.equal(rows, 3, "cid has a token besides the one it had");
    });
  },
};

const shorterMap: Attack = {
  name: "a map of random tokens has fewer values than the rules say, and the missing ones get second tokens",
  case: "B5",
  scene: "code",
  expects: "OBJECT_ROWS",
  guard: [
    {
      file: "enclave-worker/row-count.ts",
      find: 'if (this.#left !== 0) throw new SealroomError("OBJECT_ROWS", { rows: this.#rows });',
      replace: "",
    },
  ],
  async run() {
    const host = new MapHost();
    const map = await assign(host, ["ann"], "00000000000000aa", null);
    host.serves = map.key;
    return attempt(async () => {
      const { rows } = await assign(host, ["ann", "bea"], "00000000000000bb", { ...map, rows: 2 });
      assert.equal(rows, 2);
    });
  },
};

export const MAP_ATTACKS: readonly Attack[] = [olderMap, shorterMap];
