// A text to PostgreSQL's own syntax tree of one SELECT. That it is PostgreSQL's grammar is for people: what they know of
// it holds, and errors are the ones they know. What of it a job can ask is decided in query.ts.
import { loadModule, parseSync, scanSync } from "libpg-query";
import type { Node, SelectStmt } from "@pgsql/types";
import { SealroomError } from "../../core/errors.ts";
import { shortName } from "../../core/text/name.ts";
import { Source } from "./source.ts";

export const MAX_SQL_CHARS: number = 64 * 1024;
/** PostgreSQL cuts longer names off. */
const MAX_NAME_BYTES = 63;

export interface Syntax {
  readonly select: SelectStmt;
  readonly source: Source;
}

/** `prefix` is ours, and no place is told in it. Errors: SQL_SYNTAX, SQL_DIALECT. */
export async function parseSelect(written: string, prefix = ""): Promise<Syntax> {
  const text = prefix + written;
  if (text.length > MAX_SQL_CHARS) throw new SealroomError("SQL_SYNTAX", { limit: MAX_SQL_CHARS });
  if (written.trim() === "") throw new SealroomError("SQL_SYNTAX", { fault: "nothing is asked" });
  await loadModule();
  const source = scan(text, new TextEncoder().encode(prefix).length);
  const { stmts = [] } = parse(text, source);
  const [statement, another] = stmts;
  if (statement?.stmt === undefined) throw source.refusal(0, "nothing", ONE_SELECT);
  if (another !== undefined) throw source.refusal(another.stmt_location, "a second statement", ONE_SELECT);
  if (!("SelectStmt" in statement.stmt)) {
    throw source.refusal(0, source.tokenAt(0).toUpperCase(), ONE_SELECT);
  }
  return { select: statement.stmt.SelectStmt, source };
}

const ONE_SELECT = "one SELECT";

/** Errors: SQL_SYNTAX. */
function scan(text: string, prefix: number): Source {
  const { tokens } = attempt(() => scanSync(text), new Source(text, [], prefix));
  const long = tokens.find(
    ({ tokenName, start, end }) => tokenName === "IDENT" && end - start > MAX_NAME_BYTES,
  );
  const source = new Source(
    text,
    tokens.filter(({ tokenName }) => tokenName !== "SQL_COMMENT" && tokenName !== "C_COMMENT"),
    prefix,
  );
  if (long !== undefined) throw source.refusal(long.start, long.text, `names of ${MAX_NAME_BYTES} bytes`);
  return source;
}

function parse(text: string, source: Source): { readonly stmts?: { stmt?: Node; stmt_location?: number }[] } {
  return attempt(() => parseSync(text), source);
}

/** What the parser says names what it met, and nothing else. */
function attempt<T>(read: () => T, source: Source): T {
  try {
    return read();
  } catch (cause) {
    const [message, position] = faultOf(cause);
    const at = source.place(position);
    throw new SealroomError("SQL_SYNTAX", { at, fault: shortName(message) }, { cause });
  }
}

function faultOf(cause: unknown): readonly [string, number] {
  if (!(cause instanceof Error)) return ["no SQL", 0];
  const details = "sqlDetails" in cause ? cause.sqlDetails : undefined;
  const position =
    typeof details === "object" && details !== null && "cursorPosition" in details
      ? Number(details.cursorPosition)
      : 0;
  return [cause.message, position];
}
