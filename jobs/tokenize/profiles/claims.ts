// Which claims the rules of a copy support: every profile, over every column.
import type { Manifest } from "../../../core/manifest/manifest.ts";
import type { AudienceRule } from "../../../core/manifest/tokenization.ts";
import type { Claim, Finding, Profile } from "./claim.ts";
import { EXPERT } from "./expert.ts";
import { LIMITED_DATA_SET } from "./limited-data-set.ts";
import { PCI_DISPLAY } from "./pci-display.ts";
import { PCI_STORE } from "./pci-store.ts";
import { SAFE_HARBOR } from "./safe-harbor.ts";
import { readCopy } from "./subject.ts";

export const PROFILES: readonly Profile[] = [SAFE_HARBOR, LIMITED_DATA_SET, EXPERT, PCI_STORE, PCI_DISPLAY];

/**
 * `rule`: one of the manifest's own, which compileCopy takes: this judges what a job would do, and not whether it may.
 * Errors: TOKEN_OPERATOR, TOKEN_PARAMETER.
 */
export function claimsOf(rule: AudienceRule, manifest: Manifest): readonly Claim[] {
  const copy = readCopy(rule, manifest);
  return PROFILES.map(({ name, regime, names, judge, attestations }) => {
    const findings = copy.columns.map((subject) => ({
      column: subject.column,
      class: subject.class,
      operator: subject.operator,
      ...judge(subject, copy),
    }));
    return {
      profile: name,
      regime,
      supported: findings.every(({ verdict }) => verdict !== "blocks"),
      concerns: findings.some((finding) => isNamed(finding.class, names)),
      findings,
      attestations: attestations(copy),
    };
  });
}

function isNamed(found: Finding["class"], names: Profile["names"]): boolean {
  return found !== null && found !== "none" && names(found);
}
