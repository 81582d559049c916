// The maps of random tokens: opened as the owner's rules name them, added to in this process alone, and sealed anew
// before a thread looks up the first token. What was sealed before is never written over.
import { deriveTokenKey, SUITE } from "../core/token/keys.ts";
import type { TokenMaster } from "../core/token/keys.ts";
import { SealroomError } from "../core/errors.ts";
import type { MadeVault } from "../core/manifest/output.ts";
import type { Subject } from "../core/receipt/statement.ts";
import { dialStream } from "../core/wire/byte-stream.ts";
import type { Dialer } from "../core/wire/transport.ts";
import { masterOf } from "../jobs/tokenize/copy-column.ts";
import { RANDOM } from "../jobs/tokenize/operators/random.ts";
import type { SharedTokens, SharedValues } from "../jobs/tokenize/operators/random.ts";
import type { VaultRule } from "../jobs/tokenize/program.ts";
import type { SurveyMerge, SurveyProgram } from "../jobs/tokenize/survey.ts";
import { Vault, VAULT_SCHEMA } from "../jobs/tokenize/vault.ts";
import { Gateway } from "./gateway.ts";
import { readTable } from "./object-table.ts";
import { OutputObject } from "./output-object.ts";
import type { OutputTarget } from "./output-object.ts";
import { SealedFile } from "./sealed-file.ts";
import { openSteps, Steps } from "./steps.ts";

const IDLE_MS = 60_000;
const KEY_BYTES = 32;
/** More than a map's values have, with all that is beside them. */
const MOST_READ_BYTES: number = 256 * 1024 * 1024;
const SCHEMA = VAULT_SCHEMA.map((column) => ({ ...column, role: "hidden" }) as const);

interface OpenWork {
  readonly dialer: Dialer;
  /** The host's name of the job. */
  readonly job: string;
  /** How many objects the input has: its maps are addressed behind them. */
  readonly objects: number;
  readonly program: Pick<SurveyProgram, "keys" | "vaults">;
  readonly masters: readonly Uint8Array[];
  /** The host hung up: nobody waits for the maps. */
  readonly abandoned: AbortSignal;
}

export interface VaultWork extends OpenWork {
  readonly program: SurveyProgram;
  readonly survey: SurveyMerge;
  /** Where the map at that place is sealed to, but for its key. */
  readonly target: (vault: number, rule: VaultRule) => Omit<OutputTarget, "key">;
}

export interface SealedVaults {
  /** By the program's vaults. */
  readonly maps: readonly SharedTokens[];
  readonly entries: readonly MadeVault[];
  /** For the receipt: each map by the digest of its bytes. */
  readonly subjects: readonly Subject[];
}

/** Errors: TOKEN_VAULT, TOKEN_VAULT_SIZE, JOB_OUTPUT; OBJECT_*, SEAL_*, COLUMN_* of a map that is not the one named. */
export async function sealVaults(work: VaultWork): Promise<SealedVaults> {
  const maps: SharedTokens[] = [];
  const entries: MadeVault[] = [];
  const subjects: Subject[] = [];
  for (const [at, rule] of work.program.vaults.entries()) {
    const vault = new Vault(masterFor(work, rule.key, rule));
    if (rule.from !== null) await restore(work, rule, rule.from, vault);
    const found = work.survey.found[at];
    if (found !== undefined) vault.assign(found);
    const target = { ...work.target(at, rule), key: vaultKey(masterFor(work, rule.key, rule)) };
    try {
      work.abandoned.throwIfAborted();
      const object = await OutputObject.open(work.dialer, target);
      work.abandoned.addEventListener("abort", () => {
        object.close();
      });
      try {
        for (const batch of vault.batches()) await object.write(batch);
        const { key, digest, bytes, rows } = await object.finish();
        const map = { key, version: rule.version, digest, bytes, rows };
        entries.push({
          domain: rule.domain,
          audience: rule.audience,
          map,
          from: rule.from?.map.digest ?? null,
        });
        subjects.push({ name: nameOf(key), sha384: object.sha384() });
      } finally {
        object.close();
      }
    } finally {
      target.key.fill(0);
    }
    maps.push(vault.shared);
  }
  return { maps, entries, subjects };
}

/** The maps as they are, for values to be looked up by their tokens. Errors: as sealVaults. */
export async function openVaults(work: OpenWork): Promise<readonly SharedValues[]> {
  const maps: SharedValues[] = [];
  for (const rule of work.program.vaults) {
    const vault = new Vault(masterFor(work, rule.key, rule));
    if (rule.from !== null) await restore(work, rule, rule.from, vault);
    maps.push(vault.values);
  }
  return maps;
}

async function restore(
  { dialer, job, objects, program, masters, abandoned }: OpenWork,
  rule: VaultRule,
  { map, place, key: position }: NonNullable<VaultRule["from"]>,
  vault: Vault,
): Promise<void> {
  abandoned.throwIfAborted();
  const stream = await dialStream(dialer, "gateway", IDLE_MS);
  abandoned.addEventListener("abort", () => {
    stream.destroy();
  });
  const key = vaultKey(masterFor({ program, masters }, position, rule));
  try {
    const gateway = new Gateway(stream, { job, input: 0, object: objects + place });
    const file = await SealedFile.open(gateway, { ...map, format: "arrow" }, key);
    const columns = VAULT_SCHEMA.map(({ name }) => name);
    const shape = { schema: SCHEMA, unit: "row", columns, rows: map.rows } as const;
    // In the main thread, which nobody can end: under this key only enclaves and the domain's owner can seal.
    await readTable(file, shape, new Steps(openSteps(MOST_READ_BYTES)), (batch) => {
      vault.restore(batch);
    });
  } finally {
    key.fill(0);
    stream.destroy();
  }
}

function masterFor(
  { program, masters }: Pick<OpenWork, "program" | "masters">,
  place: number,
  { audience }: VaultRule,
): TokenMaster {
  const master = masterOf(place, program.keys, masters, audience);
  if (master === null) throw new Error("internal: a map without a key");
  return master;
}

/** Under which a map's own data key is wrapped. */
function vaultKey(master: TokenMaster): Uint8Array {
  const use = { operator: RANDOM, part: "vault", suite: SUITE.vault, parameters: {} };
  return deriveTokenKey(master, use, KEY_BYTES);
}

function nameOf(key: string): string {
  const name = key.split("/").at(-1);
  if (name === undefined) throw new SealroomError("TOKEN_VAULT", { fault: "no name" });
  return name;
}
