// The package's door `sealroom/verify`: what a verifier needs, in a browser too. Nothing else is promised to callers.
export { parseMeasurements } from "../attestation/measurements.ts";
export type { Measurements } from "../attestation/measurements.ts";
export { AWS_ROOT, trustRoot } from "../attestation/root.ts";
export type { TrustRoot } from "../attestation/root.ts";
export { openResult } from "./sealed-result.ts";
export { verifyReceipt } from "./verify.ts";
export type { ReceiptCheck, VerifiedReceipt } from "./verify.ts";
