// The part of a proposed rules.yaml that makes tokenized copies, commented out: an operator for each column, from what
// its values and its name were found to be. What is not understood is dropped. What a section may say is decided where
// rules are parsed; here is only the text.
import { basename } from "node:path";
import { IDENTIFIERS, type IdentifierName } from "../core/detect/identifier.ts";
import type { ColumnIdentity } from "./identify.ts";
import type { ProposedColumn, Scope } from "./proposal-text.ts";
import { wordsOf } from "./propose-role.ts";
import { yamlText } from "./yaml-text.ts";

const AUDIENCE = "research";
/** Room for the audience in the name of a data set. */
const MAX_NAME_CHARS = 100;

type Parameters = Readonly<Record<string, string | boolean>>;

/** What becomes of a column's values; `keep` and `drop` have nothing to say but that. */
interface Tokenized {
  readonly operator: string;
  readonly parameters?: Parameters;
  /** Columns of one domain have tokens that join. */
  readonly domain?: string;
  readonly class?: IdentifierName;
}
type Treatment = "keep" | "drop" | Tokenized;

/** How an identifier is tokenized where its values are all of its kind. */
const OPERATORS: Partial<Record<IdentifierName, Tokenized>> = {
  pan: { operator: "pan", parameters: { keep: "last4" }, domain: "card.pan" },
  ssn: { operator: "ssn", domain: "person.ssn" },
  email: { operator: "email", parameters: { local: "siv", domain: "token" }, domain: "person.email" },
  phone: { operator: "phone", parameters: { country: "US" }, domain: "person.phone" },
  fax: { operator: "phone", parameters: { country: "US" }, domain: "person.phone" },
  zip: { operator: "zip3", parameters: { census: "2000" } },
  npi: { operator: "siv", domain: "provider.npi" },
  dea: { operator: "siv", domain: "provider.dea" },
};

/** Kept where the column is offered for use, by counts like any other. */
const JUDGED: ReadonlySet<IdentifierName> = new Set(["gender", "race", "ndc"]);

/** Tells who somebody is by what it means, so that no operator leaves anything of use. */
const DROPPED: ReadonlySet<IdentifierName> = new Set([
  "first_name",
  "last_name",
  "middle_name",
  "full_name",
  "address",
  "city",
  "county",
  "coordinates",
  "biometric",
  "photo",
  "card_name",
  "card_expiry",
  "service_code",
]);

const DATES: ReadonlySet<IdentifierName> = new Set(["birth_date", "death_date", "service_date", "date"]);
const KEYS: ReadonlySet<string> = new Set("id ids key no nr num number uuid guid".split(" "));

export function tokenizationText(columns: readonly ProposedColumn[], scope: Scope, file: string): string {
  if (scope === null) {
    return "# Tokenized copies: operators are proposed with the bounds, once a unit is chosen.\n";
  }
  const lines = columns.map(
    (column) => `      ${yamlText(column.name)}: ${treatmentText(treatmentOf(column, scope))}`,
  );
  const section = [
    "tokenization:",
    commented(`  ${AUDIENCE}:`, "for whom the copy is made"),
    commented(`    dataset: ${yamlText(`${nameOf(file)}-${AUDIENCE}`)}`, "what the copy will be called"),
    "    columns:",
    ...lines,
  ];
  return [
    "# Tokenized copies, in which values are replaced under keys that only the",
    "# enclave has (docs/tokenization.md). Nothing is tokenized until you take the",
    "# `# ` off each line of the block below. CONFIRM every line first: it is guessed",
    "# from names and a sample. `keep` lets values through as they are, and `redact`",
    "# finds no names. Tokens of two columns join where their domain, operator and",
    "# parameters are the same.",
    "",
    ...section.map((line) => `# ${line}`),
    "",
  ].join("\n");
}

