// The maps of random tokens from which the next job goes on, as the owner copies them into rules.yaml.
import type { VaultEntry } from "../core/manifest/tokenization.ts";
import { wrap } from "./output.ts";

/** As rules.yaml takes it, to be copied whole. */
export function renderVaults(vaults: readonly VaultEntry[]): readonly string[] {
  if (vaults.length === 0) return [];
  return [
    "",
    ...wrap(
      "Before the next such job put this in the input's rules, in place of these maps' entries, and sign them:",
    ),
    "vaults:",
    ...vaults.flatMap(({ domain, audience, map }) => [
      // A name may look like a number.
      `  - domain: ${JSON.stringify(domain)}`,
      `    audience: ${JSON.stringify(audience)}`,
      ...(map === null
        ? []
        : [
            "    map:",
            `      key: ${map.key}`,
            `      version: ${map.version}`,
            // Of digits alone it would be a number.
            `      digest: "${map.digest}"`,
            `      bytes: ${map.bytes}`,
            `      rows: ${map.rows}`,
          ]),
    ]),
  ];
}
