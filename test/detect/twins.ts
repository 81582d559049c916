// The naive twin of each detector: a regular expression on the whole value and its check in the plainest form, stated
// anew from the specifications; and of the finder, by trying every beginning with every end.
import { DETECTORS } from "../../core/detect/detectors.ts";
import type { DetectorName } from "../../core/detect/detector.ts";

const SPACE = "[ \\u00a0\\u2007\\u2009\\u202f]";
const DASH = "[-\\u00ad\\u2010-\\u2015\\u2212]";
const FOREIGN =
  "(?:[\\u00aa\\u00b5\\u00ba\\u00c0-\\u00d6\\u00d8-\\u00f6\\u00f8-\\u1fff\\u2c00-\\u2fff\\u3040-\\ufdff\\ufe70-\\ufefe]|[\\u{10000}-\\u{10ffff}])";
const LETTER = `(?:[A-Za-z0-9]|${FOREIGN})`;

export type TwinVerdict = "matched" | "failed" | "other";
type Twin = (value: string) => TwinVerdict;

function digitsOf(value: string): readonly number[] {
  return Array.from(value.replaceAll(/[^0-9]/g, ""), Number);
}

function isLuhn(digits: readonly number[]): boolean {
  const sum = digits.toReversed().reduce((total, digit, place) => {
    const added = place % 2 === 1 ? digit * 2 : digit;
    return total + Math.floor(added / 10) + (added % 10);
  }, 0);
  return sum % 10 === 0;
}

/** Groups of a pattern with one kind of separator throughout, or without any where `kinds` has "". */
function grouped(groups: readonly string[], kinds: readonly string[]): RegExp {
  return new RegExp(`^(?:${kinds.map((kind) => groups.join(kind)).join("|")})$`, "u");
}

function either(...patterns: readonly RegExp[]): (value: string) => boolean {
  return (value) => patterns.some((pattern) => pattern.test(value));
}

function judged(hasShape: (value: string) => boolean, passes: (value: string) => boolean): Twin {
  return (value) => (hasShape(value) ? (passes(value) ? "matched" : "failed") : "other");
}

const n = (count: number): string => `[0-9]{${count}}`;
const DIGIT_GROUPS = [
  [n(4), n(4), n(4), n(4)],
  [n(4), n(6), n(5)],
  [n(4), n(6), n(4)],
  [n(4), n(3), n(3), n(3)],
  [n(4), n(4), n(4), n(4), n(3)],
  [n(6), n(13)],
];
const ISSUED = new RegExp(
  `^(?:${[
    "1[0-9]{14}",
    "(?:2014|2149)[0-9]{11}",
    "220[0-4][0-9]{12,15}",
    "(?:222[1-9]|22[3-9][0-9]|2[3-6][0-9]{2}|27[01][0-9]|2720)[0-9]{12}",
    "(?:30[0-5][0-9]|3095|36[0-9]{2}|3[89][0-9]{2})[0-9]{10,15}",
    "(?:308[89]|309[0-46-9]|310[0-2]|311[2-9]|3120|315[89]|333[7-9]|334[0-9]|352[89]|35[3-8][0-9])[0-9]{12,15}",
    "3[47][0-9]{13}",
    "4(?:[0-9]{12}|[0-9]{15}|[0-9]{18})",
    "5[1-5][0-9]{14}",
    "(?:50|5[6-9]|6[0-9])[0-9]{10,17}",
    "8[12][0-9]{14,17}",
    "9792[0-9]{12}",
  ].join("|")})$`,
);

function isIssuedNumber(digits: string): boolean {
  return ISSUED.test(digits) && new Set(digits).size > 1;
}

const PAN_SHAPES = either(/^[0-9]{12,19}$/, ...DIGIT_GROUPS.map((groups) => grouped(groups, [SPACE, DASH])));
const pan = judged(
  (value) => PAN_SHAPES(value) && isIssuedNumber(digitsOf(value).join("")),
  (value) => isLuhn(digitsOf(value)),
);

