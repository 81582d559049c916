// What the two PCI DSS profiles share: what is account data, what is never stored, and how many digits may be seen.
import { IDENTIFIERS } from "../../../core/detect/identifier.ts";
import type { IdentifierName } from "../../../core/detect/identifier.ts";
import type { Ruling } from "./claim.ts";
import { attest, blocks, ok, UNDECLARED } from "./claim.ts";
import type { Ends, Remains } from "./remains.ts";
import type { Subject } from "./subject.ts";

export const SENSITIVE = "3.3.1";
const SENSITIVE_CITES: Readonly<Partial<Record<IdentifierName, string>>> = {
  track: "3.3.1.1",
  cvv: "3.3.1.2",
  pin: "3.3.1.3",
};

/** Of what is no card number, and of what is left out; null: the profile has to judge a card number. */
export function judgeOthers(subject: Subject, cite: string): Ruling | null {
  const { class: name, named, remains } = subject;
  const isSensitive = name !== null && name !== "none" && IDENTIFIERS[name].pci === "SAD";
  if (isSensitive) {
    const paragraph = SENSITIVE_CITES[name] ?? SENSITIVE;
    return remains.kind === "nothing"
      ? ok("nothing of the values is left", paragraph)
      : blocks("sensitive authentication data may only be dropped, in whatever form it would be", paragraph);
  }
  if (remains.kind === "nothing") return ok("nothing of the values is left", cite);
  if (name === null) return judgeUndeclared(subject, cite);
  if (name === "none") {
    const isNamed = named !== null && isAccountData(named);
    return isNamed
      ? attest(
          "the owner has to stand by that this is no account data, though the name says that it is",
          cite,
        )
      : attest("the owner has to stand by that this is no account data", cite);
  }
  if (isAccountData(name)) return null;
  return named !== null && isAccountData(named)
    ? attest(
        "the owner has to stand by the class that the rules give, though the name says account data",
        cite,
      )
    : ok("values of this class are no account data", cite);
}

/** Tokens of a card number would do; of sensitive authentication data nothing does. */
function judgeUndeclared({ remains }: Subject, cite: string): Ruling {
  switch (remains.kind) {
    case "code":
    case "length":
      return attest("the owner has to say that this is no sensitive authentication data", SENSITIVE);
    case "text":
      return judgeRedactedCards(remains, cite);
    default:
      return blocks(UNDECLARED, cite);
  }
}

/** Free text without the card numbers that its detectors found. */
export function judgeRedactedCards({ without }: Extract<Remains, { kind: "text" }>, cite: string): Ruling {
  return without.has("pan") && without.has("track")
    ? attest("a person has to have read that no account data is left that the detectors do not know", cite)
    : blocks("the detectors of card numbers and of tracks do not look at it", cite);
}

const LONG_BIN = 8;
const SHORT_BIN = 6;
const LAST = 4;

/** What may stay of a card number (PCI SSC FAQ 1091): of 16 digits and more eight and four, of fewer six and four. */
export function judgeEnds({ first, last }: Ends, within: string, cite: string): Ruling {
  if (first > LONG_BIN || last > LAST) {
    return blocks(`more than the first eight and the last four digits are left`, cite);
  }
  return first > SHORT_BIN
    ? attest(
        "the owner has to say that no card number has fewer than 16 digits, of which six and four may stay",
        cite,
      )
    : ok(within, cite);
}

export function isAccountData(name: IdentifierName): boolean {
  return IDENTIFIERS[name].pci !== null;
}

export function isCard({ class: name }: Subject): boolean {
  return name === "pan";
}
