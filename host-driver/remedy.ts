// What to ask an owner for when his rules refuse a plan: the rule by the name that it has in rules.yaml, what it says
// now, and what it would have to say. Faults of the job itself have no remedy here.
import type { Details, ErrorCode } from "../core/errors.ts";
import type { Manifest } from "../core/manifest/manifest.ts";

export interface Remedy {
  /** Which of the owner's files: rules.yaml, schema.yaml, or a document of its own. */
  readonly file: "rules" | "schema" | "grant";
  readonly rule: string;
  /** As it stands there. */
  readonly now: string;
  /** What would allow the plan; each suffices. */
  readonly allows: readonly string[];
}

export interface RefusedPlan {
  readonly manifest: Manifest;
  readonly planDigest: string;
  /** Thumbprint of the plan's recipient. */
  readonly recipient: string;
}

/** Null where no rule would help. */
export function remedyOf(code: ErrorCode, details: Details, refused: RefusedPlan): Remedy | null {
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
    case "PLAN_GROUP_KEYS":
      return {
        file: "rules",
        rule: "max_groups",
        now: String(rules.maxGroups),
        allows: ["max_groups: as many as the declared group_keys combine to, totals among them"],
      };
    case "PLAN_ROLE":
      return {
        file: "schema",
        rule: "role",
        now: `${column} is ${String(details["role"])}`,
        allows: [`${column}: { role: ${String(details["allowed"])} }, and to seal the data again`],
      };
    case "GRANT_PLAN":
    case "GRANT_MANIFEST":
    case "GRANT_RECIPIENT":
    case "GRANT_EXPIRED":
      return { file: "grant", rule: "grant", now: "one that does not fit", allows: [GRANT] };
    default:
      return null;
  }
}

const GRANT = "a grant of this very job, from `sealroom grant`";
