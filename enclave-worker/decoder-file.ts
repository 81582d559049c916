// The one file that is read as bytes of the packages in an image, which has it beside the bundles: WebAssembly, measured
// as code is. By a thread, when it meets the first file that takes it.
import { readFileSync } from "node:fs";

export function readDecoder(): Uint8Array {
  return readFileSync(new URL(import.meta.resolve("parquet-wasm/esm/parquet_wasm_bg.wasm")));
}
