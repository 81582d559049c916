// Preloaded before an entry point and each of its threads: prints the URL of every file that Node loads, one a line.
import { writeSync } from "node:fs";
import { registerHooks } from "node:module";

registerHooks({
  load(url, context, next) {
    if (url.startsWith("file:")) writeSync(1, `${url}\n`);
    return next(url, context);
  },
});
