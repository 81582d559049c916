// Attacks on the way to KMS and on what it decides: TLS ended by the host, answers forged, replayed or for another
// key, and an image that the key policy does not measure.
import { createHash, createPublicKey, randomBytes } from "node:crypto";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { decodeEnvelope } from "../../core/attestation/cose.ts";
import { decodeDocument } from "../../core/attestation/document.ts";
import { encodeCms } from "../../local/kms/cms.ts";
import { naiveByCity } from "../host/answer.ts";
import { makeRows, sealRows } from "../host/dataset.ts";
import { endpointIdentity, playEndpoint } from "../host/endpoint.ts";
import type { EndpointCall, EndpointScript, KmsFields } from "../host/endpoint.ts";
import { BY_CITY, compilePlanFor, drawNonce, runHost } from "../host/host.ts";
import type { Hostility } from "../host/host.ts";
import type { Replacement } from "../host/tree.ts";
import { sealDataset, setLiveEpochs } from "../host/world.ts";
import type { World, WorldDataset } from "../host/world.ts";
import { judge } from "./attack.ts";
import type { Attack, Verdict } from "./attack.ts";

const ANY_CERTIFICATE: Replacement = {
  file: "enclave-worker/kms/https.ts",
  find: "rejectUnauthorized: true,",
  replace: "rejectUnauthorized: false,",
};

/** Under a CA that the host made up. */
async function hostTunnel(
  world: World,
  script: EndpointScript,
): Promise<Required<Pick<Hostility, "tunnel">>> {
  const directory = await mkdtemp(join(tmpdir(), "sealroom-ca-"));
  try {
    return { tunnel: await playEndpoint(world, await endpointIdentity(world, directory), script) };
  } finally {
    await rm(directory, { recursive: true });
  }
}

/** Under the authority that the enclave trusts: what is left to check when the endpoint itself is wrong. */
async function trustedTunnel(
  world: World,
  script: EndpointScript,
): Promise<Required<Pick<Hostility, "tunnel">>> {
  return { tunnel: await playEndpoint(world, await endpointIdentity(world, world.state), script) };
}

async function runThrough(world: World, dataset: WorldDataset, hostility: Hostility): Promise<Verdict> {
  const plan = await compilePlanFor(world, BY_CITY);
  const run = await runHost(world, { plan, nonce: drawNonce(), dataset }, hostility);
  return judge(run, world.analyst, naiveByCity(dataset.objects.flatMap(({ rows }) => rows)));
}

const endTls: Attack = {
  name: "the host ends TLS to KMS with a certificate of its own, relays, and reads along",
  case: "H21",
  scene: "enclave",
  expects: "KMS_TLS",
  guard: [ANY_CERTIFICATE],
  async run(world) {
    const dataset = await sealDataset(world);
    const read: EndpointCall["asked"][] = [];
    const tunnel = await hostTunnel(world, ({ asked, relay }) => {
      read.push(asked);
      return relay();
    });
    const verdict = await runThrough(world, dataset, tunnel);
    if ((verdict.outcome === "succeeded") !== (read[0]?.["KeyId"] === dataset.manifest.keyArn)) {
      throw new Error("what the host read does not fit the verdict");
    }
    return verdict;
  },
};

const forgeAnswer: Attack = {
  name: "the host answers for KMS with a key of its own, and serves made-up people sealed under it",
  case: "H21",
  scene: "enclave",
  expects: "KMS_TLS",
  guard: [
    ANY_CERTIFICATE,
    {
      // The owner's digests of the objects are the second line.
      file: "enclave-worker/sealed-file.ts",
      find: 'if (!equal(header.digest, decodeHex(entry.digest))) throw new SealroomError("OBJECT_DIGEST");',
      replace: "",
    },
  ],
  async run(world) {
    const genuine = await sealDataset(world, { rows: makeRows(1, 100, "genuine") });
    const ownKey = new Uint8Array(randomBytes(32));
    // Of the same size, since the manifest says how long the object is.
    const rows = (genuine.objects[0]?.rows ?? []).map((row) => ({ ...row, amount: 499 }));
    const madeUp = { ...genuine, objects: [sealRows(rows, ownKey, "part-0.sealed")] };
    const tunnel = await hostTunnel(world, ({ asked }) =>
      Promise.resolve({
        KeyId: genuine.manifest.keyArn,
        EncryptionAlgorithm: "SYMMETRIC_DEFAULT",
        CiphertextForRecipient: Buffer.from(encodeCms(attestedKey(asked), ownKey, "constructed")).toString(
          "base64",
        ),
      }),
    );
    return runThrough(world, madeUp, tunnel);
  },
};

