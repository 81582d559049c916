// Every attack that is run twice: against the sources as they are, and without what guards against it.
import { ADOPTED_ATTACKS } from "./adopted.ts";
import { ANALYST_ATTACKS } from "./analysts.ts";
import type { Attack } from "./attack.ts";
import { BYTE_ATTACKS } from "./bytes.ts";
import { COPY_ATTACKS } from "./copies.ts";
import { DOCUMENT_ATTACKS } from "./documents.ts";
import { EVIDENCE_ATTACKS } from "./evidence.ts";
import { FORMAT_ATTACKS } from "./formats.ts";
import { GATE_ATTACKS } from "./gate.ts";
import { GRANT_ATTACKS } from "./grants.ts";
import { KMS_ATTACKS } from "./kms.ts";
import { MAP_ATTACKS } from "./maps.ts";
import { MESSAGE_ATTACKS } from "./messages.ts";
import { OBJECT_ATTACKS } from "./objects.ts";
import { OUTPUT_ATTACKS } from "./outputs.ts";
import { QUESTION_ATTACKS } from "./questions.ts";
import { RESULT_ATTACKS } from "./results.ts";
import { REVEAL_ATTACKS } from "./reveals.ts";
import { SIGNING_ATTACKS } from "./signing.ts";
import { TEXT_ATTACKS } from "./texts.ts";
import { TOKEN_ATTACKS } from "./tokens.ts";

export const ATTACKS: readonly Attack[] = [
  ...EVIDENCE_ATTACKS,
  ...MESSAGE_ATTACKS,
  ...TEXT_ATTACKS,
  ...DOCUMENT_ATTACKS,
  ...GRANT_ATTACKS,
  ...OBJECT_ATTACKS,
  ...ADOPTED_ATTACKS,
  ...FORMAT_ATTACKS,
  ...KMS_ATTACKS,
  ...RESULT_ATTACKS,
  ...ANALYST_ATTACKS,
  ...QUESTION_ATTACKS,
  ...GATE_ATTACKS,
  ...TOKEN_ATTACKS,
  ...REVEAL_ATTACKS,
  ...OUTPUT_ATTACKS,
  ...MAP_ATTACKS,
  ...SIGNING_ATTACKS,
  ...COPY_ATTACKS,
  ...BYTE_ATTACKS,
];
