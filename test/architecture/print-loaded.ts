// Preloaded before an entry point: prints the package of every module that is loaded from node_modules.
import { registerHooks } from "node:module";

const loaded = new Set<string>();

registerHooks({
  load(url, context, next) {
    const [, inside] = url.split("/node_modules/");
    if (inside !== undefined) {
      loaded.add(
        inside
          .split("/")
          .slice(0, inside.startsWith("@") ? 2 : 1)
          .join("/"),
      );
    }
    return next(url, context);
  },
});

process.on("exit", () => {
  process.stdout.write(`${JSON.stringify([...loaded].sort())}\n`);
});
