// Versions of a token domain's master key. Apart from keys.ts, so that manifests and receipts are read without ciphers.

/** Two bytes of a token's header. */
export const MAX_VERSION = 0xffff;
