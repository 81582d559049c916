// pci-display: PCI DSS 4.0.1, 3.4.1: of card numbers no more is shown than BIN and last four digits. Says nothing of how
// the copy is stored: that is pci-store.
import type { Profile, Ruling } from "./claim.ts";
import { blocks, ok } from "./claim.ts";
import { isAccountData, isCard, judgeEnds, judgeOthers, judgeRedactedCards } from "./pci.ts";
import type { Subject } from "./subject.ts";

const MASKED = "3.4.1";
const WITHIN = "no more is shown than BIN and last four digits";

export const PCI_DISPLAY: Profile = {
  name: "pci-display",
  regime: "PCI DSS 4.0.1",
  names: isAccountData,
  judge(subject) {
    const ruling = judgeOthers(subject, MASKED);
    if (ruling !== null) return ruling;
    return isCard(subject) ? judgeCard(subject) : ok("only card numbers have to be masked", MASKED);
  },
  attestations: ({ columns }) =>
    columns.some((subject) => isCard(subject) && subject.remains.kind !== "nothing")
      ? [
          {
            why: "whoever is shown more than this elsewhere has a business need, and is listed",
            cite: MASKED,
          },
        ]
      : [],
};

function judgeCard({ remains }: Subject): Ruling {
  switch (remains.kind) {
    case "value":
      return blocks("card numbers are shown as they are", MASKED);
    case "length":
      return ok("no digit is shown", MASKED);
    case "part":
      return remains.by === "truncate" ? ok(WITHIN, MASKED) : judgeEnds(remains.ends, WITHIN, MASKED);
    case "code":
      return ok("tokens are shown, with no more than BIN and last four digits", MASKED);
    case "text":
      return judgeRedactedCards(remains, MASKED);
    default:
      return blocks("this is no mask of a card number", MASKED);
  }
}
