// Findings about the policy's text, and about whom it lets in: codes.ts says what their members are.

export const FORM_CODES = {
  // form
  SIZE: {
    finds: "the policy is longer than KMS takes",
    attack: "None: KMS refuses it, and what is in force stays in force.",
    instead: "Retire epochs, token versions or images.",
  },
  VERSION: {
    finds: "Version is missing or is not 2012-10-17",
    attack: "The older language reads `${` literally: one text means two things.",
    instead: 'Write `"Version": "2012-10-17"`.',
  },
  SID: {
    finds: "two statements have the same Sid, or one is malformed",
    attack: "None, once KMS refuses the policy; until then it may hide a Deny that does not bite.",
    instead: "Give each statement a name of its own, of letters and digits.",
  },
  ELEMENT: {
    finds: "an element is unknown, missing or malformed",
    attack: "A Deny or a condition under a misspelt name does nothing.",
    instead: "Write Sid, Effect, Principal, Action, Resource, Condition, in this spelling.",
  },
  PRINCIPAL: {
    finds: "a principal is no role, user or account that can be judged",
    attack: "A service acts for whoever asks it; a deleted role's id lets nobody in whom you can name.",
    instead: "Name each role by its full ARN.",
  },
  ACTION: {
    finds: "an action is not one that KMS has",
    attack:
      "A Deny of it denies nothing: `kms:ReEncrypt` is two actions, `kms:ReEncryptFrom` and `kms:ReEncryptTo`.",
    instead: "Write the action's name; `kms:ReEncrypt*` covers both.",
  },
  RESOURCE: {
    finds: "Resource is not `*`",
    attack: "In a key policy `*` is this key; a Deny for any other resource denies nothing.",
    instead: 'Write `"Resource": "*"`.',
  },
  CONDITION_KEY: {
    finds: "a condition key is unknown",
    attack: "No request has it: a negated or IfExists comparison always holds, a Deny on it may never.",
    instead:
      "Correct the name: kms:RecipientAttestation:ImageSha384, :PCR0 to :PCR31, kms:EncryptionContext:KEY.",
  },
  CONDITION_KEY_CASE: {
    finds: "a condition key is written in other letter case than AWS documents",
    attack:
      "None: KMS reads keys without case. But who searches the policy for the register does not find it.",
    instead: "Write it as AWS does, kms:RecipientAttestation:PCR0 for one.",
  },
  OPERATOR: {
    finds: "a condition operator is unknown",
    attack: "What it was to compare is not compared.",
    instead: "Use StringEquals, StringEqualsIgnoreCase, ArnEquals, Null and their negations.",
  },
  OPERAND: {
    finds: "a condition compares in a way that cannot work",
    attack: "What it was to compare is not compared.",
    instead: "Give Null true or false, list keys ForAllValues, and each operator values of its kind.",
  },
  VARIABLE: {
    finds: "a value holds a policy variable",
    attack:
      "`${...}` is filled in from the caller's own attributes, tags for instance, which others may set.",
    instead: "Write the value itself.",
  },
  // who
  ANYONE: {
    finds: "everybody is let in",
    attack: "Any AWS account whose own policies allow it uses the key.",
    instead: "Name the one role by its ARN.",
  },
  ROOT_DELEGATION: {
    finds: "the whole account is let in, so its IAM policies decide",
    attack:
      "Whoever administers the account gives himself Decrypt by an IAM policy, and no image is measured.",
    instead: "Name roles; keep the account's root out, and a break-glass role for emergencies.",
  },
  NOT_PRINCIPAL: {
    finds: "NotPrincipal is used",
    attack:
      "With Allow it lets in everybody else; with Deny it spares more than it names (a role's sessions are other principals).",
    instead: "Name principals; in a Deny use `*` and ArnNotEquals on aws:PrincipalArn.",
  },
  NOT_ACTION: {
    finds: "NotAction is used",
    attack: "It covers all that it does not name, also what KMS gets next year.",
    instead: "List the actions.",
  },
  NOT_RESOURCE: {
    finds: "NotResource is used",
    attack: "An Allow covers this key for not being the one that is named; a Deny may miss it.",
    instead: 'Write `"Resource": "*"`.',
  },
  ACTION_WILDCARD: {
    finds: "a wildcard in an action covers the use or the handing on of keys",
    attack: "The role may do all that the pattern reaches, now and later.",
    instead: "List the actions: kms:Decrypt for data sets and tokens, kms:GenerateDataKey for output.",
  },
  OTHER_ROLE: {
    finds: "a role is let in that is none of the enclave's",
    attack:
      "Who holds its credentials may have the measured image open the owner's keys, where and when he likes.",
    instead: "Name the enclave's role alone; give several with --enclave-role if they are meant.",
  },
  OWNERS: {
    finds: "more than one role writes keys without attestation",
    attack:
      "One of them may be the enclave's: its host then wraps keys of its own choice, and reads what is opened.",
    instead: "Let one role be the owner's. If all are, name them with --owner-role.",
  },
  ADMINISTRATORS: {
    finds: "more than one role may change the policy",
    attack: "Each of them can let itself in; one that nobody meant opens every key.",
    instead: "Let one role be break-glass. If all are meant, name them with --break-glass-role.",
  },
  NO_ADMINISTRATOR: {
    finds: "nobody may change the policy",
    attack: "None; but nothing can be revoked any more, and KMS refuses such a policy.",
    instead: "Allow a break-glass role kms:*.",
  },
} as const;