function treatmentOf(column: ProposedColumn, scope: Scope): Treatment {
  const { role, type, identity, rows, nulls } = column;
  const { identifier } = identity;
  if (rows === nulls) return "drop";
  if (identifier !== null && IDENTIFIERS[identifier].pci === "SAD") return "drop";
  if (role === "unit") return { operator: "siv", domain: domainOf(column.name), class: keyClass(identifier) };
  if (identifier !== null && DROPPED.has(identifier)) return "drop";
  if (type.kind === "date" || type.kind === "timestamp") return dateTreatment(identifier, scope);
  // No operator takes dates that are text.
  if (identifier !== null && DATES.has(identifier)) return "drop";
  if (identifier === "age") return isNumber(column) ? { operator: "age_cap", class: "age" } : "drop";
  if (identifier === "unique_id") return keyTreatment(column);
  if (identifier !== null && !JUDGED.has(identifier)) return identifierTreatment(identifier, identity);
  if (role === "dimension" || role === "measure") return "keep";
  if (identity.form === "prose") return { operator: "redact" };
  const isNamedKey = role === "identifier" && wordsOf(column.name).some((word) => KEYS.has(word));
  return isNamedKey || identity.form === "key" ? keyTreatment(column) : "drop";
}

/** A domain of its own: keys of two kinds should not join by chance. */
function keyTreatment({ name }: ProposedColumn): Treatment {
  return { operator: "siv", domain: domainOf(name), class: "unique_id" };
}

/** A column's name as a domain may be called. */
function domainOf(name: string): string {
  const plain = name.replaceAll(/[^A-Za-z0-9._-]+/g, "-").replace(/^[._-]+/, "");
  return plain === "" ? "key" : plain.slice(0, 64);
}

/** Dates of one unit keep their distances; where each row is by itself there is nothing to keep but the year. */
function dateTreatment(identifier: IdentifierName | null, scope: Scope): Treatment {
  const name = identifier !== null && DATES.has(identifier) ? identifier : "date";
  if (scope === "row") return { operator: "date_year", class: name };
  return { operator: "date_shift", domain: "person", class: name };
}

function identifierTreatment(
  identifier: IdentifierName,
  { isUniform, isIrregular }: ColumnIdentity,
): Treatment {
  const any = { operator: "siv", domain: `person.${identifier}` };
  // Values of several kinds: an operator for one kind would refuse the others.
  const own = (isUniform ? OPERATORS[identifier] : undefined) ?? any;
  if (identifier === "ssn" && isIrregular) {
    return { ...own, parameters: { lenient: true }, class: identifier };
  }
  return { ...own, class: identifier };
}

/** What names a unit is a number or key of its kind, or any other that is unique. */
function keyClass(identifier: IdentifierName | null): IdentifierName {
  return identifier === null || DROPPED.has(identifier) || DATES.has(identifier) ? "unique_id" : identifier;
}

function isNumber({ type }: ProposedColumn): boolean {
  return type.kind === "int" || type.kind === "float" || type.kind === "decimal";
}

function treatmentText(treatment: Treatment): string {
  if (typeof treatment === "string") return treatment;
  const { operator, parameters, domain, class: name } = treatment;
  const members = [
    `operator: ${operator}`,
    ...(parameters === undefined ? [] : [`parameters: ${parametersText(parameters)}`]),
    ...(domain === undefined ? [] : [`domain: ${yamlText(domain)}`]),
    ...(name === undefined ? [] : [`class: ${name}`]),
  ];
  return `{ ${members.join(", ")} }`;
}

function parametersText(parameters: Parameters): string {
  const members = Object.entries(parameters).map(
    ([name, value]) => `${name}: ${typeof value === "string" ? yamlText(value) : String(value)}`,
  );
  return `{ ${members.join(", ")} }`;
}

function commented(line: string, comment: string): string {
  return `${line} # ${comment}`;
}

/** The file's name as a data set may be called. */
function nameOf(file: string): string {
  const name = basename(file)
    .replace(/\.[^.]*$/, "")
    .replaceAll(/[^A-Za-z0-9._-]+/g, "-")
    .replace(/^[^A-Za-z0-9]+/, "")
    .slice(0, MAX_NAME_CHARS);
  return name === "" ? "data" : name;
}
