// Findings about what an enclave's statements ask for: codes.ts says what their members are.

export const ENCLAVE_CODES = {
  // what the enclave's statements ask for
  NO_ATTESTATION: {
    finds: "no statement asks for an attested image",
    attack: "Whoever holds an allowed role's credentials, a host for one, opens keys in the clear.",
    instead: "Start from `sealroom policy kms`.",
  },
  UNATTESTED: {
    finds: "a role that is neither owner nor break-glass may open keys without an attestation document",
    attack: "The host asks KMS with the role's credentials and reads the key in the answer.",
    instead: "Require ImageSha384, PCR0, PCR1 and PCR2 by StringEqualsIgnoreCase, without IfExists.",
  },
  PCR_OPEN: {
    finds: "PCR0, PCR1 or PCR2 is not pinned",
    attack:
      "Another image opens the key: with PCR0 alone, bytes can move between the sections it is made of.",
    instead: "Pin all three, and ImageSha384.",
  },
  SIGNER_ONLY: {
    finds: "only the signing certificate (PCR8) is pinned",
    attack:
      "Every image that was ever signed with that key opens the data, also an old one with a known hole.",
    instead: "Pin PCR0, PCR1 and PCR2 of each image.",
  },
  PARENT_ONLY: {
    finds: "only the parent (PCR3, PCR4) is pinned",
    attack: "The host runs an image of its own on the right instance.",
    instead: "Pin PCR0, PCR1 and PCR2 of each image; PCR3 beside them.",
  },
  DEBUG_IMAGE: {
    finds: "a register of zeros is accepted",
    attack: "That is an enclave in debug mode: the host reads its console and its memory.",
    instead: "Take the measurements of the image as it is built, not those of a debug run.",
  },
  REGISTER: {
    finds: "a register's value is not 96 hexadecimal digits",
    attack:
      "It matches nothing, or with a wildcard more than one image; in a Deny it denies everybody or nobody.",
    instead: "Copy the value that the build printed.",
  },
  HEX_CASE: {
    finds: "upper-case hex is compared with regard to case",
    attack: "KMS has registers in lower case: an Allow never applies, a Deny by StringEquals never bites.",
    instead: "Use StringEqualsIgnoreCase and StringNotEqualsIgnoreCase.",
  },
  IMAGES_MIXED: {
    finds: "lists of registers admit PCR0 of one image with PCR1 or PCR2 of another",
    attack: "An image that nobody built or looked at is put together of accepted parts.",
    instead: "Write one statement for each image.",
  },
  IF_EXISTS: {
    finds: "a condition holds when its key is absent (IfExists)",
    attack: "The host leaves the attestation document, or the context, out of the request.",
    instead: "Use the operator without IfExists.",
  },
  FOR_ALL_VALUES: {
    finds: "ForAllValues stands without a Null check",
    attack: "It holds for a request that has no such key at all.",
    instead: 'Add `"Null": {"KEY": "false"}` beside it.',
  },
  FOR_ANY_VALUE: {
    finds: "ForAnyValue in an Allow asks for one fitting value only",
    attack: "Further keys of the context are let through unseen.",
    instead: "Use ForAllValues:StringEquals with a Null check.",
  },
  VALUE_WILDCARD: {
    finds: "a register or a field of the context is compared with a wildcard",
    attack: "Any image, owner, data set or epoch that the pattern reaches is let in.",
    instead: "List the values with StringEquals.",
  },
  NEVER: {
    finds: "no request satisfies the statement",
    attack: "None: it allows nothing. An enclave that needs it gets no key.",
    instead: "Look for contradicting conditions, or for values that are misspelt.",
  },
  SHUT_OUT: {
    finds: "a Deny stops what the statement allows",
    attack: "None: it allows nothing. An enclave that needs it gets no key.",
    instead: "List the image, its PCR3 and the role in the Deny too.",
  },
  // the encryption context
  NO_CONTEXT: {
    finds: "no encryption context is asked for",
    attack:
      "A stranger's manifest with a wrapped key of the owner's: the enclave opens it, under the stranger's rules.",
    instead: "Require sealroom:owner, sealroom:purpose and the fields of the purpose.",
  },
  CONTEXT_FOREIGN: {
    finds: "the statement fits no context that an enclave of Sealroom makes",
    attack: "None for Sealroom's data, which it does not open; what else it opens is not known here.",
    instead: "Start from `sealroom policy kms`.",
  },
  OWNER_OPEN: {
    finds: "sealroom:owner is not pinned",
    attack:
      "Anybody calls himself an owner: he signs a manifest that carries your wrapped key, with rules of his own.",
    instead: "Pin kms:EncryptionContext:sealroom:owner by StringEquals to the owner's thumbprint.",
  },
  OWNER_TOKENS: {
    finds: "the owner's role may open or wrap the keys of token domains",
    attack: "Whoever has that role for a minute has every identifier behind every token, for ever.",
    instead: "Let it use purposes dataset and output, and for token GenerateDataKeyWithoutPlaintext alone.",
  },
  PURPOSE_OPEN: {
    finds: "sealroom:purpose is not pinned",
    attack: "A key that was made for one purpose is used for another: a token key as a data set's, for one.",
    instead: "Pin it: dataset and token for Decrypt, output for GenerateDataKey.",
  },
  DATASET_OPEN: {
    finds: "sealroom:dataset is not pinned",
    attack: "Data sets that were not meant to be read here are, if their keys lie under the same KMS key.",
    instead: "List the data sets by name.",
  },
  EPOCH_OPEN: {
    finds: "live epochs are not listed",
    attack: "The host serves an older manifest of the owner's, with laxer rules; nothing can be revoked.",
    instead: "List the live epochs under kms:EncryptionContext:sealroom:epoch.",
  },
  TOKEN_OPEN: {
    finds: "a token key's domain or version is not pinned",
    attack: "A retired or foreign token key is opened, and tokens that should not join do.",
    instead: "Write one statement a domain, with its live versions.",
  },
  CONTEXTS_MIXED: {
    finds: "lists admit a version or epoch of one name with another name",
    attack: "A version that was retired for one domain or data set lives on because another still has it.",
    instead: "Write one statement for each domain, and for each data set.",
  },
  CONTEXT_KEYS: {
    finds: "a context with other keys, or keys in other letter case, fits too",
    attack:
      "A blob that was wrapped for something else passes for this one: keys are compared without case otherwise.",
    instead:
      "List exactly the keys with ForAllValues:StringEquals on kms:EncryptionContextKeys, and a Null check.",
  },
  OUTPUT_DECRYPT: {
    finds: "an enclave may open keys of sealed output",
    attack: "The host has output that was made for its owner opened again, in a job of other rules.",
    instead: "Allow GenerateDataKey for output, and Decrypt to the owner alone.",
  },
  GENERATE_OPEN: {
    finds: "the enclave's role may have keys drawn for another purpose than output",
    attack: "The host has a key drawn that passes for the owner's own: of a data set, or of a token domain.",
    instead: "Allow kms:GenerateDataKey with sealroom:purpose output only.",
  },
} as const;
