// A column of a copy as it is judged: what its values were, by whose word, and what the copy leaves of them.
import { findColumnType } from "../../../core/column/type.ts";
import { findIdentifier } from "../../../core/detect/lexicon.ts";
import { SealroomError } from "../../../core/errors.ts";
import type { IdentifierName } from "../../../core/detect/identifier.ts";
import type { ColumnEntry, Manifest } from "../../../core/manifest/manifest.ts";
import type { AudienceRule, ColumnRule } from "../../../core/manifest/tokenization.ts";
import { KEEP, REWRAP } from "../compile.ts";
import { remainsOf } from "./remains.ts";
import type { Remains } from "./remains.ts";

/** What says of which class a column is; `rules`: the owner. */
export type Basis = "rules" | "name" | "operator" | "type" | "unit" | "nothing";

export interface Subject {
  readonly column: string;
  readonly class: IdentifierName | "none" | null;
  readonly basis: Basis;
  /** What its name says, or its role, whatever the rules say. */
  readonly named: IdentifierName | null;
  readonly operator: string;
  readonly remains: Remains;
}

export interface Copy {
  readonly columns: readonly Subject[];
  /** Columns of the other copies that the rules let be made of the same data. */
  readonly elsewhere: readonly Subject[];
  /** In which the manifest was signed, UTC. */
  readonly year: number;
}

/** Errors: TOKEN_OPERATOR, TOKEN_PARAMETER. */
export function readCopy(rule: AudienceRule, manifest: Manifest): Copy {
  const others = Object.values(manifest.rules.tokenization ?? {}).filter((other) => other !== rule);
  return {
    columns: subjectsOf(rule, manifest),
    elsewhere: others.flatMap((other) => readOther(other, manifest)),
    year: new Date(manifest.epoch).getUTCFullYear(),
  };
}

/** Of rules that no job could run nothing comes to be. */
function readOther(rule: AudienceRule, manifest: Manifest): readonly Subject[] {
  try {
    return subjectsOf(rule, manifest);
  } catch (error) {
    if (error instanceof SealroomError) return [];
    throw error;
  }
}

function subjectsOf({ columns }: AudienceRule, { schema, tokens }: Manifest): readonly Subject[] {
  return schema.flatMap((entry) => {
    const rule = Object.hasOwn(columns, entry.name) ? columns[entry.name] : undefined;
    if (rule === undefined) return [];
    const known = tokens !== undefined && Object.hasOwn(tokens, entry.name) ? tokens[entry.name] : undefined;
    // Tokens that are kept, or made again, are what they were made as.
    const made = known !== undefined && [KEEP, REWRAP].includes(rule.operator) ? known : rule;
    const { operator } = made;
    const { name } = entry;
    return [
      {
        column: name,
        ...classOf(entry, rule, operator),
        named: findIdentifier(name) ?? (entry.role === "unit" ? "unique_id" : null),
        operator,
        remains: remainsOf(operator, made.parameters),
      },
    ];
  });
}

/** Operators that give nothing for values of another form: who chose one has said what the column holds. */
const FORMS: Readonly<Record<string, IdentifierName>> = {
  pan: "pan",
  truncate: "pan",
  ssn: "ssn",
  phone: "phone",
  email: "email",
  zip3: "zip",
  age_cap: "age",
};

function classOf(
  { name, type, role }: ColumnEntry,
  rule: ColumnRule,
  operator: string,
): Pick<Subject, "class" | "basis"> {
  if (rule.class !== null) return { class: rule.class, basis: "rules" };
  const named = findIdentifier(name);
  if (named !== null) return { class: named, basis: "name" };
  const formed = Object.hasOwn(FORMS, operator) ? FORMS[operator] : undefined;
  if (formed !== undefined) return { class: formed, basis: "operator" };
  // Whatever else it is, it names the person.
  if (role === "unit") return { class: "unique_id", basis: "unit" };
  const kind = findColumnType(type)?.kind;
  if (kind === "date" || kind === "timestamp") return { class: "date", basis: "type" };
  return { class: null, basis: "nothing" };
}
