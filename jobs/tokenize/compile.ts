// A tokenization plan and the manifest it runs on to a program: for each column what the owner's rules say, and nothing
// that the plan says but for whom. Whatever does not fit is refused before a byte of the data is read.
import { columnTypeName, findColumnType } from "../../core/column/type.ts";
import type { ColumnType } from "../../core/column/type.ts";
import { IDENTIFIERS } from "../../core/detect/identifier.ts";
import { findIdentifier } from "../../core/detect/lexicon.ts";
import { PolicyError, SealroomError } from "../../core/errors.ts";
import type { ColumnEntry, Manifest } from "../../core/manifest/manifest.ts";
import type { AudienceRule, ColumnRule, TokenFacts } from "../../core/manifest/tokenization.ts";
import type { TokenizePlan } from "../../core/plan/plan.ts";
import { Field, nearestDetail } from "../../core/text/field.ts";
import { givenType, isTaken } from "./fit.ts";
import { parseTokenizer } from "./operators.ts";
import type { Tokenizer } from "./operators.ts";
import { parseRandom, RANDOM } from "./operators/random.ts";
import type { CopyColumn, CopyProgram, Tokens, VaultRule } from "./program.ts";
import { TokenKeys } from "./token-keys.ts";

/** Operators that the job itself knows. */
export const KEEP = "keep";
export const DROP = "drop";
/** Opens a column's tokens and makes them again, under another version of their domain's key. */
export const REWRAP = "rewrap";

/**
 * Errors: PLAN_INPUT, RULES_AUDIENCE, TOKEN_RULE, TOKEN_DROP_ONLY, TOKEN_NO_KEY, TOKEN_VAULT, TOKEN_OPERATOR, TOKEN_PARAMETER.
 */
export function compileCopy(plan: TokenizePlan, manifest: Manifest): CopyProgram {
  const audience = findAudience(plan, manifest);
  const compiler = new Compiler(plan.audience, audience, manifest);
  if (audience.dataset === manifest.dataset) {
    throw new SealroomError("TOKEN_RULE", {
      fault: "a copy has a name of its own",
      dataset: audience.dataset,
    });
  }
  const kept = manifest.schema.filter(({ name }) => audience.columns[name]?.operator !== DROP);
  if (kept.length === 0) throw new SealroomError("TOKEN_RULE", { fault: "no column is left" });
  const outputs = kept.map((entry) => compiler.column(entry));
  const schema = outputs.map(({ name, given }): ColumnEntry => ({
    name,
    type: columnTypeName(given),
    role: audience.columns[name]?.role ?? "hidden",
  }));
  checkUnits(schema, manifest);
  return {
    kind: "tokenize",
    columns: compiler.columns,
    outputs,
    dropped: manifest.schema.filter((entry) => !kept.includes(entry)).map(({ name }) => name),
    keys: compiler.keys.entries,
    vaults: compiler.vaults,
    minUnits: manifest.rules.minUnits,
    output: {
      dataset: audience.dataset,
      keyArn: audience.keyArn,
      unit: manifest.unit,
      schema,
      tokens: compiler.tokens,
    },
  };
}

export function findAudience({ audience, inputs }: TokenizePlan, { dataset, rules }: Manifest): AudienceRule {
  if (!inputs.some((input) => input.dataset === dataset)) throw new SealroomError("PLAN_INPUT", { dataset });
  const known = rules.tokenization ?? {};
  const rule = Object.hasOwn(known, audience) ? known[audience] : undefined;
  if (rule === undefined) {
    throw new PolicyError("RULES_AUDIENCE", { audience, ...nearestDetail(audience, Object.keys(known)) });
  }
  return rule;
}

class Compiler {
  readonly columns: CopyProgram["columns"][number][] = [];
  readonly tokens: Record<string, TokenFacts> = Object.create(null) as Record<string, TokenFacts>;
  readonly keys: TokenKeys;
  readonly vaults: VaultRule[] = [];
  readonly #audience: string;
  readonly #rule: AudienceRule;
  readonly #manifest: Manifest;

  constructor(audience: string, rule: AudienceRule, manifest: Manifest) {
    this.#audience = audience;
    this.#rule = rule;
    this.#manifest = manifest;
    this.keys = new TokenKeys(manifest.rules.tokenKeys ?? []);
  }