const NINE = grouped([n(3), n(2), n(4)], ["", SPACE, DASH]);
const VOID = ["078051120", "219099999", "123456789"];
const ssn = judged(
  (value) => NINE.test(value),
  (value) => {
    const digits = digitsOf(value).join("");
    return /^(?!000|666|9)[0-9]{3}(?!00)[0-9]{2}(?!0000)[0-9]{4}$/.test(digits) && !VOID.includes(digits);
  },
);
const itin = judged(
  (value) => NINE.test(value) && value.startsWith("9"),
  (value) => /^9[0-9]{2}(?:5[0-9]|6[0-5]|7[0-9]|8[0-8]|9[0-24-9])/.test(digitsOf(value).join("")),
);
const npi = judged(
  (value) => /^[12][0-9]{9}$/.test(value),
  (value) => isLuhn(digitsOf(`80840${value}`)),
);
const dea = judged(
  (value) => /^[A-HJ-MPRSTUX][A-Z9][0-9]{7}$/i.test(value),
  (value) => {
    const [a = 0, b = 0, c = 0, d = 0, e = 0, f = 0, check] = digitsOf(value.slice(2));
    return (a + c + e + 2 * (b + d + f)) % 10 === check;
  },
);
const L = "[AC-HJKMNP-RT-Y]";
const X = "[0-9AC-HJKMNP-RT-Y]";
const MBI = [SPACE, DASH, ""].map(
  (kind) => new RegExp(`^[1-9]${L}${X}[0-9]${kind}${L}${X}[0-9]${kind}${L}${L}[0-9]{2}$`, "i"),
);
const mbi = judged(either(...MBI), () => true);
const aba = judged(
  (value) =>
    (/^[0-9]{9}$/.test(value) || grouped([n(4), n(4), n(1)], [DASH]).test(value)) &&
    /^(?:0[0-9]|1[0-2]|2[1-9]|3[0-2]|6[1-9]|7[0-2]|80)/.test(value),
  (value) => {
    const sum = digitsOf(value).reduce(
      (total, digit, place) => total + digit * ([3, 7, 1][place % 3] ?? 0),
      0,
    );
    return sum % 10 === 0 && sum > 0;
  },
);

const IBAN_LENGTHS: Readonly<Record<string, number>> = {
  DE: 22,
  GB: 22,
  NO: 15,
  BE: 16,
  FR: 27,
  MT: 31,
  LC: 32,
};
/** Only these countries are in this table; tests make no other ones. */
export const IBAN_COUNTRIES: readonly string[] = Object.keys(IBAN_LENGTHS);
const FOURS = [SPACE, DASH].map(
  (kind) => new RegExp(`^[A-Za-z0-9]{4}(?:${kind}[A-Za-z0-9]{4})*(?:${kind}[A-Za-z0-9]{1,3})?$`, "u"),
);
const iban = judged(
  (value) => {
    if (!/^[A-Za-z]{2}[0-9]{2}/.test(value)) return false;
    if (!/^[A-Za-z0-9]+$/.test(value) && !FOURS.some((pattern) => pattern.test(value))) return false;
    return value.replaceAll(/[^A-Za-z0-9]/g, "").length === IBAN_LENGTHS[value.slice(0, 2).toUpperCase()];
  },
  (value) => {
    const plain = value.replaceAll(/[^A-Za-z0-9]/g, "").toUpperCase();
    if (["00", "01", "99"].includes(plain.slice(2, 4))) return false;
    const turned = plain.slice(4) + plain.slice(0, 4);
    const number = Array.from(turned, (character) => Number.parseInt(character, 36)).join("");
    return BigInt(number) % 97n === 1n;
  },
);
const VIN_VALUES = "0123456789.ABCDEFGH..JKLMN.P.R..STUVWXYZ";
const vin = judged(
  (value) =>
    /^[A-HJ-NPR-Z0-9]{8}[0-9X][A-HJ-NPR-Z0-9]{8}$/i.test(value) && new Set(value.toUpperCase()).size > 1,
  (value) => {
    const sum = Array.from(value.toUpperCase()).reduce(
      (total, character, place) =>
        total +
        (VIN_VALUES.indexOf(character) % 10) *
          ([8, 7, 6, 5, 4, 3, 2, 10, 0, 9, 8, 7, 6, 5, 4, 3, 2][place] ?? 0),
      0,
    );
    return "0123456789X"[sum % 11] === value[8]?.toUpperCase();
  },
);
const ndc = judged(
  (value) =>
    [
      [4, 4, 2],
      [5, 3, 2],
      [5, 4, 1],
      [5, 4, 2],
    ].some((groups) => grouped(groups.map(n), [DASH]).test(value)) && new Set(digitsOf(value)).size > 1,
  () => true,
);

const SIGN = "[._%+\\-&']";
const LABEL = `${LETTER}(?:(?:${LETTER}|-)*${LETTER})?`;
const TOP = `(?:(?:[A-Za-z]|${FOREIGN}){2,}|[\\u{80}-\\u{10ffff}]|[Xx][Nn]--(?:${LETTER}|-)*${LETTER})`;
const EMAIL = new RegExp(
  `^(?!.*[.][.].*@)(?:_|${LETTER})(?:${LETTER}|${SIGN})*(?<![.])@(?:${LABEL}[.])+(?=${LABEL}$)${TOP}$`,
  "u",
);
const email = judged(
  (value) => {
    if (!EMAIL.test(value)) return false;
    const [local = "", domain = ""] = value.split("@");
    const labels = domain.split(".").map((label) => Buffer.byteLength(label));
    return Buffer.byteLength(local) <= 64 && Buffer.byteLength(domain) <= 253 && Math.max(...labels) <= 63;
  },
  () => true,
);

