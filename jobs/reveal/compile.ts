// A reveal plan and the manifest it runs on to a program. What made a column's tokens the signed manifest says, and how
// many rows may leave the owner's grant; what cannot be revealed is refused before a key is asked for.
import { findColumnType } from "../../core/column/type.ts";
import type { ColumnType } from "../../core/column/type.ts";
import { PolicyError, SealroomError } from "../../core/errors.ts";
import type { ColumnEntry, Manifest } from "../../core/manifest/manifest.ts";
import type { TokenFacts } from "../../core/manifest/tokenization.ts";
import type { RevealPlan } from "../../core/plan/plan.ts";
import { Field, nearestDetail } from "../../core/text/field.ts";
import { shortName } from "../../core/text/name.ts";
import { isTaken } from "../tokenize/fit.ts";
import { parseTokenizer } from "../tokenize/operators.ts";
import { parseRandom, RANDOM } from "../tokenize/operators/random.ts";
import type { Tokenizer } from "../tokenize/operators.ts";
import type { ProgramColumn, Tokens, VaultRule } from "../tokenize/program.ts";
import { TokenKeys } from "../tokenize/token-keys.ts";
import type { RevealColumn, RevealProgram, RevealUnit, RowMatch } from "./program.ts";
import { checkResultSize } from "./result.ts";

/**
 * `maxRows`: the grant's, or null. Errors: PLAN_INPUT, PLAN_COLUMN, TOKEN_RULE, TOKEN_NO_KEY, TOKEN_VAULT, TOKEN_OPERATOR,
 * TOKEN_PARAMETER, RULES_REVEAL, REVEAL_ROWS, REVEAL_SIZE.
 */
export function compileReveal(plan: RevealPlan, manifest: Manifest, maxRows: number | null): RevealProgram {
  const { dataset } = manifest;
  if (!plan.inputs.some((input) => input.dataset === dataset)) {
    throw new SealroomError("PLAN_INPUT", { dataset });
  }
  const compiler = new Compiler(manifest);
  const outputs = plan.columns.map((name) => compiler.column(name));
  if (outputs.every(({ tokens }) => tokens === null)) {
    throw new SealroomError("TOKEN_RULE", { fault: "no column of the result has tokens" });
  }
  const match = plan.match === null ? null : compiler.match(plan.match);
  if (maxRows === null) throw new PolicyError("RULES_REVEAL", { dataset });
  const rows = manifest.objects.reduce((sum, object) => sum + object.rows, 0);
  // How many there are is public: without a match nothing has to be read to know.
  if (match === null && rows > maxRows) throw new PolicyError("REVEAL_ROWS", { limit: maxRows });
  const { columns, keys, vaults } = compiler;
  const program: RevealProgram = {
    kind: "reveal",
    columns,
    outputs,
    match,
    keys: keys.entries,
    vaults,
    maxRows,
    rows,
  };
  checkResultSize(program);
  return program;
}

/** The columns that a plan reads besides those it names: whose rows dates are. */
export function unitsOf({ columns }: RevealPlan, { tokens }: Manifest): readonly string[] {
  return columns.flatMap((name) => factsOf(tokens, name)?.unit ?? []);
}

/** What is asked of an operator whose tokens are to be opened. */
type Opened = Pick<Tokenizer, "takes" | "isVerbatim">;

class Compiler {
  readonly columns: ProgramColumn[] = [];
  readonly keys: TokenKeys;
  readonly vaults: VaultRule[] = [];
  readonly #manifest: Manifest;

  constructor(manifest: Manifest) {
    this.#manifest = manifest;
    this.keys = new TokenKeys(manifest.rules.tokenKeys ?? []);
  }

