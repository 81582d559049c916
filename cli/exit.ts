// What the process's exit code says, and what to do about each fault. One table by layer with exceptions by code; a
// new layer does not compile until it stands here. docs/cli.md holds the same table, and a test compares them.
import { ERROR_CODES } from "../core/errors.ts";
import type { ErrorCode } from "../core/errors.ts";
import { OWNER_ADVICE } from "./owner-advice.ts";

export const EXIT_CODES = {
  0: "done; for `verify`, `attestation` and `policy lint`: everything that was asked holds; for `enclave diff`: nothing measured differs",
  1: "refused: a verification failed, the rules or the enclave refused the job, a key policy has faults, or (`enclave diff`) images differ",
  2: "usage: the command line is wrong, or an expectation is missing or unusable",
  3: "input: a file that was given is missing, malformed, or does not fit the others",
  4: "environment: S3, KMS, the enclave, the network or the local state cannot be used",
  5: "the attestation document is of a debug enclave, whose memory the host can read",
  70: "a fault in Sealroom itself; the lines printed with it are worth reporting",
  130: "interrupted; nothing that looks like a result was left",
} as const;

export type ExitCode = keyof typeof EXIT_CODES;

export interface Consequence {
  readonly exit: ExitCode;
  /** What to do: one sentence for the end of the error's line. */
  readonly advice: string;
}

type LayerOf<Code extends string> = Code extends `${infer Layer}_${string}` ? Layer : Code;
type Layer = LayerOf<ErrorCode>;

const NOT_AUTHENTIC: Consequence = { exit: 1, advice: "Do not rely on this document." };
const FIX_TEXT: Consequence = { exit: 3, advice: "Correct the file." };
const DAMAGED: Consequence = { exit: 1, advice: "Do not use it; get it again from whoever sealed it." };
const FOREIGN_RESULT: Consequence = { exit: 1, advice: "Do not use the result." };
const NETWORK: Consequence = { exit: 4, advice: "Look whether the service is up, then try again." };
const FAULT: Consequence = { exit: 70, advice: "Please report it." };

const BY_LAYER: Readonly<Record<Layer, Consequence>> = {
  DOCUMENT: NOT_AUTHENTIC,
  COSE: NOT_AUTHENTIC,
  CHAIN: NOT_AUTHENTIC,
  EXPECTATION: { exit: 2, advice: "Give it; without it nothing can be verified." },
  MEASUREMENTS: { exit: 2, advice: "Give the file that the build of the image printed." },
  POLICY: { exit: 1, advice: "Do not rely on it: it is not what you expect." },
  JSON: FIX_TEXT,
  YAML: FIX_TEXT,
  KEY: { exit: 3, advice: "Give a key file that `sealroom keygen` made." },
  CONTEXT: FIX_TEXT,
  JWS: { exit: 1, advice: "Do not use it; get it again from its owner." },
  MANIFEST: { exit: 3, advice: "Correct the schema or the rules." },
  GRANT: { exit: 1, advice: "Ask the owner for a grant of this very job." },
  RULES: { exit: 1, advice: "Ask the data's owner to allow it in the rules, or for a grant." },
  JOB: FIX_TEXT,
  SQL: { exit: 3, advice: "Correct the query at that place; docs/sql.md has all that jobs can ask in SQL." },
  PLAN: { exit: 3, advice: "Correct the job; `sealroom explain` shows what it may use." },
  RECEIPT: FOREIGN_RESULT,
  RESULT: FOREIGN_RESULT,
  NSM: { exit: 4, advice: "Start the enclave again." },
  TRANSPORT: { exit: 4, advice: "Look whether the enclave runs at that address." },
  WIRE: {
    exit: 4,
    advice: "Host and enclave do not speak the same protocol: use the same release for both.",
  },
  GUEST: { exit: 4, advice: "Build the image again: its kernel command line is not right." },
  ENTROPY: { exit: 4, advice: "Start the enclave again; if it stays so, build it with another kernel." },
  CLOCK: { exit: 4, advice: "Set the clock of the enclave's parent." },
  KMS: { exit: 4, advice: "Look whether KMS can be reached and the key is enabled." },
  OBJECT: DAMAGED,
  POOL: FAULT,
  INTERNAL: FAULT,
  STORE: { exit: 4, advice: "Look whether the bucket is there and may be read." },
  TUNNEL: NETWORK,
  ENCLAVE: { exit: 2, advice: "Write vsock:CID, unix:DIRECTORY or emulator:SOCKET." },
  SIGV4: { exit: 4, advice: "Get fresh credentials." },
  LOCAL: { exit: 4, advice: "Use another directory with --state DIR." },
  EIF: { exit: 3, advice: "Do not start it; build it again, or get it again from whoever did." },
  CPIO: { exit: 3, advice: "Do not rely on a list of its files; the registers are right without --files." },
  ELF: { exit: 3, advice: "Give a file of the image's platform." },
  IMAGE: { exit: 3, advice: "Look at the file, and at docs/image.md for what an image is made from." },
  NITRO: { exit: 4, advice: "Run `sealroom doctor` on the parent." },
  EMULATOR: { exit: 4, advice: "Run `npm run emulator`; `sealroom doctor` says what is missing." },
  KEYPOLICY: { exit: 2, advice: "Correct the option." },
  CRYPTO: DAMAGED,
  SEAL: DAMAGED,
  TOKEN: { exit: 3, advice: "Correct what is to be tokenized." },
  S3EC: { exit: 1, advice: "Do not use it; have its writer put it there again." },
  CMS: { exit: 4, advice: "Run the job again." },
  COLUMN: DAMAGED,
  USAGE: { exit: 2, advice: "See --help." },
  FILE: { exit: 3, advice: "Look at the path." },
  INPUT: { exit: 2, advice: "Correct the option." },
  CLOUD: NETWORK,
  OWNER: { exit: 3, advice: "Correct the file." },
  JOIN: { exit: 1, advice: "Join the smaller data set on the right, by keys that few of its rows share." },
  AGGREGATE: { exit: 1, advice: "Ask for fewer groups or columns, or filter further." },
  GATE: { exit: 1, advice: "Ask for fewer groups or columns, or filter further." },
  REVEAL: { exit: 1, advice: "Name fewer tokens under `match`, or ask the owner for a grant of more rows." },
};