  column(entry: ColumnEntry): CopyColumn {
    const { name } = entry;
    const rule = this.#rule.columns[name];
    if (rule === undefined) throw new Error("internal: a column without a rule");
    checkDropOnly(name, rule);
    const type = typeOf(entry);
    const base = { name, type, column: this.#read(name), unit: null, invalid: rule.invalid };
    switch (rule.operator) {
      case KEEP:
        return { ...base, given: type, ...this.#keep(name, rule) };
      case REWRAP:
        return { ...base, given: type, ...this.#rewrap(name, rule, type) };
      case RANDOM:
        return { ...base, ...this.#assign(name, rule, type) };
      default:
        return { ...base, ...this.#tokenize(name, rule, type) };
    }
  }

  #keep(name: string, rule: ColumnRule): Pick<CopyColumn, "tokens" | "opened"> {
    if (rule.domain !== null || Object.keys(rule.parameters).length > 0) {
      throw ruleFault(name, "a kept column has no domain and no parameters");
    }
    // Tokens that are kept stay what they are.
    const facts = this.#facts(name);
    if (facts !== undefined) this.tokens[name] = { ...facts, unit: this.#keptUnit(facts.unit) };
    return { tokens: null, opened: null };
  }

  /**
   * What dates were moved by is known again as long as it is plain, or behind one layer of tokens. Null where it is
   * itself a token: what is behind that would give other dates.
   */
  #plainUnit(name: string | null): string | null {
    return name === null || this.#facts(name) !== undefined ? null : name;
  }

  /** As #plainUnit, of dates that stay while a second layer may come over their unit. */
  #keptUnit(name: string | null): string | null {
    const operator = name === null ? undefined : this.#rule.columns[name]?.operator;
    const isSame = operator === KEEP || operator === REWRAP;
    return isSame ? name : this.#plainUnit(name);
  }

  #tokenize(
    name: string,
    rule: ColumnRule,
    type: ColumnType,
  ): Pick<CopyColumn, "given" | "unit" | "tokens" | "opened"> {
    const { operator, domain, version, parameters } = rule;
    const tokenizer = this.#parse(name, operator, parameters);
    if (tokenizer.isKeyed !== (domain !== null)) {
      throw ruleFault(name, tokenizer.isKeyed ? "the operator needs a domain" : "the operator has no domain");
    }
    if (!isTaken(type, tokenizer.takes)) throw ruleFault(name, "not of a type that the operator takes");
    if (rule.invalid === "redact" && tokenizer.gives !== "text") {
      throw ruleFault(name, "only text can be redacted");
    }
    this.#checkUnitTokens(name, rule, tokenizer);
    const unitName = tokenizer.takes === "date of unit" ? this.#unitOf(name, rule) : null;
    const audience = this.#audience;
    this.tokens[name] = { operator, domain, version, audience, parameters, unit: this.#plainUnit(unitName) };
    return {
      given: givenType(type, tokenizer.gives),
      unit: unitName === null ? null : this.#read(unitName),
      tokens: { operator, parameters, audience, key: this.keys.find(name, domain, version), vault: null },
      opened: null,
    };
  }

  /** Tokens from a map that goes on from the one that the rules name, or begins where they say that there is none. */
  #assign(name: string, rule: ColumnRule, type: ColumnType): Pick<CopyColumn, "given" | "tokens" | "opened"> {
    const { operator, domain, version, parameters, invalid } = rule;
    const audience = this.#audience;
    const path = `tokenization.${audience}.columns.${name}.parameters`;
    const { canonical } = parseRandom(new Field(parameters, path, "TOKEN_PARAMETER"));
    if (!isTaken(type, "text")) throw ruleFault(name, "not of a type that the operator takes");
    this.#checkUnitTokens(name, { invalid }, { isJoinable: true });
    const key = this.keys.find(name, domain, version);
    if (key === null || domain === null || version === null) {
      throw ruleFault(name, "the operator needs a domain");
    }
    const column = { column: this.#read(name), canonical };
    const vault = this.vaults.findIndex((known) => known.domain === domain);
    const known = this.vaults[vault];
    if (known !== undefined && known.version !== version) {
      throw ruleFault(name, "columns of one map are of one version of their domain's key");
    }
    if (known !== undefined) this.vaults[vault] = { ...known, columns: [...known.columns, column] };
    else {
      this.vaults.push({
        domain,
        audience,
        version,
        key,
        from: this.#vaultBefore(name, domain),
        columns: [column],
      });
    }
    this.tokens[name] = { operator, domain, version, audience, parameters, unit: null };
    const at = known === undefined ? this.vaults.length - 1 : vault;
    return {
      given: { kind: "utf8" },
      tokens: { operator, parameters, audience, key, vault: at },
      opened: null,
    };
  }

  /** A job that began anew where tokens have been assigned would give the same values others. */
  #vaultBefore(column: string, domain: string): VaultRule["from"] {
    const audience = this.#audience;
    const known = this.#manifest.rules.vaults ?? [];
    const place = known.findIndex((vault) => vault.domain === domain && vault.audience === audience);
    const entry = known[place];
    if (entry === undefined) {
      throw new PolicyError("TOKEN_VAULT", { column, domain, audience, fault: "not named" });
    }
    if (entry.map === null) return null;
    const key = this.keys.find(column, domain, entry.map.version);
    return key === null ? null : { map: entry.map, place, key };
  }

  #rewrap(name: string, rule: ColumnRule, type: ColumnType): Pick<CopyColumn, "tokens" | "opened"> {
    const facts = this.#facts(name);
    if (facts === undefined) throw ruleFault(name, "the column has no tokens to make again");
    const { operator, parameters, audience } = facts;
    const tokenizer = this.#parse(name, operator, parameters);
    this.#checkUnitTokens(name, rule, tokenizer);
    if (!tokenizer.isReversible || tokenizer.takes !== "text" || type.kind !== "utf8") {
      throw ruleFault(name, "the column's tokens cannot be opened row by row");
    }
    if (rule.domain !== facts.domain || Object.keys(rule.parameters).length > 0) {
      throw ruleFault(name, "tokens are made again in their own domain, with their own parameters");
    }
    this.tokens[name] = { ...facts, version: rule.version };
    const tokens = (version: number | null): Tokens => ({
      operator,
      parameters,
      audience,
      key: this.keys.find(name, facts.domain, version),
      vault: null,
    });
    return { tokens: tokens(rule.version), opened: tokens(facts.version) };
  }

  #parse(name: string, operator: string, parameters: ColumnRule["parameters"]): Tokenizer {
    const path = `tokenization.${this.#audience}.columns.${name}`;
    return parseTokenizer(operator, parameters, `${path}.parameters`);
  }

