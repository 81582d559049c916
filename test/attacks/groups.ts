// The files that attacks are in. Each is loaded when it is asked for, so that a process that runs one attack loads what
// that one needs.
import type { Attack } from "./attack.ts";

export const GROUPS: Readonly<Record<string, () => Promise<readonly Attack[]>>> = {
  evidence: async () => (await import("./evidence.ts")).EVIDENCE_ATTACKS,
  messages: async () => (await import("./messages.ts")).MESSAGE_ATTACKS,
  texts: async () => (await import("./texts.ts")).TEXT_ATTACKS,
  documents: async () => (await import("./documents.ts")).DOCUMENT_ATTACKS,
  grants: async () => (await import("./grants.ts")).GRANT_ATTACKS,
  objects: async () => (await import("./objects.ts")).OBJECT_ATTACKS,
  adopted: async () => (await import("./adopted.ts")).ADOPTED_ATTACKS,
  formats: async () => (await import("./formats.ts")).FORMAT_ATTACKS,
  kms: async () => (await import("./kms.ts")).KMS_ATTACKS,
  results: async () => (await import("./results.ts")).RESULT_ATTACKS,
  analysts: async () => (await import("./analysts.ts")).ANALYST_ATTACKS,
  questions: async () => (await import("./questions.ts")).QUESTION_ATTACKS,
  gate: async () => (await import("./gate.ts")).GATE_ATTACKS,
  joins: async () => (await import("./joins.ts")).JOIN_ATTACKS,
  tokens: async () => (await import("./tokens.ts")).TOKEN_ATTACKS,
  reveals: async () => (await import("./reveals.ts")).REVEAL_ATTACKS,
  outputs: async () => (await import("./outputs.ts")).OUTPUT_ATTACKS,
  maps: async () => (await import("./maps.ts")).MAP_ATTACKS,
  signing: async () => (await import("./signing.ts")).SIGNING_ATTACKS,
  copies: async () => (await import("./copies.ts")).COPY_ATTACKS,
  bytes: async () => (await import("./bytes.ts")).BYTE_ATTACKS,
};
