// Public keys as JWK (RFC 7517), with exactly the members their thumbprint covers (RFC 7638).

/** A public key: EC P-256 (ES256 signatures, or ECDH-ES for sealing) or OKP Ed25519 (EdDSA). No other members. */
export type PublicJwk =
  | { readonly kty: "EC"; readonly crv: "P-256"; readonly x: string; readonly y: string }
  | { readonly kty: "OKP"; readonly crv: "Ed25519"; readonly x: string };