/** Anybody who sees the document can encrypt to the key in it. */
function attestedKey(asked: KmsFields): ReturnType<typeof createPublicKey> {
  const { AttestationDocument } = asked["Recipient"] as { AttestationDocument: string };
  const { publicKey } = decodeDocument(decodeEnvelope(Buffer.from(AttestationDocument, "base64")).payload);
  return createPublicKey({ key: Buffer.from(publicKey ?? []), format: "der", type: "spki" });
}

const otherKeyId: Attack = {
  name: "the endpoint answers for another key than the one asked for",
  case: "H24",
  scene: "enclave",
  expects: "KMS_KEY_ID",
  guard: [
    {
      file: "enclave-worker/kms/recipient-call.ts",
      find: 'if (fields["KeyId"] !== keyArn) throw new SealroomError("KMS_KEY_ID");',
      replace: "",
    },
  ],
  async run(world) {
    const dataset = await sealDataset(world);
    const other = await sealDataset(world, { rows: makeRows(1, 6, "other") });
    const tunnel = await trustedTunnel(world, async ({ relay }) => ({
      ...(await relay()),
      KeyId: other.manifest.keyArn,
    }));
    return runThrough(world, dataset, tunnel);
  },
};

const replayAnswer: Attack = {
  name: "the host replays an answer of KMS from before the owner revoked the epoch",
  case: "H26",
  scene: "enclave",
  expects: "CMS_OPEN",
  guard: [
    {
      // One key for the enclave's life in place of one a request.
      file: "enclave-worker/kms/recipient-call.ts",
      find: "const recipient = generateRecipientKey();",
      replace: "const recipient = ((globalThis as any).recipient ??= generateRecipientKey());",
    },
  ],
  async run(world) {
    const dataset = await sealDataset(world);
    let kept: KmsFields | undefined;
    const tunnel = await trustedTunnel(world, async ({ relay }) => (kept ??= await relay()));
    const before = await runThrough(world, dataset, tunnel);
    if (before.outcome !== "succeeded") throw new Error("the live epoch was refused");
    await setLiveEpochs(world, dataset, [dataset.manifest.epoch + 1]);
    return runThrough(world, dataset, tunnel);
  },
};

const otherImage: Attack = {
  name: "the host starts another image than the one that the owner's key policy measures",
  case: "H51",
  scene: "enclave",
  expects: "KMS_DENIED",
  guard: [
    {
      file: "owner/key-policy/enclave.ts",
      find: `    [\`\${ATTESTATION}ImageSha384\`]: image[0],
    [\`\${ATTESTATION}PCR0\`]: image[0],
    [\`\${ATTESTATION}PCR1\`]: image[1],
    [\`\${ATTESTATION}PCR2\`]: image[2],
`,
      replace: "",
    },
    {
      file: "owner/key-policy/denials.ts",
      find: "...registers(terms).map(([register, values])",
      replace: "...registers(terms).slice(3).map(([register, values])",
    },
  ],
  async run(world) {
    const other = (register: number): string =>
      createHash("sha384").update(`other ${register}`).digest("hex");
    const measurements = { 0: other(0), 1: other(1), 2: other(2) };
    return runThrough(world, await sealDataset(world, { measurements }), {});
  },
};

export const KMS_ATTACKS: readonly Attack[] = [endTls, forgeAnswer, otherKeyId, replayAnswer, otherImage];
