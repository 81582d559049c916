// The host's own driver, from objects in the local S3 to a receipt that verifies, and what it says when S3 fails it.
import assert from "node:assert/strict";
import { after, test } from "node:test";
import { CreateBucketCommand, DeleteObjectCommand, PutObjectCommand, S3Client } from "@aws-sdk/client-s3";
import { JobRefused, submitJob } from "../../host-driver/driver.ts";
import type { Submission } from "../../host-driver/driver.ts";
import { loadDataset } from "../../host-driver/dataset.ts";
import { MANIFEST_KEY, Store } from "../../host-driver/store.ts";
import type { JobEvent } from "../../core/wire/job.ts";
import { naiveByCity, openRows } from "../host/answer.ts";
import { BY_CITY, compilePlanFor, drawNonce } from "../host/host.ts";
import { verifyAnswer } from "../host/receipt.ts";
import { refuses } from "../host/refusal.ts";
import { sealDataset, startWorld } from "../host/world.ts";

const BUCKET = "sealed";
const world = await startWorld();
const { endpoints } = world.services;
const s3As = (principal: "owner" | "enclave"): S3Client =>
  new S3Client({
    region: endpoints.region,
    endpoint: endpoints.s3,
    credentials: endpoints.credentials[principal],
    forcePathStyle: true,
  });
const [owner, host] = [s3As("owner"), s3As("enclave")];
after(async () => {
  owner.destroy();
  host.destroy();
  await world.close();
});

const dataset = await sealDataset(world);
const plan = await compilePlanFor(world, BY_CITY);
const location = { bucket: BUCKET, prefix: "visits/" };
await owner.send(new CreateBucketCommand({ Bucket: BUCKET }));
for (const { entry, bytes } of dataset.objects) await put(entry.key, bytes);
await put(MANIFEST_KEY, dataset.jws);

async function put(key: string, body: Uint8Array): Promise<void> {
  await owner.send(new PutObjectCommand({ Bucket: BUCKET, Key: location.prefix + key, Body: body }));
}

async function submit(nonce: string, changes: Partial<Submission> = {}): ReturnType<typeof submitJob> {
  const store = new Store(host);
  const { jws } = await loadDataset(store, location, Date.now());
  return submitJob({
    enclave: { kind: "unix", directory: world.sockets },
    job: { nonce, plan: plan.bytes, manifests: [jws], grants: [] },
    credentials: endpoints.credentials.enclave,
    locations: [location],
    store,
    to: null,
    tunnel: new Map([
      [`${endpoints.kmsHost}:443`, { host: "127.0.0.1", port: Number(new URL(endpoints.kms).port) }],
    ]),
    onProgress: () => undefined,
    ...changes,
  });
}

test("a job over objects in S3 gives what adding up by hand gives, with a receipt that verifies", async () => {
  const progress: JobEvent[] = [];
  const nonce = drawNonce();
  const outcome = await submit(nonce, { onProgress: (event) => progress.push(event) });
  const event = { type: "done", ...outcome } as const;
  assert.deepEqual(
    await openRows(event, world.analyst),
    naiveByCity(dataset.objects.flatMap(({ rows }) => rows)),
  );
  await verifyAnswer(world, { plan, nonce, dataset }, event);
  assert.equal(progress.length, 4);
});

test("an object that is gone from S3 is told as that, and not as what the enclave made of it", async () => {
  const [, second] = dataset.objects;
  assert.ok(second);
  await owner.send(new DeleteObjectCommand({ Bucket: BUCKET, Key: location.prefix + second.entry.key }));
  const refusal = await refuses("STORE_MISSING", submit(drawNonce()));
  assert.deepEqual(refusal.details, { bucket: BUCKET, key: location.prefix + second.entry.key });
  await put(second.entry.key, second.bytes);
});

test("an object that was shortened in S3 is told as that", async () => {
  const [, second] = dataset.objects;
  assert.ok(second);
  await put(second.entry.key, second.bytes.slice(0, -100));
  await refuses("STORE_READ", submit(drawNonce()));
  await put(second.entry.key, second.bytes);
});

test("an endpoint that the host does not allow is a refusal whose cause the host knows", async () => {
  const refusal = await refuses("TRANSPORT_CLOSED", submit(drawNonce(), { tunnel: new Map() }));
  assert.ok(refusal instanceof JobRefused);
  assert.equal((refusal.cause as { code?: string }).code, "TUNNEL_REFUSED");
});

test("a job that is interrupted ends at once, and the next one is done", async () => {
  const interrupted = new AbortController();
  const submitting = submit(drawNonce(), {
    onProgress: () => {
      interrupted.abort();
    },
    signal: interrupted.signal,
  });
  await submitting.then(
    () => undefined,
    (error: unknown) => {
      assert.equal((error as { code?: string }).code, "TRANSPORT_CLOSED");
    },
  );
  const nonce = drawNonce();
  const outcome = await submit(nonce);
  await verifyAnswer(world, { plan, nonce, dataset }, { type: "done", ...outcome });
});
