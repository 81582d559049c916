// The adversarial cases that the threat model was made from, each in a few words, and where it stands: tested by
// attacks of the catalogue (by its label) and by the ordinary tests that are named here, or not yet, or not at all.

export interface Case {
  readonly id: string;
  /** What is tried. */
  readonly about: string;
  /** Titles of tests besides the attacks; a backslash-free sentence that stands in a test file. */
  readonly tests?: readonly string[];
  /** What of it is for a later version, or for nobody, and why. With tests or attacks: what they leave out. */
  readonly later?: string;
  readonly outside?: string;
}

const DP = "differential privacy is not in this version";
const SERVICE = "comes with the service and its queue";

export const CASES: readonly Case[] = [
  {
    id: "H01",
    about: "signatures of zeros, of r or s out of range, in DER",
    tests: ["refuses signatures of zeros, of r or s out of range, of another key, of another encoding"],
  },
  {
    id: "H02",
    about: "another algorithm in the COSE header",
    tests: ["refuses every protected header but ES384, and every unprotected one"],
  },
  {
    id: "H03",
    about: "an own root that copies names and serials",
    tests: ["refuses a foreign root that copies every name"],
  },
  {
    id: "H04",
    about: "the bundle reordered, shortened, lengthened, the root repeated",
    tests: [
      "accepts the bundle in one order only",
      "refuses a bundle with a certificate too many: unrelated, repeated, or the leaf",
    ],
  },
  {
    id: "H05",
    about: "a leaf used as an authority, path lengths, key usages, other curves",
    tests: [
      "refuses a leaf that a leaf has issued, though its name and signature hold",
      "refuses a path longer than a certificate of it allows",
      "refuses keys of other curves and kinds, and points that are not on P-384",
    ],
  },
  {
    id: "H06",
    about: "clocks at the edges of each certificate's validity",
    tests: ["accepts each certificate from its first to its last second, and not a second more"],
  },
  {
    id: "H07",
    about: "hostile CBOR: duplicate keys, lengths, depth, tags, floats, trailing bytes",
    tests: [
      "refuses a key that stands twice, wherever and whatever its values",
      "refuses lengths past the end, up to 2^64 - 1, without room for them",
      "refuses 100,000 nested containers of every kind without running out of stack",
    ],
  },
  {
    id: "H08",
    about: "registers of zero, in the document or in what is expected",
    tests: ["refuses a document in which PCR0, PCR1 or PCR2 is zero, as debug"],
  },
  {
    id: "H09",
    about: "registers missing, short, long, or a prefix",
    tests: [
      "refuses a register that is missing: it never counts as equal",
      "refuses registers of any length but 48, and of any type but bytes",
    ],
  },
  {
    id: "H10",
    about: "no expectation, or an empty one",
    tests: ["refuses to be made of nothing, of emptiness, or of less than it needs"],
  },
  {
    id: "H11",
    about: "unknown fields; null, absent and empty ones",
    tests: ["takes null and absent alike, keeps empty apart, and refuses 1025 bytes and other types"],
  },
  {
    id: "H12",
    about: "one flipped bit anywhere in a document",
    tests: ["refuses a document with any bit flipped"],
  },
  {
    id: "H13",
    about: "replay: yesterday's document, no nonce, a buffer changed meanwhile",
    tests: [
      "refuses a replayed document: another nonce, a longer or shorter one, none",
      "keeps copies: what the peer does to its document during the check changes nothing",
    ],
  },
  { id: "H14", about: "a genuine enclave's answer in the attacker's session" },
  {
    id: "H15",
    about: "one nonce in two sessions",
    outside:
      "receipts are verified offline, by their results' digests too: an analyst who repeats a nonce gets two true receipts",
  },
  {
    id: "H16",
    about: "a document too old, or from the future",
    tests: ["accepts a document of up to 5 minutes, and refuses an older one"],
  },
  {
    id: "H17",
    about: "a time offered by the host",
    tests: ["judges time by its own attested time, not by what a request could say"],
  },
  { id: "H18", about: "the same image in another account; another image" },
  {
    id: "H19",
    about: "a signed image of the right signer and the wrong contents",
    tests: ["accepts any one image of several, and no mixture of them"],
  },
  { id: "H20", about: "measurements that no transparency log holds", later: "no log is published yet" },
  { id: "H21", about: "the host answers for KMS" },
  {
    id: "H22",
    about: "wrapped keys swapped",
    tests: [
      "refuses another context",
      "refuses an object under another key, of another digest, length, row count or schema",
      "keeps purposes apart: a token's blob opens as no data set's, and the other way round",
    ],
  },
  {
    id: "H23",
    about: "wrapped key and context swapped together",
    tests: [
      "asks with the full ARN, the manifest's blob, its own context, and nothing else",
      "an output's key is drawn under the plan's digest, and comes with itself as KMS wrapped it",
    ],
  },
  { id: "H24", about: "an answer for another key, an alias, another region" },
  {
    id: "H25",
    about: "CMS of other recipients, paddings, ciphers; padding oracles",
    tests: [
      "refuses other forms, versions, recipients and algorithms, all in one way",
      "refuses every padding but the right one",
      "opens every mix of definite and indefinite lengths, primitive, chunked and nested content",
    ],
    later: "the timing of 10^5 padding errors was not measured",
  },
  {
    id: "H26",
    about: "an earlier answer of KMS replayed",
    tests: ["an earlier answer does not open under a fresh key"],
  },
  {
    id: "H27",
    about: "a ciphertext that opens under two keys",
    tests: ["a committing message opens under the one key that it commits to"],
  },
  {
    id: "H28",
    about: "a downgrade to a suite without commitment, or of version 1",
    tests: ["that message is refused for its suite before either key is used"],
  },
  {
    id: "H29",
    about: "what one job allowed, remembered for the next",
    tests: ["a reader who allowed an old suite once does not allow it again under a stricter policy"],
  },
  { id: "H30", about: "objects withheld" },
  { id: "H31", about: "an object twice, under one name or two" },
  { id: "H32", about: "objects and frames reordered" },
  {
    id: "H33",
    about: "a frame of one object in another",
    tests: [
      "a frame that the host swaps for one of another object under the same key gives no byte to a parser",
    ],
  },
  {
    id: "H34",
    about: "an object cut at a frame's end",
    tests: [
      "refuses a sealed object cut at any byte",
      "refuses a regular frame that is marked as the final one, and so a shorter object",
    ],
  },
  {
    id: "H35",
    about: "frames after the last",
    tests: ["refuses whatever follows the final frame"],
  },
  {
    id: "H36",
    about: "one flipped bit of header, IV, ciphertext, tag",
    tests: [
      "refuses a sealed object in which one bit is flipped, whole and by range",
      "a token with any bit flipped opens to nothing, and the rows beside it open",
    ],
  },
  {
    id: "H37",
    about: "an older epoch, or one past its date",
    tests: ["a map that is not the one named is refused: another's, an older one, a damaged one, none"],
  },
  {
    id: "H38",
    about: "older and laxer rules, still signed",
    tests: ["what is signed again must be the owner's own data set, later, and with rules that fit"],
  },
  {
    id: "H39",
    about: "one grant ten thousand times",
    outside:
      "results are deterministic in threshold mode, so a replay repeats what was granted; grants end by their date and by the epoch",
  },
  { id: "H40", about: "a fork between two enclaves over one budget", later: DP },
  { id: "H41", about: "a ledger that lies", later: DP },
  {
    id: "H42",
    about: "documents by others, of another kind, or spelled in another way",
    tests: [
      "refuses a grant as a manifest and a manifest as a grant, and either as a result or receipt",
      "refuses a payload that was written down in another way and signed again",
      "a statement whose mode is not its plan's is none",
    ],
  },
  {
    id: "H43",
    about: "lengths of 0, 1, the limit, past it, 2^31, 2^32 - 1",
    tests: [
      "refuses a length out of bounds on its four bytes alone, with nothing allocated for it",
      "refuses a piece that is too long before a byte of it is read, and an end in the middle",
    ],
  },
  {
    id: "H44",
    about: "peers that trickle or keep silent",
    tests: [
      "a read without progress ends the connection, one with progress does not",
      "a thousand peers that trickle or keep silent are given up, and one that behaves is served meanwhile",
    ],
  },
  {
    id: "H45",
    about: "connections opened and dropped in masses, half-closed, reset",
    tests: [
      "refuses a waiting read when either side destroys the connection",
      "connections, ended in every way, leave no descriptor behind",
      "a listener in a process without a descriptor left neither dies nor spins, and serves when there is one again",
    ],
  },
  {
    id: "H46",
    about: "messages of two jobs mixed, repeated, or unasked for",
    tests: [
      "after one refused answer none of the later ones is believed",
      "messages on one connection keep apart",
    ],
  },
  { id: "H47", about: "two drivers with one fencing token", later: SERVICE },
  {
    id: "H48",
    about: "a host that never reads the result",
    tests: ["a write that the peer does not take ends the connection"],
  },
  {
    id: "H49",
    about: "key policies without conditions on registers",
    tests: [
      "finds key policies that ask for no image, or only seem to",
      "calls no policy clean that grants an attack",
      "lets a broad second Allow undo a narrow first one",
    ],
  },
  {
    id: "H50",
    about: "root delegation of the whole account",
    tests: [
      "finds key policies that leave it to the account, or to everybody",
      "gives a key without a policy to the account's IAM, as KMS does",
    ],
  },
  {
    id: "H51",
    about: "a policy that measures too little; another image",
    tests: [
      "finds key policies that measure too little of an image, or the wrong thing",
      "opens the key to both images while both are in, and to the old one no more when it is retired",
      "stops the measured image on an instance of another role",
    ],
  },
  {
    id: "H52",
    about: "CreateGrant, ReEncrypt, PutKeyPolicy open to the runtime role",
    tests: ["finds key policies that let the enclave's role wrap, hand on or administer"],
  },
  {
    id: "H53",
    about: "no Deny for Decrypt without attestation or context",
    tests: [
      "finds key policies without denials, or that ask for too little of a context",
      "never shows the owner a token key, nor takes one that the owner knows",
      "draws an output's key to the enclave alone, for any job and each listed data set",
    ],
  },
  {
    id: "H54",
    about: "tunnels and paths to where they should not go",
    tests: [
      "a host dials nothing that its list does not have, to the letter",
      "refuses object keys that leave the manifest's place, or that two systems read in two ways",
      "refuses to put under a name that could lie elsewhere",
      "a name that is taken ends the connection, and what lies there stays",
    ],
  },
  {
    id: "H55",
    about: "a hostile environment at boot",
    tests: [
      "the environment cannot turn the certificate's check off",
      "threads see no environment",
      "30 hostile words on the command line change nothing",
      "nothing of the kernel's command line has become a variable or an argument",
    ],
  },
  {
    id: "H56",
    about: "signals that open an inspector or write a core",
    tests: ["no signal opens an inspector, writes a report or leaves a core"],
  },
  {
    id: "H57",
    about: "a source of randomness that is not the NSM's",
    tests: ["any other source of the kernel's, or none, is refused before anything is mixed"],
  },
  {
    id: "H58",
    about: "results exchanged, or made up",
    tests: ["nothing is signed that the receipt does not name, or whose objects are not there"],
  },
  { id: "H59", about: "an audit log that was edited", later: SERVICE },
  { id: "H60", about: "an older result for a new question" },
  {
    id: "A01",
    about: "two sums that differ by one person",
    outside: "thresholds do not stop differencing: rules that list plans do, and the receipt says so",
  },
  { id: "A02", about: "trackers over three jobs", outside: "as A01" },
  {
    id: "A03",
    about: "two epochs that differ by one person",
    outside: "as A01: an owner who adds few people should not allow the same plan over both epochs",
  },
  { id: "A04", about: "analysts who pool results", outside: "as A01" },
  {
    id: "A05",
    about: "groups of k - 1, k, k + 1",
    tests: [
      "suppresses a group of k - 1 units and shows those of k and k + 1",
      "releases identical bytes for data that differ only in suppressed groups",
      "many rows of few scattered people are told as none",
    ],
  },
  {
    id: "A06",
    about: "k rows of one person",
    tests: [
      "suppresses many rows of few units: k counts distinct units",
      "many rows of one person are one value: they neither reach the limit nor move a share",
    ],
  },
  {
    id: "A07",
    about: "one person under several ids",
    tests: ["rows without a unit are left out, and counted, only where schema.yaml says so"],
    later:
      "ids that differ in spelling are different people: normalising them is the owner's, before sealing",
  },
  {
    id: "A08",
    about: "rare keys in the list of groups",
    tests: [
      "puts no trace of a suppressed key among the released bytes",
      "carries no key in a partial that no passing row has",
    ],
  },
  {
    id: "A09",
    about: "filters by who somebody is",
    tests: ["lets measures be aggregated only, and dimensions be counted but not summed"],
  },
  {
    id: "A10",
    about: "conditions inside aggregates",
    tests: ["has no words for what gives a person's value away (A12)"],
  },
  { id: "A11", about: "binary search by filters on a measure" },
  {
    id: "A12",
    about: "first, any, mode, median, percentiles; extremes",
    tests: ["has no words for what gives a person's value away (A12)"],
  },
  { id: "A13", about: "repeated private quantiles", later: DP },
  { id: "A14", about: "sums that are one person's, or nearly" },
  { id: "A15", about: "a suppressed cell from totals" },
  { id: "A16", about: "reconstruction from thousands of sums", outside: "as A01" },
  {
    id: "A17",
    about: "2^63 - 1, NaN, infinities, -0, 1e308 in one row",
    tests: [
      "counts NaN as null, clips infinities, and makes -0 into 0",
      "adds integers exactly past 2^53, and saturates the result at the range of int64",
    ],
  },
  {
    id: "A18",
    about: "one person with very many rows",
    tests: ["one unit moves a sum by no more than the bounds, whatever its values are"],
    later: "bounding how many groups one person is in",
  },
  {
    id: "A19",
    about: "errors that depend on data",
    tests: ["arithmetic is BigInt's where it is exact, is infinite past 2^53, and never throws"],
  },
  {
    id: "A20",
    about: "overflow as a probe",
    tests: ["saturates rows and running totals at 2^53 - 1 in either direction"],
  },
  {
    id: "A21",
    about: "casts that fail for one person",
    tests: ["times at the ends of their type have parts, and throw nothing"],
  },
  {
    id: "A22",
    about: "costs that depend on data",
    later: "timing is not constant: a host on the same machine may learn from it",
  },
  { id: "A23", about: "hostile patterns", outside: "jobs have no patterns" },
  {
    id: "A24",
    about: "hostile job texts",
    tests: ["refuses hostile text (A24) and leaves Object.prototype as it was"],
  },
  { id: "A25", about: "two parsers of one plan", tests: ["refuses any other spelling, and 50 MB"] },
  {
    id: "A26",
    about: "grouping by a column of unique values",
    tests: ["the bound of formed groups is far from any cap an owner would set, and not below it"],
  },
  {
    id: "A27",
    about: "made-up people mixed in",
    tests: [
      "refuses an object under another key, of another digest, length, row count or schema",
      "refuses other manifests than the plan's inputs, in number, owner, data set and time",
    ],
  },
  {
    id: "A28",
    about: "a partner's list of known customers",
    tests: [
      "an owner who names no join, or another, refuses it, whatever the other owner says",
      "totals are withheld where they would tell a group that either owner withholds",
    ],
    later: `a partner whom the owner named, with people whom he knows and one whom he does not: ${DP}`,
  },
  {
    id: "A29",
    about: "frequencies of deterministic tokens",
    tests: [
      "the result tells coarse shares and no value, and the receipt names the copy",
      "expert: what tokens leave of a value is named to the expert",
    ],
    later:
      "tokens that join show how often each value occurs, as docs/tokenization.md says of each operator: the rules choose it by column, and nothing yet reports how many people frequencies would tell",
  },
  {
    id: "A30",
    about: "tokens of two purposes compared",
    tests: [
      "no two operators, parameters, domains, audiences or versions have a token in common",
      "under the key of another domain, or for another audience, nothing authenticated opens",
    ],
  },
  {
    id: "A31",
    about: "format-preserving encryption of tiny domains",
    tests: [
      "rows with a character of no numeral, too few values or too many bytes get no token, and others theirs",
      "the nine samples of NIST",
    ],
  },
  {
    id: "A32",
    about: "a dictionary of all values, tokenized",
    tests: [
      "stops the enclave from another owner's tokens",
      "any other operator, part, suite, domain, audience, version, parameter, length or master has another key",
    ],
  },
  { id: "A33", about: "a budget burnt by cheap jobs", later: DP },
  { id: "A34", about: "arithmetic on budgets", later: DP },
  {
    id: "A35",
    about: "results to others, plans without grants",
    tests: [
      "without a grant there is no program",
      "as many rows as the grant says are revealed, and one more is none at all, over objects and within one",
    ],
  },
  {
    id: "A36",
    about: "debug modes, samples, sizes between",
    tests: [
      "no value of the data is in the result",
      "none of ten thousand canaries is in a byte that left the enclave, in any of more than ten encodings",
    ],
  },
  {
    id: "B1",
    about: "malformed Arrow after genuine decryption",
    tests: [
      "one bit of every byte of a file flipped: refused by code or read as the naive reader reads it",
      "ends every thread at once, again and again, and has them all back",
    ],
  },
  {
    id: "B2",
    about: "decompression bombs",
    tests: [
      "a compressed batch is refused as such",
      "dictionaries that are too much together are refused before one of them is fetched",
      "strings that fill a thread's heap are refused, the thread is replaced, and the next object is read",
      "pages that take longer to decompress than honest ones end in a refusal, the thread is replaced, and the next object is read",
      "a page that has no room in the decoder's memory ends in a refusal, and the thread reads the next object",
    ],
  },
  {
    id: "B3",
    about: "text that is no UTF-8, NUL, huge cells",
    tests: [
      "a value that ends inside a character is refused, though the buffer as a whole is valid",
      "a cell that a thread has no room for is refused before it is asked for, with lengths that the layout has",
      "a record of a mebibyte is read, in however many fields and lines, and a longer one is not",
    ],
  },
  {
    id: "B4",
    about: "schemas that differ between objects",
    tests: [
      "columns that differ from the manifest in number, name, type or order are refused",
      "columns that differ from the manifest in number, name, type or order are refused of Parquet too",
      "a header has to name the schema's columns, in its order",
    ],
  },
  {
    id: "B5",
    about: "a row more or less than signed",
    tests: [
      "refuses what does not add up to the manifest's rows",
      "a file is read, and one of more or fewer rows than the manifest says is refused",
    ],
  },
  {
    id: "B6",
    about: "what lies in null slots, padding and dictionaries",
    tests: [
      "null slots, spare bits and padding are zero whatever lay there, and buffers begin at multiples of 64",
      "strings of a dictionary that no row has are neither tokenized nor kept, nor told of by the tokens' order",
    ],
  },
  { id: "B7", about: "Arrow's own regression files", later: "they are not among the shared vectors" },
  {
    id: "K1",
    about: "killed at any step",
    tests: [
      "a host that is killed leaves no result, or a whole one, and the enclave serves the next",
      "an enclave that is killed leaves no result, unless it had told all of it, and the run says what was lost",
      "a thread that dies over an object, wherever in it, is POOL_THREAD for its job only, and the next job is done",
      "a run that is killed while it writes leaves no result, and the same command succeeds then",
      "an object whose connection is cut before its end is stored not at all",
      "a rerun gives the same tokens, in objects of other names under another key",
    ],
  },
  { id: "K2", about: "stopped for a minute, then continued", later: SERVICE },
  {
    id: "K3",
    about: "a disk that is full or fails",
    tests: ["S3 that fails at the first, a later object or the manifest leaves no manifest"],
    later: SERVICE,
  },
  {
    id: "K4",
    about: "S3 that is slow, changes, or conflicts",
    tests: ["an epoch that is not later than the stored one is refused, and the stored one stays"],
    later: SERVICE,
  },
  { id: "K5", about: "KMS that throttles", later: SERVICE },
  {
    id: "K6",
    about: "a worker that dies, hangs, or answers wrongly",
    tests: ["replaces a thread that ends in the middle of a task, again and again"],
  },
  { id: "K7", about: "power cut: only what was synced survives", later: SERVICE },
  { id: "K8", about: "upgrade with jobs under way", later: SERVICE },
];
