// What the tests of emulated enclaves share: the kit, images, sealed data and the local enclave's answers, made once by
// prepare.ts in a folder that a variable names; and the local S3 and KMS over that folder, which each test file starts.
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { parseMeasurements } from "../../core/attestation/measurements.ts";
import type { Measurements } from "../../core/attestation/measurements.ts";
import { openKit } from "../../local/emulator/kit.ts";
import type { Kit } from "../../local/emulator/kit.ts";
import { bootMachine } from "../../local/emulator/machine.ts";
import type { Boot, Machine } from "../../local/emulator/machine.ts";
import type { Services } from "../../local/services.ts";
import { announceServices } from "./announce.ts";
import type { Demo } from "./demo.ts";
import type { ImageName } from "./images.ts";
import type { Ran } from "./job.ts";
import { startEmulatedServices } from "./services.ts";

/** Ends a test that is stuck in spite of the limits of the emulator's driver and of the protocol. */
export const PATIENCE = { timeout: 900_000 };
export const STAGE_VARIABLE = "SEALROOM_ENCLAVE_STAGE";
const FILE = "stage.json";
const INSTANCE_ID = "i-0123456789abcdef0";

/** What prepare.ts leaves. */
export interface Prepared {
  readonly kit: string;
  readonly state: string;
  readonly demo: Demo;
  /** The local enclave's answer to each job. */
  readonly answers: readonly Ran[];
}

export interface Stage extends Omit<Prepared, "kit"> {
  readonly folder: string;
  readonly kit: Kit;
  readonly services: Services;
  measurements(image: ImageName): Promise<Measurements>;
  /** `name` tells its console's log from others'. The caller stops it. */
  boot(image: ImageName, name: string, more?: Pick<Boot, "words">): Promise<Machine>;
  close(): Promise<void>;
}

export function imageFile(folder: string, image: ImageName): string {
  return join(folder, `${image}.eif`);
}

export function measurementsFile(folder: string, image: ImageName): string {
  return join(folder, `${image}.measurements.json`);
}

export async function writePrepared(folder: string, prepared: Prepared): Promise<void> {
  await writeFile(join(folder, FILE), JSON.stringify(prepared));
}

/** The stage that run.ts prepared. */
export async function openStage(): Promise<Stage> {
  const folder = process.env[STAGE_VARIABLE];
  if (folder === undefined) throw new Error("this file is run by `npm run test:enclave`");
  const prepared = JSON.parse(await readFile(join(folder, FILE), "utf8")) as Prepared;
  const kit = await openKit(prepared.kit);
  const services = await startEmulatedServices(prepared.state);
  await announceServices(prepared.state, services, null);
  return {
    ...prepared,
    folder,
    kit,
    services,
    measurements: async (image) => parseMeasurements(await readFile(measurementsFile(folder, image), "utf8")),
    boot: (image, name, more = {}) =>
      bootMachine({
        kit,
        image: imageFile(folder, image),
        console: join(folder, `${name}.console.log`),
        parent: { roleArn: services.endpoints.roles.enclave, instanceId: INSTANCE_ID },
        ...more,
      }),
    close: () => services.close(),
  };
}
