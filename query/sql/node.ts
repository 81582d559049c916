// Narrow reading of PostgreSQL's syntax nodes: a member that the reader does not know is a construct that it does not
// know, and is refused.
import type { Node } from "@pgsql/types";
import type { SealroomError } from "../../core/errors.ts";
import type { Source } from "./source.ts";

/** The name of a node's only member, and what is in it. */
export function kindOf(node: Node | undefined): readonly [string, Readonly<Record<string, unknown>>] {
  const [entry] = Object.entries(node ?? {});
  return entry === undefined ? ["nothing", {}] : [entry[0], entry[1] as Record<string, unknown>];
}

/** Where a node stands, as nearly as the parser says. */
export function locationOf(node: Node | undefined): number | undefined {
  const [, body] = kindOf(node);
  const own = body["location"];
  if (typeof own === "number" && own >= 0) return own;
  for (const value of Object.values(body)) {
    const inner = typeof value === "object" && value !== null ? locationOf(value as Node) : undefined;
    if (inner !== undefined) return inner;
  }
  return undefined;
}

/** Throws where a node has a member besides the known ones. */
export function checkMembers(
  body: object,
  known: readonly string[],
  refuse: (member: string) => SealroomError,
): void {
  for (const [name, value] of Object.entries(body)) {
    if (!known.includes(name) && value !== false) throw refuse(name);
  }
}

/** The text of an operator's or a function's name, in lower case; a schema before it only where it is PostgreSQL's. */
export function nameText(parts: readonly Node[] | undefined): string {
  const texts = (parts ?? []).map((part) => ("String" in part ? (part.String.sval ?? "") : ""));
  return (texts[0] === "pg_catalog" ? texts.slice(1) : texts).join(".");
}

export function refuseNode(source: Source, node: Node | undefined, allowed: string): SealroomError {
  const location = locationOf(node);
  return source.refusal(
    location,
    location === undefined ? kindOf(node)[0] : source.tokenAt(location),
    allowed,
  );
}
