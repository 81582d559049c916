// Makes what the tests of emulated enclaves share (stage.ts): images, the demo's data sealed under a key policy that
// lists them, and the local enclave's answer to each of the demo's jobs, which an emulated one is held to.
import assert from "node:assert/strict";
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { KIT_FOLDER, openKit } from "../../local/emulator/kit.ts";
import { startEnclave } from "../host/enclave.ts";
import { ROOT } from "../host/tree.ts";
import { announceServices } from "./announce.ts";
import { sealDemo } from "./demo.ts";
import { buildImages } from "./images.ts";
import { tryJob } from "./job.ts";
import type { JobPlace, Ran } from "./job.ts";
import { startEmulatedServices } from "./services.ts";
import { imageFile, measurementsFile, writePrepared } from "./stage.ts";

export async function prepareStage(folder: string): Promise<void> {
  const began = performance.now();
  const say = (what: string): void => {
    console.log(`[${((performance.now() - began) / 1000).toFixed(1).padStart(5)} s] ${what}`);
  };
  const kit = process.env["SEALROOM_EMULATOR"] ?? join(ROOT, KIT_FOLDER);
  const state = join(folder, "state");
  const sockets = join(folder, "sockets");
  await mkdir(sockets);
  const services = await startEmulatedServices(state);
  try {
    say("building images");
    await buildImages(await openKit(kit), services.endpoints.kmsAuthority, (image) => ({
      eif: imageFile(folder, image),
      measurements: measurementsFile(folder, image),
    }));
    say("sealing the demo's data");
    const enclave = await startEnclave(services, sockets);
    try {
      await announceServices(state, services, sockets);
      const demo = await sealDemo({
        folder: join(folder, "demo"),
        state,
        roles: services.endpoints.roles,
        measurements: [services.endpoints.measurements, measurementsFile(folder, "emulated")],
      });
      say("having the local enclave answer the demo's jobs");
      const answers = await answerAll({ demo, state }, join(folder, "local"));
      await writePrepared(folder, { kit, state, demo, answers });
    } finally {
      await enclave.close();
    }
  } finally {
    await services.close();
  }
  say("ready");
}

async function answerAll(place: JobPlace, folder: string): Promise<readonly Ran[]> {
  await mkdir(folder);
  const answers: Ran[] = [];
  for (const job of place.demo.jobs) {
    const { ran, answer } = await tryJob(place, job, null, join(folder, job.name));
    assert.equal(answer.exit, 0, `${job.name}: ${JSON.stringify(answer.error)}`);
    answers.push(ran);
  }
  return answers;
}
