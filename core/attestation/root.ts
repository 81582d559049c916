// What a verification trusts: one root certificate, known by its bytes. Amazon's stands here; any other is simulated,
// and the caller's output has to say so.
import { decodeCertificate } from "./certificate.ts";
import { equalBytes } from "./equal.ts";
import { decodePem } from "./pem.ts";

const DASH = 0x2d;

/** CN=aws.nitro-enclaves, 2019-10-28 to 2049-10-28; SHA-256 of the DER begins 641a0321 and ends 8f79bb5b. */
const AWS_PEM = `-----BEGIN CERTIFICATE-----
MIICETCCAZagAwIBAgIRAPkxdWgbkK/hHUbMtOTn+FYwCgYIKoZIzj0EAwMwSTEL
MAkGA1UEBhMCVVMxDzANBgNVBAoMBkFtYXpvbjEMMAoGA1UECwwDQVdTMRswGQYD
VQQDDBJhd3Mubml0cm8tZW5jbGF2ZXMwHhcNMTkxMDI4MTMyODA1WhcNNDkxMDI4
MTQyODA1WjBJMQswCQYDVQQGEwJVUzEPMA0GA1UECgwGQW1hem9uMQwwCgYDVQQL
DANBV1MxGzAZBgNVBAMMEmF3cy5uaXRyby1lbmNsYXZlczB2MBAGByqGSM49AgEG
BSuBBAAiA2IABPwCVOumCMHzaHDimtqQvkY4MpJzbolL//Zy2YlES1BR5TSksfbb
48C8WBoyt7F2Bw7eEtaaP+ohG2bnUs990d0JX28TcPQXCEPZ3BABIeTPYwEoCWZE
h8l5YoQwTcU/9KNCMEAwDwYDVR0TAQH/BAUwAwEB/zAdBgNVHQ4EFgQUkCW1DdkF
R+eWw5b6cp3PmanfS5YwDgYDVR0PAQH/BAQDAgGGMAoGCCqGSM49BAMDA2kAMGYC
MQCjfy+Rocm9Xue4YnwWmNJVA44fA0P5W2OpYow9OYCVRaEevL8uO1XYru5xtMPW
rfMCMQCi85sWBbJwKKXdS6BptQFuZbT73o/gBh1qUxl/nNr12UO8Yfwr6wPLb+6N
IwLz3/Y=
-----END CERTIFICATE-----
`;
const AWS_DER = decodePem(AWS_PEM);

/** A root to verify against. Made by `trustRoot`, or AWS_ROOT. */
export class TrustRoot {
  readonly #certificate: Uint8Array;
  /** False for Amazon's root only. It follows from the bytes; nobody can claim it. */
  readonly simulated: boolean;

  /** @throws SealroomError CHAIN_DER, CHAIN_KEY, CHAIN_EXTENSION */
  constructor(certificate: Uint8Array) {
    this.#certificate = new Uint8Array(certificate);
    decodeCertificate(this.#certificate);
    this.simulated = !equalBytes(this.#certificate, AWS_DER);
  }

  /** A copy of the certificate, DER. */
  get certificate(): Uint8Array {
    return new Uint8Array(this.#certificate);
  }

  /** Whether `certificate` is this very root, byte for byte. */
  equals(certificate: Uint8Array): boolean {
    return equalBytes(this.#certificate, certificate);
  }
}

/** The root of every real Nitro enclave. */
export const AWS_ROOT: TrustRoot = new TrustRoot(AWS_DER);

/**
 * A root out of a file: one certificate, DER or PEM (as bytes or as text).
 * @throws SealroomError CHAIN_DER, CHAIN_KEY, CHAIN_EXTENSION
 */
export function trustRoot(file: Uint8Array | string): TrustRoot {
  if (typeof file === "string") return new TrustRoot(decodePem(file));
  return new TrustRoot(file[0] === DASH ? decodePem(new TextDecoder().decode(file)) : file);
}
