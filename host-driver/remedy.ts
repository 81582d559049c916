// What to ask an owner for when his rules refuse a plan: the rule by the name that it has in rules.yaml, what it says
// now, and what it would have to say. Faults of the job itself have no remedy here.
import { findColumnType } from "../core/column/type.ts";
import type { Details, ErrorCode } from "../core/errors.ts";
import type { ColumnEntry, Manifest } from "../core/manifest/manifest.ts";
import { arithmeticText } from "../core/plan/arithmetic.ts";

export interface Remedy {
  /** Which of the owner's files: rules.yaml, schema.yaml, or a document of its own. */
  readonly file: "rules" | "schema" | "grant";
  readonly rule: string;
  /** As it stands there. */
  readonly now: string;
  /** What would allow the plan; each suffices. Empty where nothing should. */
  readonly allows: readonly string[];
  /** What the job can ask without anybody's leave. */
  readonly instead: string | null;
}

export interface RefusedPlan {
  readonly manifest: Manifest;
  readonly planDigest: string;
  /** Thumbprint of the plan's recipient. */
  readonly recipient: string;
  /** The columns by which the plan groups or filters. */
  readonly dimensions: ReadonlySet<string>;
}

/** Null where no rule would help. */
export function remedyOf(code: ErrorCode, details: Details, refused: RefusedPlan): Remedy | null {
  if (code === "PLAN_ROLE" || code === "PLAN_TYPE") return columnRemedy(details, refused);
  const remedy = ruleRemedy(code, details, refused);
  return remedy && { ...remedy, instead: null };
}

function ruleRemedy(code: ErrorCode, details: Details, refused: RefusedPlan): Omit<Remedy, "instead"> | null {
  const { rules } = refused.manifest;
  const column = String(details["column"] ?? "");
  const listed = `plans: [${refused.planDigest}]`;
  switch (code) {
    case "RULES_ADHOC":
      return {
        file: "rules",
        rule: "adhoc",
        now: `false, and plans lists ${rules.plans.length} others`,
        allows: [`${listed} (this very job)`, "adhoc: true (any job of a named recipient)", GRANT],
      };
    case "RULES_RECIPIENT":
      return {
        file: "rules",
        rule: "recipients",
        now: `${rules.recipients.length} keys, none of them ${refused.recipient}`,
        allows: ["recipients: the recipient's public key file besides", listed, GRANT],
      };
    case "RULES_JOIN":
      return {
        file: "rules",
        rule: "joins",
        now: `${(rules.joins ?? []).length} others`,
        allows: [
          `joins: [{ owner: ${String(details["partnerOwner"])}, dataset: ${String(details["partner"])}, on: { COLUMN: THEIRS } }], with the job's columns`,
        ],
      };
    case "RULES_RELEASE":
      return { file: "rules", rule: "release", now: rules.release, allows: ["release: clear"] };
    case "PLAN_BOUNDS":
      return {
        file: "rules",
        rule: "bounds",
        now: `nothing for ${column}`,
        allows: [`bounds: { ${column}: { lower: LEAST, upper: MOST } }, of a unit's honest total in a group`],
      };
    case "PLAN_EXTREMES":
      return {
        file: "rules",
        rule: "extremes",
        now: `[${rules.extremes.join(", ")}]`,
        allows: [`extremes: [${[...rules.extremes, column].join(", ")}]`],
      };
    case "PLAN_EXPRESSION": {
      const known = Object.entries(rules.expressions ?? {});
      const now = known.map(([name, expression]) => `${name}: ${arithmeticText(expression)}`).join(", ");
      return {
        file: "rules",
        rule: "expressions",
        now: now === "" ? "none" : now,
        allows: [`expressions: { NAME: ${String(details["expression"] ?? "")} }, with bounds of NAME`],
      };
    }
    case "PLAN_BINS":
      return {
        file: "rules",
        rule: "bins",
        now: `nothing for ${column}`,
        allows: [`bins: { ${column}: [EDGE, EDGE, ...] }, rising, few, and round`],
      };
    case "PLAN_DISTINCT":
      return {
        file: "rules",
        rule: "distinct",
        now: `nothing for ${column}`,
        allows: [`distinct: { ${column}: N }, how many distinct values one unit may add, 1 to 8`],
      };
    case "PLAN_GROUP_KEYS":
      return {
        file: "rules",
        rule: "max_groups",
        now: String(rules.maxGroups),
        allows: ["max_groups: as many as the declared group_keys combine to, totals among them"],
      };
    case "RULES_REVEAL":
      return { file: "grant", rule: "grant", now: "none for this job", allows: [GRANT] };
    case "GRANT_PLAN":
    case "GRANT_MANIFEST":
    case "GRANT_RECIPIENT":
    case "GRANT_EXPIRED":
      return { file: "grant", rule: "grant", now: "one that does not fit", allows: [GRANT] };
    default:
      return null;
  }
}

const NUMBERS: readonly string[] = ["int", "float", "decimal"];
const ON_NUMBERS: readonly string[] = ["sum", "avg", "var", "stddev", "min", "max", "covar", "corr"];

/** What the schema says of a column. Advice never unmakes a protection, nor another part of the same job. */
function columnRemedy(details: Details, { manifest, dimensions }: RefusedPlan): Remedy | null {
  const entry = manifest.schema.find(({ name }) => name === details["column"]);
  if (entry === undefined) return null;
  const { name, type, role } = entry;
  const use = String(details["use"]);
  const remedy = {
    file: "schema",
    rule: "role",
    now: `${name} is ${role}`,
    allows: [],
    instead: null,
  } as const;
  if (role === "unit" || role === "identifier") return { ...remedy, ...sayProtected(entry) };
  const kind = findColumnType(type)?.kind ?? "";
  if (ON_NUMBERS.includes(use) && !NUMBERS.includes(kind)) {
    return {
      ...remedy,
      rule: "type",
      now: `${name} is ${type}: only numbers (int, float, decimal) have a sum, a mean, a spread or extremes`,
      instead: `{ count: ${name} }, which counts the rows with a value, or another column`,
    };
  }
  if (details["role"] === undefined) return null;
  if (role === "measure") {
    return {
      ...remedy,
      now: `${name} is measure: measures are summed, and by design neither filtered nor grouped`,
      instead: "a column of role dimension; an owner may seal one that has the measure in bands",
    };
  }
  const again = "and to seal the data again";
  if (role === "dimension" && dimensions.has(name)) {
    return { ...remedy, allows: [`a copy of ${name} under another name, of role measure, ${again}`] };
  }
  return { ...remedy, allows: [`${name}: { role: ${String(details["allowed"])} }, ${again}`] };
}

function sayProtected({ name, role }: ColumnEntry): Pick<Remedy, "now" | "instead"> {
  const now = `${name} is ${role}: never released, filtered or grouped, whatever the rules say`;
  return { now, instead: role === "unit" ? "count_units, which counts the units" : null };
}

const GRANT = "a grant of this very job, from `sealroom grant`";