  column(name: string): RevealColumn {
    const entry = this.#find(name);
    const type = typeOf(entry);
    const base = { name, type, column: this.#read(entry) };
    const facts = factsOf(this.#manifest.tokens, name);
    if (facts === undefined) return { ...base, tokens: null, unit: null };
    const tokenizer = this.#reversible(name, facts);
    checkType(name, type, tokenizer);
    const unit = tokenizer.takes === "date of unit" ? this.#unit(name, facts) : null;
    return { ...base, tokens: this.#tokens(name, facts), unit };
  }

  match({ column, tokens }: NonNullable<RevealPlan["match"]>): RowMatch {
    const entry = this.#find(column);
    if (typeOf(entry).kind !== "utf8") throw ruleFault(column, "rows are matched by text alone");
    return { column: this.#read(entry), tokens };
  }

  /** Dates come back by the very text that they were moved by: by another, other dates come, and nothing shows it. */
  #unit(name: string, { unit }: TokenFacts): RevealUnit {
    const entry = this.#manifest.schema.find((column) => column.name === unit);
    if (entry === undefined) {
      throw ruleFault(name, "the column that says whose dates they are is not there, or tells it no more");
    }
    const type = typeOf(entry);
    const facts = factsOf(this.#manifest.tokens, entry.name);
    if (facts === undefined) {
      if (!isTaken(type, "text")) throw ruleFault(name, "its unit is of no type that names units");
      return { column: this.#read(entry), tokens: null };
    }
    const tokenizer = this.#reversible(entry.name, facts);
    checkType(entry.name, type, tokenizer);
    if (tokenizer.takes !== "text" || !tokenizer.isVerbatim) {
      throw ruleFault(name, "its unit's tokens reveal another spelling than the dates may be moved by");
    }
    return { column: this.#read(entry), tokens: this.#tokens(entry.name, facts) };
  }

  #reversible(name: string, { operator, parameters }: TokenFacts): Opened {
    const path = `tokens.${name}.parameters`;
    if (operator === RANDOM) {
      const { canonical } = parseRandom(new Field(parameters, path, "TOKEN_PARAMETER"));
      return { takes: "text", isVerbatim: canonical === "exact" || canonical === "trim" };
    }
    const tokenizer = parseTokenizer(operator, parameters, path);
    if (!tokenizer.isReversible) {
      throw ruleFault(name, `made by ${operator} as its parameters are, which nothing takes back`);
    }
    return tokenizer;
  }

  #tokens(name: string, { operator, parameters, audience, domain, version }: TokenFacts): Tokens {
    const key = this.keys.find(name, domain, version);
    if (key === null) throw ruleFault(name, "the manifest names no domain of its tokens");
    const vault = operator === RANDOM && domain !== null ? this.#vault(name, domain, audience) : null;
    return { operator, parameters, audience, key, vault };
  }

  /** What is behind random tokens only their map tells, and which that is the owner's rules. */
  #vault(column: string, domain: string, audience: string): number {
    const known = this.vaults.findIndex((vault) => vault.domain === domain && vault.audience === audience);
    if (known !== -1) return known;
    const named = this.#manifest.rules.vaults ?? [];
    const place = named.findIndex((vault) => vault.domain === domain && vault.audience === audience);
    const map = named[place]?.map ?? null;
    if (map === null) throw new PolicyError("TOKEN_VAULT", { column, domain, audience, fault: "not named" });
    const key = this.keys.find(column, domain, map.version);
    if (key === null) throw new Error("internal: a map of no domain");
    const { version } = map;
    return this.vaults.push({ domain, audience, version, key, from: { map, place, key }, columns: [] }) - 1;
  }

  #find(name: string): ColumnEntry {
    const { schema } = this.#manifest;
    const entry = schema.find((column) => column.name === name);
    if (entry !== undefined) return entry;
    const near = nearestDetail(
      name,
      schema.map((column) => column.name),
    );
    throw new SealroomError("PLAN_COLUMN", { column: shortName(name), ...near });
  }

  #read(entry: ColumnEntry): number {
    const known = this.columns.findIndex(({ name }) => name === entry.name);
    return known === -1 ? this.columns.push({ name: entry.name, type: typeOf(entry) }) - 1 : known;
  }
}

/** Tokens of text are text, whatever the values were; dates stay of their type. */
function checkType(name: string, type: ColumnType, { takes }: Opened): void {
  const isFit = takes === "text" ? type.kind === "utf8" : isTaken(type, takes);
  if (!isFit) throw ruleFault(name, "not of the type that its tokens are of");
}

function factsOf(tokens: Manifest["tokens"], name: string): TokenFacts | undefined {
  return tokens !== undefined && Object.hasOwn(tokens, name) ? tokens[name] : undefined;
}

function typeOf({ type }: ColumnEntry): ColumnType {
  const found = findColumnType(type);
  if (found === undefined) throw new Error("internal: a manifest with an unknown type");
  return found;
}

function ruleFault(column: string, fault: string): SealroomError {
  return new SealroomError("TOKEN_RULE", { column, fault });
}
