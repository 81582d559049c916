// Whether a public key's coordinates are ones that a signature or a key agreement can rest on.

const P256_P = 0xffffffff00000001000000000000000000000000ffffffffffffffffffffffffn;
const P256_B = 0x5ac635d8aa3a93e7b3ebbd55769886bc651d06b0cc53b0f63bce3c3e27d2604bn;
const ED25519_P = 2n ** 255n - 19n;
const ED25519_ORDER_8 = 0x05fc536d880238b13933c6d305acdfd5f098eff289f4c345b027b2c28f95e826n;
/** y of the eight points of small order: with such a key anyone's signature can be made to verify. */
const ED25519_SMALL_ORDER: readonly bigint[] = [
  0n,
  1n,
  ED25519_P - 1n,
  ED25519_ORDER_8,
  ED25519_P - ED25519_ORDER_8,
];

/** SEC 1 §3.2.2.1 for P-256, whose cofactor is 1: reduced coordinates that satisfy the curve's equation. */
export function isP256Point(x: Uint8Array, y: Uint8Array): boolean {
  const [px, py] = [integer(x), integer(y)];
  if (px >= P256_P || py >= P256_P) return false;
  return (py * py - px * px * px + 3n * px - P256_B) % P256_P === 0n;
}

/** RFC 8032 §5.1.3, as far as needed: y is reduced, and not that of a point of small order. */
export function isEd25519Key(key: Uint8Array): boolean {
  const y = integer(key.toReversed()) & ((1n << 255n) - 1n);
  return y < ED25519_P && !ED25519_SMALL_ORDER.includes(y);
}

/** Big-endian. */
function integer(bytes: Uint8Array): bigint {
  return bytes.reduce((value, byte) => (value << 8n) | BigInt(byte), 0n);
}
