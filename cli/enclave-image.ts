// An image's file as `enclave start` needs it: its size, and the measurements that it will have, computed from its bytes.
import { resolve } from "node:path";
import type { Image } from "../host-driver/enclave/lifecycle.ts";
import { locate } from "./fault.ts";
import { openFile } from "./file.ts";

/** Errors, at the path: FILE_*, EIF_*. */
export async function readImage(path: string): Promise<Image> {
  const { byteFile } = await import("../host-driver/enclave/byte-file.ts");
  const { measureEif } = await import("../host-driver/enclave/measure.ts");
  const handle = await openFile(path);
  try {
    const file = await byteFile(handle);
    const { measurements } = await locate(path, () => measureEif(file));
    return { path: resolve(path), bytes: file.size, measurements };
  } finally {
    await handle.close();
  }
}