const URL_SIGNS = "[!#-;=?-\\[\\]^_a-~]";
const URL_SHAPE = new RegExp(
  `^(?:https?://(?=[[]|${LETTER})|www[.](?=${LETTER}))(?:${URL_SIGNS}|${FOREIGN})+$`,
  "iu",
);
/** Not the last of an address, in a text or by itself. */
const URL_CLOSING = /[.,:;!?'()[\]{}*]$/;
const url = judged(
  (value) => URL_SHAPE.test(value) && !URL_CLOSING.test(value),
  () => true,
);
const MAC_SHAPE = /^[0-9a-f]{2}([:-])(?:[0-9a-f]{2}\1){4}[0-9a-f]{2}$|^[0-9a-f]{4}(?:[.][0-9a-f]{4}){2}$/i;
const mac = judged(
  (value) => MAC_SHAPE.test(value),
  () => true,
);

const GAP = `(?:${SPACE}|${DASH}|[.])`;
const NANP = new RegExp(
  `^(?:[+]?1${GAP}?|(?!1))(?:[(]([0-9]{3})[)]|([0-9]{3}))${GAP}?([0-9]{3})${GAP}?[0-9]{4}$`,
  "u",
);
const E164 = new RegExp(`^[+][2-9][0-9]*(?:(?:[)]?${GAP}[(]?|[)][(]?|[(])[0-9]+)*$`, "u");
const phone: Twin = (value) => {
  const parts = NANP.exec(value);
  if (parts !== null) {
    const isArea =
      /^[2-9][0-8][0-9]$/.test(parts[1] ?? parts[2] ?? "") && !(parts[1] ?? parts[2] ?? "").endsWith("11");
    return isArea && /^[2-9](?!11)[0-9]{2}$/.test(parts[3] ?? "") ? "matched" : "failed";
  }
  const count = digitsOf(value).length;
  return E164.test(value) && count >= 8 && count <= 15 ? "matched" : "other";
};

const OCTET = "(?:25[0-5]|2[0-4][0-9]|1[0-9][0-9]|[1-9]?[0-9])";
const IP4 = `${OCTET}(?:[.]${OCTET}){3}`;
const ipv4 = judged(
  (value) => /^[0-9]{1,3}([.][0-9]{1,3}){3}$/.test(value),
  (value) => new RegExp(`^${IP4}$`).test(value),
);
const ipv6 = judged(
  (value) => {
    if (!new RegExp(`^[0-9A-Fa-f:]+(?:${IP4})?$`).test(value)) return false;
    const plain = value.replace(new RegExp(`(?<=:)${IP4}$`), "0:0");
    const halves = plain.split("::");
    if (halves.length > 2) return false;
    const groups = halves.flatMap((half) => (half === "" ? [] : half.split(":")));
    if (!groups.every((group) => /^[0-9A-Fa-f]{1,4}$/.test(group))) return false;
    return halves.length === 2 ? groups.length > 0 && groups.length < 8 : groups.length === 8;
  },
  () => true,
);

const CLOCK =
  "(?:[01]?[0-9]|2[0-3]):[0-5][0-9](?::(?:[0-5][0-9]|60)(?:[.][0-9]{1,9})?)?(?: ?[AaPp][Mm])?(?:[Zz]|[-+](?:[01][0-9]|2[0-3])(?::?[0-5][0-9])?)?";
const ISO = new RegExp(`^([0-9]{4})-([0-9]{2})-([0-9]{2})(?:[ Tt]${CLOCK})?$`);
const US = new RegExp(`^([0-9]{1,2})([/-])([0-9]{1,2})\\2([0-9]{4}|(?<=/)[0-9]{2})(?:[ Tt]${CLOCK})?$`);

function isDay(year: number, month: number, day: number): boolean {
  const date = new Date(Date.UTC(year, month - 1, day));
  const isSame = date.getUTCMonth() === month - 1 && date.getUTCDate() === day;
  return isSame && month >= 1 && day >= 1 && year >= 1800 && year <= 2199;
}

const dateIso: Twin = (value) => {
  const parts = ISO.exec(value);
  if (parts === null) return "other";
  return isDay(Number(parts[1]), Number(parts[2]), Number(parts[3])) ? "matched" : "failed";
};
const dateUs: Twin = (value) => {
  const parts = US.exec(value);
  if (parts === null) return "other";
  const year = Number(parts[4]) + (parts[4]?.length === 2 ? 2000 : 0);
  return isDay(year, Number(parts[1]), Number(parts[3])) ? "matched" : "failed";
};

const MONTH = "[0-9]{2}(?:0[1-9]|1[0-2])";
const DATA =
  "(?:[A-Za-z0-9]{0,40}|(?=[^?]{0,40}[?]$)[A-Za-z0-9]*[\\u0020-\\u0024\\u0026-\\u003a\\u003c-\\u003e@-_]*[?])";
function track(pattern: RegExp): Twin {
  return (value) => {
    const { number, name = "A/B" } = pattern.exec(value)?.groups ?? {};
    const bytes = Buffer.byteLength(name);
    if (number === undefined || !isIssuedNumber(number) || bytes < 2 || bytes > 26) return "other";
    return isLuhn(digitsOf(number)) ? "matched" : "failed";
  };
}

export const TWINS: Readonly<Record<DetectorName, Twin>> = {
  track1: track(
    new RegExp(`^%?[Bb](?<number>[0-9]{12,19})\\^(?<name>[^^?\\u0000-\\u001f]+)\\^${MONTH}${DATA}$`),
  ),
  track2: track(new RegExp(`^;?(?<number>[0-9]{12,19})[=D]${MONTH}${DATA}$`)),
  iban,
  pan,
  vin,
  dea,
  mbi,
  npi,
  aba,
  itin,
  ndc,
  url,
  email,
  mac,
  ipv6,
  ipv4,
  date_iso: dateIso,
  date_us: dateUs,
  ssn,
  phone,
};

export type Span = readonly [detector: DetectorName, start: number, end: number];

/** What a value's own pattern forbids beside it. */
const LONE: Partial<Record<DetectorName, (before: string, value: string, after: string) => boolean>> = {
  ipv4: (before, _, after) => !/[0-9][.]$/.test(before) && !/^[.][0-9]/.test(after),
  ipv6: (before, value, after) =>
    !before.endsWith(":") && (value.includes(".") || !/^:[:0-9A-Fa-f]/.test(after)),
  mac: (before, _, after) => !/[0-9A-Fa-f][-:.]$/.test(before) && !/^[-:.][0-9A-Fa-f]/.test(after),
  date_us: (before, value, after) =>
    !/[0-9][-/]$/.test(before) && (value.includes(":") || !/^[-/][0-9]/.test(after)),
};

function isBeginning(text: string, at: number): boolean {
  const before = Array.from(text.slice(0, at)).pop() ?? "";
  if (/^[A-Za-z0-9]/.test(text.slice(at))) return !/[A-Za-z0-9]/.test(before);
  if (new RegExp(`^${FOREIGN}`, "u").test(text.slice(at))) {
    return !new RegExp(`^${FOREIGN}$`, "u").test(before);
  }
  return /^[+(%;:_]/.test(text.slice(at));
}

/** Spans in UTF-16 units. */
export function naiveSpans(text: string): readonly Span[] {
  return longestFirst(naiveCandidates(text), (span) => Buffer.byteLength(text.slice(span[1], span[2])));
}

/** The longest at each place where one begins, in UTF-16 units. */
export function naiveCandidates(text: string): readonly Span[] {
  const candidates: Span[] = [];
  for (let at = 0; at < text.length; at++) {
    if (!isBeginning(text, at)) continue;
    let best: Span | undefined;
    for (let end = text.length; end > at && best === undefined; end--) {
      const value = text.slice(at, end);
      // Not within a character of two units.
      if (/[\ud800-\udbff]$/.test(value)) continue;
      // The check character of a track stands right behind its end sentinel.
      if (/^[A-Za-z0-9]/.test(text.slice(end)) && !value.endsWith("?")) continue;
      const found = DETECTORS.find(
        ({ name }) =>
          TWINS[name](value) === "matched" &&
          (LONE[name]?.(text.slice(0, at), value, text.slice(end)) ?? true),
      );
      if (found !== undefined) best = [found.name, at, end];
    }
    if (best !== undefined) candidates.push(best);
  }
  return candidates;
}

/** Those that stand: the longest, then the first, each unless it overlaps one that stands. */
export function longestFirst(candidates: readonly Span[], lengthOf: (span: Span) => number): readonly Span[] {
  const standing: Span[] = [];
  for (const span of candidates.toSorted((a, b) => lengthOf(b) - lengthOf(a) || a[1] - b[1])) {
    if (standing.every((other) => other[2] <= span[1] || span[2] <= other[1])) standing.push(span);
  }
  return standing.toSorted((a, b) => a[1] - b[1]);
}
