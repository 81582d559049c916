// What files of the image load other than by an import whose name stands there. Each such way has its line here, with
// what is reached by it; a file that has a way without a line, or a line without a way, makes no image.

export interface Load {
  /** As imports.ts names them, ascending. */
  readonly loaders: readonly string[];
  /** Files that are reached by it, relative to this one. */
  readonly reaches: readonly string[];
  /** Packages that it asks for by name and does without. */
  readonly without: readonly string[];
  /** Files of packages that it reads as bytes, by specifier. */
  readonly assets?: readonly string[];
}

/** By the path of the file in the image's `app/`. */
export type Loads = ReadonlyMap<string, Load>;

export const PRODUCTION_LOADS: Loads = new Map([
  [
    "enclave-worker/main.js",
    { loaders: ["import.meta.filename", "import.meta.url"], reaches: ["./thread.js"], without: [] },
  ],
  // The addon beside it, which the image has for its one platform.
  ["transport/native/addon.js", { loaders: ["dlopen", "import.meta.dirname"], reaches: [], without: [] }],
  // The decoder of Parquet's pages, WebAssembly, which a thread reads when it meets the first such file.
  [
    "enclave-worker/decoder-file.js",
    {
      loaders: ["import.meta.resolve"],
      reaches: [],
      without: [],
      assets: ["parquet-wasm/esm/parquet_wasm_bg.wasm"],
    },
  ],
  // The pool's threads begin with this file of piscina's, and it loads the one that enclave-worker/pool.ts was given.
  [
    "node_modules/piscina/dist/worker_pool/index.js",
    { loaders: ["Worker"], reaches: ["../worker.js"], without: [] },
  ],
  [
    "node_modules/piscina/dist/worker.js",
    // Native, and asked for where a pool sets a niceness. Function is for a Node that cannot require modules.
    { loaders: ["Function", "require"], reaches: [], without: ["@napi-rs/nice"] },
  ],
  // It asks `Function.toString` whether a class is Node's own, and makes no code of text.
  ["node_modules/libphonenumber-js/es6/ParseError.js", { loaders: ["Function"], reaches: [], without: [] }],
]);
