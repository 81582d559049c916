// pci-store: PCI DSS 4.0.1, 3.3 and 3.5: card numbers unreadable wherever they are stored, and sensitive authentication
// data not stored at all. A copy may support it and still be in scope: reversible tokens are card numbers, encrypted.
import type { Attestation, Profile, Ruling } from "./claim.ts";
import { attest, blocks, ok } from "./claim.ts";
import { hipaaClass, NAMES } from "./hipaa.ts";
import { isAccountData, isCard, judgeEnds, judgeOthers, judgeRedactedCards } from "./pci.ts";
import type { Code, Ends } from "./remains.ts";
import type { Copy, Subject } from "./subject.ts";

const UNREADABLE = "3.5.1";
const KEYED_HASH = "3.5.1.1";
const KEYS = "3.6, 3.7";
const KEPT_SHORT = "3.2.1";
const SCOPE = "section 4";

export const PCI_STORE: Profile = {
  name: "pci-store",
  regime: "PCI DSS 4.0.1",
  names: isAccountData,
  judge(subject, copy) {
    if (isName(subject) && isBesideCards(copy)) {
      return attest(
        "stored with card numbers, cardholders' names are cardholder data, and in scope",
        KEPT_SHORT,
      );
    }
    const ruling = judgeOthers(subject, UNREADABLE);
    if (ruling !== null) return ruling;
    if (!isCard(subject)) return judgeBeside(subject, copy);
    return judgeCard(subject);
  },
  attestations(copy) {
    const { columns } = copy;
    const codes = columns.filter(isCard).flatMap(({ remains }) => (remains.kind === "code" ? [remains] : []));
    const derived = codes.filter(({ origin }) => origin === "derived");
    return [
      ...only(derived, "keys are managed by the processes that the standard asks for", KEYS),
      ...only(
        derived.filter(({ isReversible }) => isReversible),
        "reversible tokens are encrypted card numbers: the copy stays in scope, but for whoever has no means to open them",
        SCOPE,
      ),
      ...only(
        codes.filter(({ origin }) => origin === "random"),
        "the map of the random tokens holds the card numbers, and is in scope wherever it lies",
        SCOPE,
      ),
      ...correlated(copy),
    ];
  },
};

function only(codes: readonly Code[], why: string, cite: string): readonly Attestation[] {
  return codes.length === 0 ? [] : [{ why, cite }];
}

/** A cardholder's name, an expiry date or a service code: to be protected where the number is stored with it. */
function judgeBeside(subject: Subject, copy: Copy): Ruling {
  if (!isStored(subject)) {
    return ok("no more than a part, a hash or a random code of the values is stored", KEPT_SHORT);
  }
  return isBesideCards(copy)
    ? attest(
        "stored with card numbers, this is cardholder data: in scope, and kept no longer than it is needed",
        KEPT_SHORT,
      )
    : ok("no card number is stored with it", KEPT_SHORT);
}

/** A name that no rule calls a cardholder's, and that may be one. */
function isName({ class: name, remains }: Subject): boolean {
  const isClear = remains.kind === "value" || remains.kind === "part";
  return isClear && name !== null && name !== "none" && hipaaClass(name) === NAMES && name !== "card_name";
}

function isBesideCards({ columns }: Copy): boolean {
  return columns.some((subject) => isCard(subject) && isStored(subject));
}

/** Readable, or to be made so. */
function isStored({ remains }: Subject): boolean {
  if (remains.kind === "code") return remains.origin === "derived" && remains.isReversible;
  return !["nothing", "length", "part"].includes(remains.kind);
}

function judgeCard({ remains }: Subject): Ruling {
  switch (remains.kind) {
    case "value":
      return blocks("card numbers are left as they are", UNREADABLE);
    case "length":
      return ok("every digit is gone, and only how many there were is left", UNREADABLE);
    case "part":
      return remains.by === "truncate"
        ? ok("the digits between are gone from what is stored: truncation", UNREADABLE)
        : judgeEnds(
            remains.ends,
            "the digits between are gone from what is stored, as truncation has it",
            UNREADABLE,
          );
    case "code":
      return judgeCode(remains);
    case "text":
      return judgeRedactedCards(remains, UNREADABLE);
    default:
      return blocks("this is none of the ways in which the standard lets card numbers be stored", UNREADABLE);
  }
}

/** By BIN and last four digits known: how many numbers of 16 and of 15 digits have a right check digit. */
const LEFT_TO_TRY: Readonly<Record<number, string>> = {
  6: "100,000 (of 15 digits 10,000)",
  8: "1,000",
};

function judgeCode({ origin, isReversible, ends }: Code): Ruling {
  if (origin === "random") return ok("index tokens, which are derived from nothing", UNREADABLE);
  if (!isReversible) return ok("a keyed hash of the whole card number", KEYED_HASH);
  const tries = LEFT_TO_TRY[ends.first];
  return tries === undefined
    ? ok("strong cryptography, under a key that only the enclave has", UNREADABLE)
    : attest(
        "nobody else may be able to have numbers tokenized: with BIN and last four digits known, the token's number " +
          `is found by trying ${tries}`,
        UNREADABLE,
      );
}

/** Two forms of one number that together tell more than each, in this copy or with another. */
function correlated({ columns, elsewhere }: Copy): readonly Attestation[] {
  const forms = (subjects: readonly Subject[]): readonly string[] =>
    subjects.filter(isCard).flatMap((subject) => formOf(subject) ?? []);
  const here = new Set(forms(columns));
  const all = new Set([...here, ...forms(elsewhere)]);
  if (here.size === 0 || all.size < 2) return [];
  const where = here.size > 1 ? "this copy has" : "this copy, with others that the rules allow, has";
  return [
    {
      why: `${where} card numbers in several truncations, or truncated and hashed: controls keep these from being matched`,
      cite: UNREADABLE,
    },
  ];
}

/** Null for what shows nothing to match: no digits, and tokens that only a key or a map connects. */
function formOf({ remains }: Subject): string | null {
  const spell = ({ first, last }: Ends): string => `${first}+${last}`;
  if (remains.kind === "part") return spell(remains.ends);
  if (remains.kind !== "code" || remains.origin === "random") return null;
  if (!remains.isReversible) return "hash";
  return remains.ends.first + remains.ends.last > 0 ? spell(remains.ends) : null;
}
