// Which claims a copy supports, as `explain` says it: a line for each profile, then what a person has to attest or what
// stands against it, each reason once with all columns that have it. The JSON has every finding.
import type { JsonObject } from "../core/json.ts";
import type { Attestation, Claim, Finding } from "../jobs/tokenize/profiles/claim.ts";

type Fields = readonly (readonly [label: string, value: string])[];

/** Empty where there are no claims. */
export function claimFields(claims: readonly Claim[]): Fields {
  return claims.length === 0 ? [] : [["claims", BASIS], ...claims.flatMap(fieldsOf)];
}

const BASIS = "by rules and names alone, no value was looked at; this is no legal advice";

function fieldsOf({ profile, regime, supported, concerns, findings, attestations }: Claim): Fields {
  if (!supported) {
    return [["not", profile], ...labelled("because", regime, reasonsFor("blocks", findings))];
  }
  const open = [...attestations.map(wholeReason), ...reasonsFor("attest", findings)];
  const about = concerns ? "" : " (no column is of a class that it is about)";
  const condition = open.length === 0 ? "" : ", if a person attests:";
  return [["supports", `${profile}${about}${condition}`], ...labelled("attest", regime, open)];
}

interface Reason {
  readonly why: string;
  readonly columns: readonly string[];
  readonly cites: readonly string[];
}

function wholeReason({ why, cite }: Attestation): Reason {
  return { why, columns: [], cites: [cite] };
}

function reasonsFor(verdict: Finding["verdict"], findings: readonly Finding[]): readonly Reason[] {
  const chosen = findings.filter((finding) => finding.verdict === verdict);
  return [...new Set(chosen.map(({ why }) => why))].map((why) => {
    const same = chosen.filter((finding) => finding.why === why);
    return {
      why,
      columns: same.map(({ column }) => column),
      cites: [...new Set(same.map(({ cite }) => cite))],
    };
  });
}

function labelled(label: string, regime: Claim["regime"], reasons: readonly Reason[]): Fields {
  return reasons.map(({ why, columns, cites }) => {
    const subject = columns.length === 0 ? "" : `${columns.join(", ")}: `;
    return [label, `${subject}${why} [${regime} ${cites.join(", ")}]`] as const;
  });
}

export function encodeClaim(claim: Claim): JsonObject {
  const { profile, regime, supported, concerns, findings, attestations } = claim;
  return {
    profile,
    supported,
    concerns,
    findings: findings.map(({ cite, ...finding }) => ({ ...finding, cite: `${regime} ${cite}` })),
    attestations: attestations.map(({ why, cite }) => ({ why, cite: `${regime} ${cite}` })),
  };
}
