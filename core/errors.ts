// Every failure is a code that never changes its meaning, plus public fields. Nothing else of an error
// crosses the enclave's boundary: no message, no cause, no stack (docs/threat-model.md).

/** Fields that may be shown to anyone: sizes, indexes, names that stand in the plan or the manifest. */
export type Details = Readonly<Record<string, string | number | boolean>>;

/**
 * `LAYER_FACT`. A layer is the part that found the fault, so that a test can demand that a bad input fails
 * where it should. The list is closed: a new fault gets a new code here.
 */
export const ERROR_CODES = {
  // attestation/: bytes and structure of an NSM document
  DOCUMENT_SIZE: "the document is empty or larger than a Nitro document can be",
  DOCUMENT_CBOR: "the document is not strict CBOR of the expected shape",
  DOCUMENT_FIELD: "a field of the document is missing, of the wrong type, or out of its limits",
  // attestation/: COSE_Sign1
  COSE_SHAPE: "the envelope is not a COSE_Sign1 array of four",
  COSE_HEADER: "the protected header is not exactly ES384, or the unprotected header is not empty",
  COSE_SIGNATURE: "the signature does not verify under the leaf certificate",
  // attestation/: X.509
  CHAIN_DER: "a certificate is not strict DER of the expected shape",
  CHAIN_ROOT: "the bundle does not begin with the pinned root",
  CHAIN_ISSUER: "a certificate was not issued by the one before it",
  CHAIN_EXPIRED: "a certificate is not valid at the time of the check",
  CHAIN_USAGE: "a certificate is used for what it does not allow",
  CHAIN_SIGNATURE: "a certificate's signature does not verify",
  CHAIN_KEY: "a certificate's key is not P-384, or it is not signed with ecdsa-with-SHA384",
  CHAIN_EXTENSION: "a certificate has a critical extension that is unknown, or one extension twice",
  // attestation/: what the verifier demands
  EXPECTATION_EMPTY: "an expectation is missing, empty or malformed; nothing can be verified against it",
  MEASUREMENTS_FORMAT: "the measurements are not in the form that nitro-cli prints",
  POLICY_DEBUG: "PCR0, PCR1 or PCR2 is all zero: a debug enclave, whose memory the host can read",
  POLICY_PCR: "a platform configuration register differs from the one expected, or is missing",
  POLICY_NONCE: "the nonce is missing or is not the verifier's own",
  POLICY_USER_DATA: "user_data does not bind what it should",
  POLICY_PUBLIC_KEY: "public_key is not the one expected",
  POLICY_AGE: "the document is too old, or from the future",
  // json.ts and text/: documents that are signed, and text that people write
  JSON_SIZE: "the text is longer, or has more values in it, than such a document may",
  JSON_UTF8: "the text is not valid UTF-8",
  JSON_SYNTAX: "the text is not JSON",
  JSON_DEPTH: "values are nested too deeply",
  JSON_DUPLICATE: "a member stands twice in one object",
  JSON_KEY: "a member's name is empty, reserved, too long, or has characters that a name may not have",
  JSON_NUMBER: "a number is one that a double does not hold: past 2^53, of too many digits, or infinite",
  JSON_STRING: "a string is not well-formed, not NFC, or has control characters",
  JSON_CANONICAL: "the bytes are not the canonical form (RFC 8785) of what they say",
  YAML_SYNTAX: "the text is not YAML 1.2",
  YAML_FEATURE:
    "the text uses a part of YAML that is not taken here, or a word or number that has to be quoted",
  // manifest/: keys and signatures
  KEY_SHAPE: "the key is not a JWK of P-256 or Ed25519 with exactly its public members",
  KEY_POINT: "the key is not a point of its curve, or one that proves nothing",
  KEY_PRIVATE: "the private key is malformed or does not belong to its public key",
  KEY_USE: "the key is of the wrong kind for this use: P-256 is needed",
  CONTEXT_FIELD: "a field of a KMS encryption context is malformed",
  JWS_SIZE: "the signed document is larger than it may be",
  JWS_SHAPE: "the signed document is not a compact JWS of three parts",
  JWS_BASE64URL: "a part of the signed document is not canonical base64url",
  JWS_HEADER: "the protected header is not exactly alg, jwk and typ in canonical form",
  JWS_ALGORITHM: "the algorithm is not the one that belongs to the key",
  JWS_SIGNATURE: "the signature does not verify",
  JWS_TYP: "the document is signed as something else",
  // manifest/: manifests and grants
  MANIFEST_FIELD: "a field of the manifest is missing, unknown, malformed, or out of its limits",
  MANIFEST_SCHEMA: "the schema names a column or type that cannot be, or its roles do not fit the unit",
  MANIFEST_OBJECT: "an object's key is not a plain relative path, or an object is named twice",
  MANIFEST_TOTAL: "the objects' bytes or rows add up to more than can be counted",
  MANIFEST_RULES: "the rules name columns or values that the schema does not allow",
  MANIFEST_EXPIRED: "the manifest may no longer be used",
  GRANT_FIELD: "a field of the grant is missing, unknown, malformed, or out of its limits",
  GRANT_EXPIRED: "the grant may no longer be used",
  // manifest/authority: whether the owner's rules allow a plan
  RULES_INPUT: "the plan does not name this data set of this owner",
  RULES_ADHOC: "the owner's rules allow only listed or granted plans, and this one is neither",
  RULES_RECIPIENT: "the plan's recipient is not among those whom the owner's rules name",
  RULES_AUDIENCE: "the owner's rules have no copy with tokens for this audience",
  RULES_REVEAL: "tokens are revealed under an owner's grant alone, and there is none for this plan",
  RULES_RELEASE: "the plan asks for the result in the clear, and the owner's rules say sealed",
  GRANT_OWNER: "the grant is signed by someone who owns none of the plan's inputs",
  GRANT_PLAN: "the grant is for another plan",
  GRANT_MANIFEST: "the grant is for another epoch or data set",
  GRANT_RECIPIENT: "the grant names another recipient",
  // plan/
  JOB_FIELD: "a field of the job is missing, unknown or malformed",
  PLAN_SIZE: "the plan is larger than it may be",
  PLAN_FIELD: "a field of the plan is missing, unknown, malformed, or out of its limits",
  PLAN_OUTPUT: "the result's columns are not named once each, or the order names one that is not there",
  PLAN_INPUT: "the manifest is not of a data set that the plan names",
  PLAN_COLUMN: "the data set has no such column",
  PLAN_ROLE: "the column's role does not allow this use",
  PLAN_TYPE: "the column's type does not allow this use",
  PLAN_LITERAL: "the value is not one of the column's type",
  PLAN_BOUNDS: "the owner's rules give no bounds for the column, so it cannot be summed or averaged",
  PLAN_EXTREMES: "the owner's rules do not list the column among those whose extremes may be released",
  // receipt/
  RECEIPT_FORM: "the receipt is not of its one form, or larger than it may be",
  RECEIPT_STATEMENT:
    "a field of the receipt's statement is missing, unknown, malformed, or out of its limits",
  RECEIPT_PLAN: "the receipt is for another plan than the verifier's",
  RECEIPT_INPUTS: "the receipt's inputs are not the plan's",
  RECEIPT_OWNER: "an input's owner is not the one that the verifier expects",
  RECEIPT_MANIFEST: "an input's manifest is not the one that the verifier expects",
  RECEIPT_RESULT: "the result is not the one that the receipt is for",
  RECEIPT_OUTPUT:
    "the manifest of what the job made is not the one that the receipt names, or one is missing",
  RECEIPT_RELEASE: "the receipt says that the result left in another way than the plan asks",
  RESULT_SIZE: "the sealed result is larger or smaller than one can be",
  RESULT_HEADER: "the sealed result's header is not of its one form",
  RESULT_OPEN: "the sealed result does not open with this key",
  RESULT_METADATA: "what the result says of its bad rows is not of its one form",
  RESULT_PADDING: "the opened result is not a length, that many bytes, and zeros up to its padded size",
  // nsm: the Nitro Secure Module, or the software one of the local enclave
  NSM_REQUEST: "the request is larger than the NSM takes, or a field of it is out of its limits",
  NSM_RESPONSE: "the NSM's answer is not strict CBOR of the expected shape",
  NSM_ERROR: "the NSM refused the request; `nsm` has its code",
  NSM_UNAVAILABLE: "there is no device of a Nitro Secure Module here, or it cannot be opened",
  NSM_IO: "the NSM cannot be reached, or broke off in the middle of an exchange",
  NSM_STATE: "the software NSM's root cannot be used: half of it is missing, or its key is open to others",
  // wire/ and transport/
  TRANSPORT_CONNECT: "a connection could not be made",
  TRANSPORT_CLOSED: "the connection ended before all bytes had come",
  TRANSPORT_TIMEOUT: "the peer made no progress for too long",
  TRANSPORT_UNAVAILABLE: "the native addon, which opens vsock and the NSM, was not built for this platform",
  WIRE_LENGTH: "a length is out of its bounds or is not the one asked for",
  WIRE_JSON: "a message is not canonical JSON",
  WIRE_FIELD: "a message has a missing, unknown or malformed member",
  WIRE_TRAILING: "bytes follow where the protocol has none",
  // enclave-worker/
  GUEST_COMMAND_LINE: "the kernel's command line cannot be read, or names no CID as the parent's",
  ENTROPY_SOURCE: "the kernel's random bytes do not come from the NSM",
  ENTROPY_NSM: "the NSM's random bytes are too few, or repeat",
  ENTROPY_POOL: "the kernel did not take the NSM's random bytes",
  CLOCK_DISAGREES: "the enclave's system clock and its attested time differ by more than a minute",
  KMS_KEY_ARN: "the manifest's key is not named by a full key ARN",
  KMS_TLS: "TLS to KMS failed: the endpoint's certificate is not from Amazon, or the connection was cut",
  KMS_DENIED: "KMS refused to release the key to this enclave",
  KMS_ANSWER: "KMS's answer is not of the expected shape",
  KMS_KEY_ID: "KMS answered for another key",
  JOB_OUTPUT: "the host did not take an object that the job made",
  JOB_INPUTS: "the manifests are not the ones the plan names",
  JOB_INCOMPLETE: "the objects read do not add up to the manifest",
  OBJECT_DIGEST: "an object's header is not the one in the manifest",
  OBJECT_ROWS: "an object has other rows than the manifest says",
  OBJECT_KEY: "an adopted object's data key does not open: it is of another object, place or data set",
  OBJECT_CHANGED: "an object's bytes are not those that verified when it was read before",
  POOL_THREAD: "a worker thread ended before its task",
  INTERNAL: "a fault inside the enclave",
  // host-driver/
  STORE_LOCATION: "not of the form s3://bucket/prefix/",
  STORE_MISSING: "no such object or bucket",
  STORE_SIZE: "an object is larger than it may be",
  STORE_READ: "S3 could not be read",
  ENCLAVE_ADDRESS: "not of the form vsock:CID, unix:DIRECTORY or emulator:SOCKET",
  LOCAL_PACKAGES: "no lock file says which packages the local enclave runs with, so it cannot be measured",
  LOCAL_ENCLAVE: "the local enclave could not be started",
  LOCAL_LOCKED: "the local state is in use by another process",
  // host-driver/enclave/: enclave images
  EIF_FORMAT: "not an enclave image (EIF) of a version that is known, or its header is malformed",
  EIF_SECTION:
    "the image's sections do not lie one after another to its end, or are not the ones that an image has",
  EIF_CRC: "the image's checksum does not fit its bytes: it is damaged",
  EIF_SIGNATURE: "the image's signature section is not one signature of PCR0 with its certificate",
  CPIO_HEADER: "the ramdisk is not a cpio archive in the newc form, plain or in gzip",
  CPIO_PATH: "an entry's path in the ramdisk is not one that a kernel unpacks at its place",
  CPIO_END: "the ramdisk ends within an entry, or bytes follow its end",
  CPIO_LIMIT: "the ramdisk has more or larger entries than are read",
  ELF_FORMAT: "not a 64-bit ELF file that can be placed in an image",
  IMAGE_INPUT: "what an image is made from is missing or is not what it should be",
  IMAGE_CHANGED: "a file changed while it was read",
  IMAGE_LIBRARY: "a shared library that the image's programs need was not found",
  IMAGE_MODULE: "a kernel module that the image needs was not found, or is not of the image's kernel",
  IMAGE_IMPORT: "what a file of the image loads cannot be told, or is not there",
  IMAGE_PACKAGE: "the image would have a package twice, one with an install script, or more than ten",
  IMAGE_BUNDLE: "the worker's files could not be put into one",
  IMAGE_COMPILE: "the worker's sources could not be compiled",
  TUNNEL_REFUSED: "the endpoint is not on the host's allow-list",
  TUNNEL_DIAL: "the endpoint could not be reached",
  // sigv4.ts
  SIGV4_REQUEST: "the request cannot be signed: a path, query, header or credential is malformed",
  // host-driver/enclave/: enclaves of a parent, by nitro-cli, and in the emulator
  NITRO_MISSING: "nitro-cli is not installed, or not in PATH",
  NITRO_TIMEOUT: "nitro-cli did not answer in time",
  NITRO_OUTPUT: "nitro-cli's answer is not of the form that it has, or too long",
  NITRO_FAILED: "nitro-cli failed",
  ENCLAVE_DEBUG: "the enclave runs in debug mode: the parent can read its memory",
  ENCLAVE_MEASUREMENTS: "nitro-cli started another image than the one in the file",
  ENCLAVE_ENDED: "the enclave started, and ended before its worker answered",
  ENCLAVE_SILENT: "the enclave runs, and its worker accepts no connection",
  EMULATOR_START: "the emulator did not start the image",
  // local/: credentials, authority, keys and objects of the stand-ins
  LOCAL_STATE: "a file of the local stand-ins cannot be used: it is damaged, or open to others",
  // owner/key-policy.ts and what it is made of, owner/policy/
  KEYPOLICY_MEASUREMENT: "a measurement set is missing, or PCR0, PCR1 or PCR2 is not 48 bytes in hex",
  KEYPOLICY_DEBUG: "a measurement is all zero: a debug enclave, whose memory the host can read",
  KEYPOLICY_ROLE: "a role ARN is malformed, has a wildcard, or is the same as another role",
  KEYPOLICY_OWNER: "the owner is not an RFC 7638 thumbprint (SHA-256, base64url)",
  KEYPOLICY_DATASET:
    "the data set's name is empty, too long, or has characters that a key policy would read differently",
  KEYPOLICY_EPOCH: "a live epoch is not a whole number of UTC milliseconds, or is listed twice",
  KEYPOLICY_TOKEN: "a token domain is not NAME:VERSION with a version from 1, or is listed twice",
  KEYPOLICY_OUTPUT: "an output's data set name is malformed, or is listed twice",
  KEYPOLICY_SYNTAX: "the key policy is not understood",
  KEYPOLICY_FOREIGN: "the key policy is not one that is printed here",
  KEYPOLICY_NO_EPOCH: "the key policy lists no live epoch, and so does not name its data set",
  KEYPOLICY_CHANGE: "the key policy cannot be changed like this",
  KEYPOLICY_SIZE:
    "the key policy is longer than the 32 KiB that KMS takes: list fewer epochs, token versions or measurements",
  // crypto.ts
  CRYPTO_TAG: "sealed bytes do not verify under the key",
  CRYPTO_KEY: "a public key is not a point of its curve",
  // token/: values that are replaced
  TOKEN_KEY: "the key is not as long as the operator's is",
  TOKEN_ALPHABET: "the alphabet has fewer than two characters, one of them twice, or half of one",
  TOKEN_CHARACTER: "a value has a character that its alphabet does not have",
  TOKEN_DOMAIN: "fewer than a million values of this length and alphabet, or too long a one",
  TOKEN_TWEAK: "the tweak is too long",
  TOKEN_TAG: "the token was not made under this key and context",
  TOKEN_SCOPE: "a token domain, an audience or a key version is malformed",
  TOKEN_OPERATOR: "there is no such tokenization operator",
  TOKEN_PARAMETER: "a parameter of an operator is missing, unknown, malformed, or out of its limits",
  TOKEN_RULE: "a column's operator does not fit it, or not what the job asks of it",
  TOKEN_DROP_ONLY: "card verification codes, PINs and track data may only be dropped",
  TOKEN_NO_KEY: "the rules name no key of this token domain and version",
  TOKEN_INVALID: "a value is not what its column's operator takes, and the rules say that this is an error",
  TOKEN_QUARANTINE: "more values are not what their operators take than a report to the owner holds",
  TOKEN_VAULT: "the rules name no map from which random tokens go on, or one that is not as the rules say",
  TOKEN_VAULT_SIZE: "a map of random tokens would be larger than an enclave holds",
  TOKEN_SIZE: "the tokens of a batch are longer than a column can be",
  // seal/: an Encryption SDK message, in the order in which a reader meets the faults
  SEAL_TRUNCATED: "the message ends before it is complete",
  SEAL_TRAILING: "bytes follow the end of the message",
  SEAL_LIMIT: "a length or a count is above what the reader accepts",
  SEAL_HEADER: "the message header is malformed",
  SEAL_SUITE: "the algorithm suite is unknown, or is not one of the header's version",
  SEAL_CONTEXT: "the encryption context is malformed, or is not the one expected",
  POLICY_MESSAGE: "the message's suite, framing or number of data keys is not one that this reader takes",
  SEAL_KEY: "no data key of the message can be opened with the given key",
  SEAL_COMMITMENT: "the message was not sealed under this data key",
  SEAL_HEADER_TAG: "the message header does not verify",
  SEAL_SEQUENCE: "a frame is not in its place",
  SEAL_FRAME: "a frame's IV or length is not what its place demands",
  SEAL_FRAME_TAG: "a frame or an unframed body does not verify",
  SEAL_FOOTER: "the message footer is malformed",
  SEAL_SIGNATURE: "the message's signature does not verify",
  // seal/: ranged reading, and use of a reader or writer out of order
  SEAL_LAYOUT: "the message cannot be read by ranges, or its length fits no number of frames",
  SEAL_RANGE: "a range lies outside the message, or came back with the wrong length",
  SEAL_STATE: "a message reader or writer was used after it finished or failed",
  // seal/: an object of the S3 Encryption Client
  S3EC_METADATA: "the object's encryption metadata is missing, malformed, or of more than one version",
  S3EC_INSTRUCTION:
    "the object's instruction file is missing, malformed, or holds what belongs to the object",
  S3EC_LEGACY:
    "the object is encrypted in a mode that does not authenticate it (V1, CBC, wrap kms or AESWrap)",
  S3EC_WRAP: "the object's data key is not wrapped by KMS with an encryption context (kms+context)",
  S3EC_COMMITMENT: "the object was not written under this data key",
  S3EC_LENGTH: "the object is shorter than a tag, or longer than one tag can cover",
  S3EC_TAG: "the object does not verify under its data key",
  // jobs/: registry and aggregation
  PLAN_KIND: "no job of this kind exists",
  PLAN_GROUP_KEYS: "the owner's declared group keys combine to more groups than the rules allow",
  AGGREGATE_UNITS:
    "the rows' marks of units are missing, unexpected, or do not begin with the object's first row",
  AGGREGATE_ROWS: "an object has more rows than one aggregation can count",
  AGGREGATE_GROUPS:
    "the job forms more groups, or pairs of a group and a scattered unit, than the enclave holds, released or not",
  GATE_GROUPS: "more groups would be released than the owner's rules allow",
  GATE_ROWS: "the result would have more rows than the grant allows",
  REVEAL_ROWS: "more rows would be revealed than the grant allows",
  REVEAL_SIZE: "what is revealed could be larger than a sealed result can be",
  // seal/: CMS of KMS. One code for every fault: a second one would be a padding oracle
  CMS_OPEN: "the KMS answer cannot be opened",
  // owner/: key files
  OWNER_KEY_FILE: "the key file cannot be read or written",
  OWNER_KEY_EXISTS: "a key file of that name exists, and is not overwritten",
  OWNER_KEY_MODE: "the private key file is open to others",
  OWNER_KEY_FORM: "not a key file of the kind that is needed here",
  // owner/: schema.yaml, rules.yaml and what is sealed
  OWNER_SCHEMA: "schema.yaml has a missing, unknown or malformed member",
  OWNER_RULES: "rules.yaml has a missing, unknown or malformed member",
  OWNER_RECIPIENT: "a recipient's public key cannot be read",
  OWNER_INPUT: "an input cannot be read in its format",
  OWNER_COLUMNS: "an input's columns differ from those of schema.yaml",
  OWNER_COLUMN_TYPE: "an input's column has a type that cannot become the one in schema.yaml",
  OWNER_VALUES: "values of a column do not convert to its type exactly",
  OWNER_UNIT: "the input has no column of the name that was given as the unit",
  OWNER_UNIT_OPEN: "schema.yaml leaves open who is protected",
  OWNER_UNIT_NULL: "rows have no unit: nobody would be protected by them",
  OWNER_CHANGED: "an input changed while it was sealed",
  OWNER_MEMORY: "the input does not fit the memory limit, even one part at a time",
  OWNER_SPILL: "the temporary file for rows that do not fit in memory cannot be written or read",
  OWNER_TEXT: "a column has more text in one batch of rows than a sealed table may have",
  OWNER_EPOCH: "the new epoch would not be later than the one that is stored",
  OWNER_TAKEN: "another data set lies at this place, or another owner's",
  OWNER_MANIFEST: "the stored manifest is not the one that was to be signed again",
  OWNER_OUTPUT:
    "the manifest of what a job made is not of the job that the receipt is for, or of another owner's data",
  OWNER_OBJECT: "an object that the job made is not stored, or not whole",
  OWNER_DATASET: "the manifest is of another data set, owner or key than expected",
  // owner/adopt: objects that others wrote
  OWNER_PLACE: "an object to adopt does not lie below the place of the manifest",
  OWNER_ENVELOPE: "the object is neither an Encryption SDK message nor one of the S3 Encryption Client",
  OWNER_WRITER_KEY: "the object's data key is not under a KMS key that was named as its writer's",
  OWNER_FORMAT: "what is encrypted in the object is not an Arrow IPC file",
  // owner/: KMS and S3, as the owner calls them
  KMS_CALL: "KMS refused the owner's request, or could not be reached",
  STORE_WRITE: "S3 could not be written; nothing was left that looks whole",
  STORE_OUTPUT: "the job makes objects, and no place was named for them",
  // column/: an Arrow IPC file and the values in it
  COLUMN_FOOTER: "the bytes do not end as an Arrow file ends",
  COLUMN_METADATA: "Arrow metadata is not a well-formed flatbuffer of the expected shape",
  COLUMN_TYPE: "a column has a type that a sealed table does not hold",
  COLUMN_SCHEMA: "the columns differ from those that the manifest names",
  COLUMN_LIMIT: "an Arrow file has more or larger parts than a sealed table may have",
  COLUMN_LAYOUT: "the parts of an Arrow file do not lie in order, inside each other and long enough",
  COLUMN_COMPRESSED: "the buffers are compressed; a sealed table is not",
  COLUMN_VALIDITY: "a column's null count differs from its validity bits",
  COLUMN_OFFSETS: "text offsets fall, or leave their buffer",
  COLUMN_UTF8: "text is not valid UTF-8",
  COLUMN_DICTIONARY: "a dictionary is missing, named twice, has nulls, or lacks a code that is used",
  COLUMN_UNIT: "the unit-start bits have nulls, or an object does not begin with a unit's first row",
  // cli/: files, the command line, AWS, and the embedded stand-ins
  USAGE_ARGUMENTS: "the command line is not understood",
  FILE_MISSING: "no such file",
  FILE_KIND: "not a regular file",
  FILE_READ: "the file cannot be read",
  FILE_SIZE: "the file is larger than such a file may be",
  FILE_EXISTS: "something is there already, and is not overwritten",
  FILE_WRITE: "the file cannot be written",
  KEY_LENGTH: "the key file does not hold an AES key of 16, 24 or 32 bytes",
  INPUT_NAME: "the job names no data set of that name",
  INPUT_LOCATION: "the job does not say where the data set lies",
  JOB_PLACE: "a job that makes objects needs a place for them, and other jobs have none",
  CLOUD_CREDENTIALS: "no usable AWS credentials, or no region, were found",
  CLOUD_REQUEST: "AWS refused the request, or could not be reached",
  RESULT_OPENED: "an opened file is not what the sealed result holds",
  LOCAL_START: "the embedded stand-ins did not start",
  // local/emulator/
  EMULATOR_MISSING: "the emulator is not set up here, or a part of it is missing",
  EMULATOR_BOOT: "the image did not come up in the emulator; `stage` says how far it came",
} as const;

export type ErrorCode = keyof typeof ERROR_CODES;

/** Bad input, bad evidence, failed I/O. `details` is public; `cause` stays in this process. */
export class SealroomError extends Error {
  readonly code: ErrorCode;
  readonly details: Details;
  constructor(code: ErrorCode, details: Details = {}, options?: ErrorOptions) {
    super(ERROR_CODES[code], options);
    this.name = "SealroomError";
    this.code = code;
    this.details = details;
  }
}

/** The evidence is sound, but it is not what the verifier or the owner permits. */
export class PolicyError extends SealroomError {
  override readonly name = "PolicyError";
}
