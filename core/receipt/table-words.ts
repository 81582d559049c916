// What a receipt says in words about releases that are no aggregates: copies with tokens, what was behind tokens, and
// which identifiers columns hold.
import type { ReceiptRelease } from "./release.ts";

type Words = Pick<ReceiptRelease, "protects" | "doesNotProtect">;

const WHOLE =
  "Every object that the manifest names was read exactly once, and no other: nobody was mixed in and nobody left out.";
const TRUTH = "Truth: the receipt says which data was read, not that the owner's data is right.";

export const TOKENS_WORDS: Words = {
  protects: [
    "Every column of the copy is what the owner's rules under columns make of it, and no other: the plan chose only for whom the copy is made.",
    "The copy left sealed, under a key that KMS drew for this job: nobody but the owner can open it before he signs it.",
    "The masters of the token domains were in this enclave alone, and each operator, domain, audience and version has a key of its own.",
    "No value that its operator does not take was passed through: it is an error, null, redacted, or sealed to the owner, as the rules say.",
    "The result tells what became of a column's values in coarse shares, and no fewer rows than minUnits from none.",
    WHOLE,
  ],
  doesNotProtect: [
    "Equality: operators that join give equal values equal tokens. Who has the copy sees how often each occurs, and may guess values that are few or well known.",
    "Columns that are kept, coarsened or redacted: they are in the copy as the rules say, and together may tell who somebody is.",
    "Order: rows are in the order of the input.",
    "Rows of one unit: shares of the result are of rows, and minUnits counts rows there, so one unit with many rows can show in them.",
    "Lengths: how long the copy's objects are is public, and so, nearly, how long its tokens are together and how many are null.",
    TRUTH,
  ],
};

export const REVEAL_WORDS: Words = {
  protects: [
    "What was behind the tokens left sealed to the recipient that the owner's grant names, and to nobody else; no more rows than maxRows.",
    WHOLE,
  ],
  doesNotProtect: [
    "The recipient: what it was given is in the clear to it. Tokens that are not authenticated reveal to something whoever made them.",
    TRUTH,
  ],
};

export const PROFILE_WORDS: Words = {
  protects: [
    "Of each column only the kind of identifier, if it looks like one, and a coarse share of its values; no value, and nothing of chosen rows.",
    "Values of fewer than minUnits units are told as none, and each unit weighs one in a share, however many rows it has, unless its rows lie anywhere in the data set: then shares are of rows.",
    WHOLE,
  ],
  doesNotProtect: [
    "Names, addresses and whatever has no check digit and no fixed form: detectors miss them. Whole values are judged: what stands inside longer texts is not looked for.",
    "The edge of a step: nothing random is added, so who knows all units but one, or compares two epochs, may learn from a share at an edge whether one unit's value is of the kind.",
    TRUTH,
  ],
};
