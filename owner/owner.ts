// The package's door to the owner's side.
export {
  generateOwnerKeys,
  generateRecipientKey,
  type KeySet,
  type OwnerKey,
  type SigningAlgorithm,
} from "./keys.ts";
export {
  PUBLIC_SUFFIX,
  readOwnerKey,
  readOwnerPublic,
  readRecipientKey,
  readRecipientPublic,
  writeKeyFiles,
} from "./key-file.ts";
export { parseSchemaFile, type SchemaColumn, type SchemaFile } from "./schema-file.ts";
export { parseRulesFile, type ResolveKey, type RulesFile } from "./rules-file.ts";
export { type DatabaseLimits, DEFAULT_LIMITS } from "./read/database.ts";
export { type Place } from "./store.ts";
export { findManifest, MANIFEST_KEY } from "./manifests.ts";
export { sealDataset, type Sealed, type SealProgress, type SealRequest } from "./seal.ts";
export { adoptObjects, type Adopted, type AdoptProgress, type AdoptRequest } from "./adopt/adopt.ts";
export { proposeFiles, type Proposal } from "./init.ts";
export { signDataset, type Signed, type SignRequest } from "./sign.ts";
export { grantPlan, type Granted, type GrantRequest } from "./grant.ts";