  #facts(name: string): TokenFacts | undefined {
    const known = this.#manifest.tokens ?? {};
    return Object.hasOwn(known, name) ? known[name] : undefined;
  }

  /** Where no marks tell units apart, equal units need equal tokens, and every row one. */
  #checkUnitTokens(
    name: string,
    { invalid }: Pick<ColumnRule, "invalid">,
    { isJoinable }: Pick<Tokenizer, "isJoinable">,
  ): void {
    const { unit, schema } = this.#manifest;
    const isUnit = schema.some((entry) => entry.name === name && entry.role === "unit");
    if (unit !== "scattered" || !isUnit) return;
    if (!isJoinable || invalid !== "error") {
      throw ruleFault(name, "a unit whose rows lie anywhere needs tokens that join, and invalid: error");
    }
  }

  #unitOf(name: string, { unit }: ColumnRule): string {
    const { schema } = this.#manifest;
    const entry = schema.find((column) => (unit === null ? column.role === "unit" : column.name === unit));
    if (entry === undefined) throw ruleFault(name, "no column says whose row it is");
    if (!isTaken(typeOf(entry), "text")) throw ruleFault(name, "its unit is of no type that names units");
    return entry.name;
  }

  #read(name: string): number {
    const known = this.columns.findIndex((column) => column.name === name);
    if (known !== -1) return known;
    const entry = this.#manifest.schema.find((column) => column.name === name);
    if (entry === undefined) throw new Error("internal: no such column");
    return this.columns.push({ name, type: typeOf(entry) }) - 1;
  }
}

/** Who may read a verification code or a PIN after the payment is nobody, in whatever form (PCI DSS 4.0.1, 3.3). */
function checkDropOnly(name: string, rule: ColumnRule): void {
  if (rule.class === "none") return;
  // Another class does not undo what the name says: that takes the owner's word that it is none.
  for (const found of [rule.class, findIdentifier(name)]) {
    if (found !== null && IDENTIFIERS[found].pci === "SAD") {
      throw new PolicyError("TOKEN_DROP_ONLY", { column: name, class: found });
    }
  }
}

/** The copy's units are the input's, so no other column may name them. */
function checkUnits(schema: readonly ColumnEntry[], { schema: source, unit }: Manifest): void {
  for (const { name, role } of schema) {
    const was = source.find((entry) => entry.name === name)?.role;
    if ((role === "unit") !== (was === "unit")) throw ruleFault(name, "a copy has the unit of its input");
  }
  if (unit === "scattered" && !schema.some(({ role }) => role === "unit")) {
    throw new SealroomError("TOKEN_RULE", { fault: "units whose rows lie anywhere need their column" });
  }
}

function typeOf({ type }: ColumnEntry): ColumnType {
  const found = findColumnType(type);
  if (found === undefined) throw new Error("internal: a manifest with an unknown type");
  return found;
}

function ruleFault(column: string, fault: string): SealroomError {
  return new SealroomError("TOKEN_RULE", { column, fault });
}
