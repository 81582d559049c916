// The trusted program, given the few things that differ between a real enclave and a stand-in: what carries its
// bytes, who attests, and which roots it believes. Each entry point makes one of these; there are no options.
import type { Dialer, Listener } from "../core/wire/transport.ts";
import type { AttestationDocument } from "../core/attestation/document.ts";
import type { NsmDevice } from "./nsm.ts";
import { groupShare } from "./memory-share.ts";
import { openPool } from "./pool.ts";
import type { Pool } from "./pool.ts";
import { serveSession } from "./session.ts";

export interface Enclave {
  readonly dialer: Dialer;
  readonly nsm: NsmDevice;
  /** Whether a document of this enclave's own NSM is authentic. Fails with DOCUMENT_*, COSE_*, CHAIN_*. */
  readonly authenticateOwn: (document: Uint8Array) => Promise<AttestationDocument>;
  /** PEM roots of the endpoints of KMS. */
  readonly kmsRoots: readonly string[];
  readonly pool: Pool;
  /** Of its memory, what all groups of a job may take. */
  readonly groupBytes: number;
}

export interface Platform extends Omit<Enclave, "pool" | "groupBytes"> {
  readonly listener: Listener;
  readonly thread: URL;
  readonly threads: number;
  readonly memoryBytes: number;
}

/** Serves jobs until the process ends. Errors: TRANSPORT_UNAVAILABLE, TRANSPORT_CONNECT. */
export async function serveEnclave(platform: Platform): Promise<void> {
  const { listener, thread, threads, memoryBytes, ...rest } = platform;
  const pool = openPool({ thread, threads, memoryBytes });
  const enclave: Enclave = { ...rest, pool, groupBytes: groupShare(memoryBytes) };
  await listener.accept((connection) => {
    void serveSession(connection, enclave);
  });
}