const BY_CODE: Readonly<Partial<Record<ErrorCode, Consequence>>> = {
  JOB_PLACE: {
    exit: 2,
    advice: "Say where the copy is to lie: `to:` in the job, or --to s3://bucket/prefix/.",
  },
  JOB_OUTPUT: { exit: 4, advice: "Look whether the bucket may be written, then run the job again." },
  STORE_OUTPUT: { exit: 2, advice: "Say where the copy is to lie: --to s3://bucket/prefix/." },
  RULES_AUDIENCE: { exit: 1, advice: "Ask the data's owner for a copy for this audience, in the rules." },
  RULES_REVEAL: { exit: 1, advice: "Ask the data's owner for a grant of this very job." },
  TOKEN_RULE: {
    exit: 3,
    advice: "The owner corrects the rules and signs them again; to reveal tokens, name other columns.",
  },
  REVEAL_SIZE: { exit: 1, advice: "Name fewer columns, or ask the owner for a grant of fewer rows." },
  TOKEN_DROP_ONLY: { exit: 1, advice: "Give the column `drop`, or `class: none` if it is something else." },
  TOKEN_NO_KEY: {
    exit: 3,
    advice: "The owner makes the key (`sealroom token-key`) and names it in the rules.",
  },
  TOKEN_INVALID: {
    exit: 1,
    advice: "Mend the data, or give the column `invalid: null`, or `quarantine` to see which.",
  },
  TOKEN_QUARANTINE: {
    exit: 1,
    advice: "Mend the data, or give the column another operator or `invalid: null`.",
  },
  CHAIN_EXPIRED: {
    exit: 1,
    advice: "An old document holds only as evidence of its own time: `--at document` judges it then.",
  },
  CHAIN_ROOT: {
    exit: 1,
    advice: "It is not from AWS. A simulated enclave's root has to be given by file.",
  },
  POLICY_DEBUG: { exit: 5, advice: "Do not give it data; start the enclave without debug mode." },
  POLICY_NONCE: { exit: 1, advice: "It answers another request, or is a replay of one." },
  POLICY_MESSAGE: DAMAGED,
  KEY_USE: { exit: 3, advice: "Give a P-256 key, as `sealroom keygen` makes for sealing." },
  MANIFEST_EXPIRED: { exit: 1, advice: "Ask the owner to sign the data set again (`sealroom sign`)." },
  GRANT_FIELD: { exit: 3, advice: "Ask the owner for the grant again." },
  RULES_ADHOC: {
    exit: 1,
    advice: "Ask the owner for a grant of this job (`sealroom grant`), or to list its plan in the rules.",
  },
  RULES_RECIPIENT: {
    exit: 1,
    advice: "Ask the owner to name the recipient's key in the rules, or for a grant.",
  },
  RULES_RELEASE: { exit: 1, advice: "Remove `release: clear` from the job." },
  PLAN_ROLE: { exit: 1, advice: "Use another column; `sealroom explain` says what this one is for." },
  PLAN_BOUNDS: { exit: 1, advice: "Ask the owner to give bounds for the column in the rules." },
  PLAN_DISTINCT: { exit: 1, advice: "Ask the owner to name the column under `distinct` in the rules." },
  PLAN_EXTREMES: { exit: 1, advice: "Ask the owner to list the column under `extremes` in the rules." },
  PLAN_EXPRESSION: {
    exit: 1,
    advice: "Ask by an expression that the owner declares, or ask him to declare this one in the rules.",
  },
  PLAN_BINS: { exit: 1, advice: "Ask the owner to declare `bins` of the column in the rules." },
  ENCLAVE_DEBUG: { exit: 1, advice: "Do not give it data; stop it, and start it without debug mode." },
  ENCLAVE_MEASUREMENTS: {
    exit: 1,
    advice: "Somebody replaced the file meanwhile, or nitro-cli is not what it was; it was stopped again.",
  },
  ENCLAVE_SILENT: {
    exit: 4,
    advice:
      "Give it more memory, or build the image again: `sealroom enclave start --emulator` shows its console.",
  },
  NITRO_MISSING: {
    exit: 4,
    advice: "Install nitro-cli on a parent; `sealroom enclave start` boots in an emulator with --emulator.",
  },
  ENCLAVE_ENDED: {
    exit: 4,
    advice: "Give it more memory; `sealroom enclave start --emulator` shows whether the image boots.",
  },
  RECEIPT_OWNER: { exit: 1, advice: "Do not use the result: it is computed on somebody else's data." },
  RECEIPT_PLAN: { exit: 1, advice: "Do not use the result: it answers another question." },
  RECEIPT_MANIFEST: { exit: 1, advice: "Do not use the result: it is of another version of the data." },
  RESULT_OPEN: { exit: 1, advice: "Give the private key of the job's recipient." },
  KMS_DENIED: {
    exit: 1,
    advice: "Ask the owner whether the key policy lists this image and this epoch (`sealroom policy kms`).",
  },
  KMS_KEY_ARN: { exit: 1, advice: "Ask the owner to seal again with the key's full ARN." },
  KMS_KEY_ID: { exit: 1, advice: "Do not trust this host: KMS was asked for another key." },
  KMS_TLS: { exit: 4, advice: "Something between enclave and KMS is not KMS: look at the host's network." },
  JOB_INPUTS: { exit: 1, advice: "Look whether `owner` in the job is the data set's owner." },
  JOB_INCOMPLETE: DAMAGED,
  SEAL_KEY: { exit: 1, advice: "Give the key that the message was sealed with." },
  SEAL_STATE: FAULT,
  S3EC_LEGACY: {
    exit: 1,
    advice:
      "Write it again with a current S3 Encryption Client (V3), or seal its content with `sealroom seal`.",
  },
  S3EC_WRAP: {
    exit: 1,
    advice: "Write it again under a KMS keyring, or seal its content with `sealroom seal`.",
  },
  EMULATOR_BOOT: { exit: 4, advice: "The end of its console says more; where it hung, start it again." },
  STORE_LOCATION: { exit: 2, advice: "Write it as s3://bucket/prefix/." },
  STORE_MISSING: {
    exit: 4,
    advice:
      "Look at the bucket and at the name in it: of a data set, where `seal` or `adopt` put it; of an object to adopt, its whole key.",
  },
  TRANSPORT_UNAVAILABLE: {
    exit: 4,
    advice: "Run it on Linux, x64 or arm64; from sources, `npm run build:native` makes the addon.",
  },
  FILE_KIND: { exit: 3, advice: "Give a file." },
  LOCAL_PACKAGES: {
    exit: 4,
    advice: "Run it from a checkout, or install the package into a project (`npm install`, not --global).",
  },
  LOCAL_LOCKED: {
    exit: 4,
    advice: "Wait until it ends, or keep one `sealroom local` running on it, which all commands can share.",
  },
  IMAGE_LIBRARY: {
    exit: 3,
    advice: "Build on a glibc distribution, or name an unpacked one with --libraries DIR.",
  },
  IMAGE_MODULE: {
    exit: 3,
    advice: "Give /lib/modules/VERSION of a kernel of Linux 6.8 or later: older ones have no NSM driver.",
  },
  IMAGE_IMPORT: {
    exit: 3,
    advice: "Give the import a fixed name, or list the file in host-driver/enclave/loads.ts.",
  },
  IMAGE_CHANGED: { exit: 3, advice: "Try again when nobody writes to it." },
  IMAGE_PACKAGE: { exit: 3, advice: "Look at the packages that npm installed (`npm ci`)." },
  TOKEN_KEY: { exit: 3, advice: "Give 16, 24 or 32 bytes for ff1 and cmac; 32, 48 or 64 for siv." },
  TOKEN_ALPHABET: { exit: 3, advice: "Give two to 65,536 characters, each once; --radix alone goes to 62." },
  TOKEN_CHARACTER: { exit: 3, advice: "Give values of the alphabet's characters alone." },
  TOKEN_DOMAIN: { exit: 3, advice: "Use siv or random for short values: ff1 can be tried out on them." },
  TOKEN_TWEAK: { exit: 3, advice: "Give a tweak of at most 65,536 bytes." },
  TOKEN_TAG: { exit: 1, advice: "It was damaged, forged, or made under another key or --aad." },
  TOKEN_SCOPE: { exit: 3, advice: "Give plain names, and a key version from 1 to 65,535." },
  TOKEN_OPERATOR: { exit: 3, advice: "Take one of the operators of docs/tokenization.md." },
  TOKEN_PARAMETER: { exit: 3, advice: "Correct `field` as docs/tokenization.md has it." },
  TOKEN_SIZE: { exit: 1, advice: "Seal the data in batches of fewer rows." },
  IMAGE_BUNDLE: { exit: 3, advice: "Install the packages of package-lock.json again (`npm ci`)." },
  IMAGE_COMPILE: { exit: 3, advice: "Correct the sources; `npm run types` says more." },
  KEY_LENGTH: { exit: 3, advice: "Give 16, 24 or 32 raw bytes, or their hex or base64." },
  FILE_EXISTS: { exit: 3, advice: "Give another name, or move what is there." },
  FILE_WRITE: { exit: 4, advice: "Look at the directory, its rights and the free space." },
  CLOUD_CREDENTIALS: {
    exit: 4,
    advice: "Set up AWS credentials and a region, or leave out --aws.",
  },
  KEYPOLICY_SYNTAX: {
    exit: 3,
    advice: "Correct the policy, or print one with `sealroom policy kms`.",
  },
  KEYPOLICY_FOREIGN: {
    exit: 3,
    advice:
      "Print a new one with `sealroom policy kms`; `sealroom policy lint` says what is wrong with this one.",
  },
  KEYPOLICY_NO_EPOCH: { exit: 3, advice: "Print it anew with `sealroom policy kms ... --live-epoch EPOCH`." },
  KEYPOLICY_CHANGE: { exit: 3, advice: "Give the policy that is in force, and what differs from it." },
  TOKEN_VAULT: { exit: 3, advice: "The owner corrects `vaults` in the rules, and signs them again." },
  TOKEN_VAULT_SIZE: { exit: 1, advice: "Give the column an operator without a map, as `siv`." },
  ...OWNER_ADVICE,
  POOL_TIME: {
    exit: 1,
    advice: "Ask the data's owner what the objects hold: bytes can be made to keep a reader busy.",
  },
  POOL_MEMORY: {
    exit: 4,
    advice: "Give the enclave more memory, or have the objects written in smaller batches.",
  },
  COLUMN_CSV: {
    exit: 3,
    advice:
      "Correct the record that is named, or delimiter, header, null_tokens or a type in schema.yaml (docs/types.md).",
  },
  COLUMN_PARQUET: {
    exit: 3,
    advice:
      "Write the file again, flat and not encrypted, in smaller row groups; or give the enclave more memory.",
  },
  COLUMN_COMPRESSED: { exit: 3, advice: "Write the Arrow file without compression." },
  COLUMN_TYPE: { exit: 3, advice: "Write the column in a type that schema.yaml knows, text as utf8." },
  COLUMN_LIMIT: { exit: 3, advice: "Write the Arrow file in smaller batches." },
  LOCAL_STATE: { exit: 4, advice: "Move the state directory away, or use another with --state DIR." },
};

export function consequenceOf(code: ErrorCode): Consequence {
  return BY_CODE[code] ?? BY_LAYER[code.replace(/_.*/, "") as Layer];
}

/** The table of docs/cli.md, in Markdown. */
export function renderExitTable(): string {
  const codes = Object.entries(EXIT_CODES).map(([code, meaning]) => `| ${code} | ${meaning} |`);
  const faults = Object.entries(ERROR_CODES).map(([code, meaning]) => {
    const { exit, advice } = consequenceOf(code as ErrorCode);
    return `| \`${code}\` | ${exit} | ${meaning} | ${advice} |`;
  });
  return [
    "| exit | meaning |",
    "| --- | --- |",
    ...codes,
    "",
    "| code | exit | what | what to do |",
    "| --- | --- | --- | --- |",
    ...faults,
    "",
  ].join("\n");
}
