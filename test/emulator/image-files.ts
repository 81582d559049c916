// What the emulator's image has that production's has not.

export const ENTRIES: readonly string[] = [
  "test/emulator/enclave-main.ts",
  "test/emulator/enclave-thread.ts",
];
/** PEM of the local KMS's authority, beside the entry point. */
export const KMS_AUTHORITY_FILE = "kms-authority.pem";
