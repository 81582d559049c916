// The images that the tests boot, by the builder that `sealroom enclave build` is: production's own, the emulator's, and
// a guest that tries transport and devices. What the emulator's has more than production's entry point is named here.
import { open, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { encodeMeasurements } from "../../core/attestation/measurements.ts";
import { loadBoot } from "../../host-driver/enclave/boot.ts";
import { withRootfs } from "../../host-driver/enclave/build.ts";
import { fileContent } from "../../host-driver/enclave/content.ts";
import { encodeCmdline } from "../../host-driver/enclave/cmdline.ts";
import { composeImage, writeImage } from "../../host-driver/enclave/image.ts";
import type { Image } from "../../host-driver/enclave/image.ts";
import { findInstallation, findPrebuilt, readVersion } from "../../host-driver/enclave/installation.ts";
import { PRODUCTION_LOADS } from "../../host-driver/enclave/loads.ts";
import type { Load } from "../../host-driver/enclave/loads.ts";
import type { MeasuredImage } from "../../host-driver/enclave/measure.ts";
import { PRODUCTION } from "../../host-driver/enclave/worker.ts";
import type { EntryPoint } from "../../host-driver/enclave/worker.ts";
import type { Kit } from "../../local/emulator/kit.ts";

export const IMAGE_NAMES = ["production", "emulated", "guest"] as const;
export type ImageName = (typeof IMAGE_NAMES)[number];

/** As a guest under vhost-device-vsock finds its host. */
const PARENT_CID = 2;
const ADDON = "transport/native/addon.js";
const AUTHORITY = "test/emulator/kms-authority.pem";

const without = (...paths: readonly string[]): [string, Load][] =>
  [...PRODUCTION_LOADS].filter(([path]) => !paths.includes(path));
const line = (loaders: readonly string[], ...reaches: readonly string[]): Load => ({
  loaders,
  reaches,
  without: [],
});

const EMULATED: EntryPoint = {
  main: "test/emulator/enclave-main",
  threads: ["test/emulator/enclave-thread"],
  loads: new Map([
    ...without("enclave-worker/main.js"),
    [
      "test/emulator/enclave-main.js",
      line(["import.meta.filename", "import.meta.url"], "./enclave-thread.js"),
    ],
  ]),
};

const GUEST: EntryPoint = {
  main: "test/emulator/guest/main",
  threads: ["test/emulator/guest/echo-thread", "test/emulator/guest/endless-writer"],
  loads: new Map([
    ...without(...[...PRODUCTION_LOADS.keys()].filter((path) => path !== ADDON)),
    // It starts Node, to send it signals.
    ["test/emulator/guest/devices.js", line(["node:child_process"])],
    [
      "test/emulator/guest/loopback.js",
      line(
        ["Worker", "import.meta.dirname", "import.meta.filename", "node:child_process"],
        "./echo-thread.js",
        "./endless-writer.js",
      ),
    ],
  ]),
};

const ENTRY_POINTS: Readonly<Record<ImageName, EntryPoint>> = {
  production: PRODUCTION,
  emulated: EMULATED,
  guest: GUEST,
};

/** Of the local KMS, in PEM: the emulator's image has it in the place of Amazon's roots. */
export type KmsAuthority = string;

/** Errors: IMAGE_*, ELF_FORMAT. */
export async function buildImages(
  kit: Kit,
  kmsAuthority: KmsAuthority,
  place: (image: ImageName) => { readonly eif: string; readonly measurements: string },
): Promise<void> {
  for (const name of IMAGE_NAMES) {
    const { eif, measurements } = place(name);
    const built = await buildImageTo(eif, kit, name, kmsAuthority);
    await writeFile(measurements, encodeMeasurements(built.measurements));
  }
}

async function buildImageTo(
  path: string,
  kit: Kit,
  name: ImageName,
  kmsAuthority: KmsAuthority,
): Promise<MeasuredImage> {
  const file = await open(path, "w");
  try {
    return await withImage(kit, name, kmsAuthority, (image) =>
      writeImage(image, async (bytes, start) => {
        await file.write(bytes, 0, bytes.length, start);
      }),
    );
  } finally {
    await file.close();
  }
}

async function withImage<Value>(
  kit: Kit,
  name: ImageName,
  kmsAuthority: KmsAuthority,
  use: (image: Image) => Promise<Value>,
): Promise<Value> {
  const installation = findInstallation();
  const entryPoint = ENTRY_POINTS[name];
  const boot = await loadBoot(
    {
      kind: "kernel",
      kernel: kit.kernel,
      modules: kit.modules,
      extraModules: name === "guest" ? ["vsock_loopback"] : [],
    },
    "x64",
  );
  const options = {
    architecture: "x64",
    entryPoint,
    node: null,
    addon: null,
    libraries: "/",
    signal: new AbortController().signal,
  } as const;
  return withRootfs(
    options,
    () => undefined,
    async (rootfs) => {
      const authority = {
        path: join("app", AUTHORITY),
        access: "read",
        content: await fileContent(kmsAuthority),
      } as const;
      return use(
        await composeImage({
          boot,
          init: findPrebuilt(installation, "enclave-worker/init/prebuilt/linux-x64"),
          rootfs: name === "emulated" ? { ...rootfs, files: [...rootfs.files, authority] } : rootfs,
          entry: name === "production" ? null : `${entryPoint.main}.js`,
          cmdline: encodeCmdline(PARENT_CID, boot.cmdline),
          version: readVersion(installation),
        }),
      );
    },
  );
}
