// hipaa-expert: 45 CFR 164.514(b)(1). An expert determines that the risk is very small, whatever the operators; what
// points at a person by itself cannot be part of that, and is refused here.
import type { IdentifierName } from "../../../core/detect/identifier.ts";
import type { Profile, Ruling } from "./claim.ts";
import { attest, blocks, ok, UNDECLARED } from "./claim.ts";
import { hipaaClass, isDirect, judgeRedacted } from "./hipaa.ts";
import type { Subject } from "./subject.ts";

const RISK = "164.514(b)(1)(i)";
const DOCUMENTED = "164.514(b)(1)(ii)";

export const EXPERT: Profile = {
  name: "hipaa-expert",
  regime: "45 CFR",
  names: (name) => hipaaClass(name) !== null,
  judge(subject) {
    const { class: name, remains } = subject;
    if (remains.kind === "nothing") return ok("nothing of the values is left", RISK);
    if (remains.kind === "length") {
      return ok("every character is hidden, and only how many there were is left", RISK);
    }
    if (remains.kind === "code") {
      return judgeCode(remains.hasDomain || remains.ends.first + remains.ends.last > 0);
    }
    const isKnown = name !== null && name !== "none";
    if (remains.kind === "text" && !(isKnown && !isDirect(name))) {
      return judgeRedacted(subject, remains, RISK);
    }
    if (name === null) return blocks(UNDECLARED, RISK);
    if (name === "none") return attest("the expert has to agree that the values identify nobody", RISK);
    return judgeIdentifier(subject, name);
  },
  attestations: () => [
    {
      why:
        "an expert determines that the risk of identifying a person is very small, by generally accepted statistical " +
        "principles and methods",
      cite: RISK,
    },
    {
      why:
        "the expert documents methods and results; the receipt shows each column's operator, parameters and key " +
        "version, the manifest, and the measured code that ran",
      cite: DOCUMENTED,
    },
  ],
};

function judgeCode(hasPart: boolean): Ruling {
  return hasPart
    ? attest("a part of each value is left in its token: the expert has to reckon with it", RISK)
    : ok("codes stand in for the values, and their key or map is not disclosed", RISK);
}

function judgeIdentifier({ remains }: Subject, name: IdentifierName): Ruling {
  switch (remains.kind) {
    case "part":
      return attest("a part of each value is left: the expert has to reckon with it", RISK);
    case "value":
    case "text":
      if (isDirect(name)) return blocks("direct identifiers are left as they are", RISK);
      return attest(
        "the values are left as they are: the expert has to reckon with what they tell together",
        RISK,
      );
    default:
      return isDirect(name)
        ? blocks("the operator coarsens another kind of value, and hides no direct identifier", RISK)
        : ok("only coarser values are left", RISK);
  }
}
