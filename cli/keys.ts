// Key files as commands read them.
import type { PrivateJwk, PublicJwk } from "../core/manifest/jwk.ts";
import { parsePrivateJwk, parsePublicJwk } from "../core/manifest/jwk.ts";
import { parseJson } from "../core/json.ts";
import { locate } from "./fault.ts";
import { readText } from "./file.ts";

export async function readPublicKey(path: string): Promise<PublicJwk> {
  const text = await readText(path);
  return locate(path, () => parsePublicJwk(parseJson(text)));
}

export async function readPrivateKey(path: string): Promise<PrivateJwk> {
  const text = await readText(path);
  return locate(path, () => parsePrivateJwk(parseJson(text)));
}
