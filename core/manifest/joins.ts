// With which data sets an owner lets his be joined, and by which columns. Both owners have to say so, each in the rules of
// his own data set: whoever brings the other side chooses who is in it.
import { PolicyError } from "../errors.ts";
import { isKeyType, KEY_ROLES } from "../plan/check-join.ts";
import { MAX_JOIN_KEYS, SIDES } from "../plan/join.ts";
import type { Plan } from "../plan/plan.ts";
import type { Field } from "../text/field.ts";
import { THUMBPRINT } from "./jwk.ts";
import { DATASET_NAME } from "./manifest.ts";
import type { ColumnEntry, VerifiedManifest } from "./manifest.ts";
import { ruledColumn } from "./ruled-column.ts";

export interface JoinRule {
  /** RFC 7638 thumbprint of the other owner's signing key; of one's own, for another data set of one's own. */
  readonly owner: string;
  readonly dataset: string;
  /** All of them have to be equal. */
  readonly keys: readonly { readonly own: string; readonly theirs: string }[];
}

const MAX_JOINS = 256;

/** Errors: the field's own, MANIFEST_RULES. */
export function parseJoinRules(field: Field, schema: readonly ColumnEntry[]): readonly JoinRule[] {
  const seen = new Set<string>();
  return field.list(1, MAX_JOINS).map((entry) => {
    const { owner, dataset, keys } = entry.record(["owner", "dataset", "keys"]);
    const rule: JoinRule = {
      owner: owner.matching(THUMBPRINT),
      dataset: dataset.matching(DATASET_NAME),
      keys: keys.list(1, MAX_JOIN_KEYS).map((key) => {
        const { own, theirs } = key.record(["own", "theirs"]);
        return { own: keyColumn(own, schema), theirs: theirs.name() };
      }),
    };
    const said = JSON.stringify([rule.owner, rule.dataset, spelling(rule.keys)]);
    if (seen.has(said)) throw entry.fault("named twice", {}, "MANIFEST_RULES");
    seen.add(said);
    return rule;
  });
}

/**
 * Whether this owner lets the plan join his data set to its other input. A plan that joins nothing passes.
 * Errors: PolicyError RULES_JOIN.
 */
export function checkJoinRules({ inputs, ...plan }: Plan, { manifest, owner }: VerifiedManifest): void {
  if (plan.kind !== "aggregate" || plan.join === undefined) return;
  const { dataset, rules } = manifest;
  const own = inputs.findIndex((input) => input.dataset === dataset && input.owner === owner);
  const [side, partner] = [SIDES[own], inputs[1 - own]];
  const theirs = SIDES[1 - own];
  if (side === undefined || theirs === undefined || partner === undefined) {
    throw new PolicyError("RULES_JOIN", { dataset });
  }
  const asked = spelling(plan.join.on.map((key) => ({ own: key[side], theirs: key[theirs] })));
  const isNamed = (rules.joins ?? []).some(
    (rule) =>
      rule.owner === partner.owner && rule.dataset === partner.dataset && spelling(rule.keys) === asked,
  );
  if (!isNamed) {
    throw new PolicyError("RULES_JOIN", { dataset, partner: partner.dataset, partnerOwner: partner.owner });
  }
}

/** Keys in whatever order are the same keys. */
function spelling(keys: JoinRule["keys"]): string {
  return JSON.stringify(keys.map(({ own, theirs }) => JSON.stringify([own, theirs])).toSorted());
}

function keyColumn(field: Field, schema: readonly ColumnEntry[]): string {
  const name = field.text();
  const { type } = ruledColumn(field, name, schema, KEY_ROLES);
  if (!isKeyType(type)) throw field.fault("not a type of keys", {}, "MANIFEST_RULES");
  return name;
}
