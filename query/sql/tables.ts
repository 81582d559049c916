// FROM: the data set that a query is over, or the two that it joins; and of WHERE what joins, EXISTS and IN over another data
// set, which is a semi join. The left one of a join is the one that is written first.
import type { JoinExpr, Node, RangeVar, SelectStmt, SubLink } from "@pgsql/types";
import type { Join, JoinKey, JoinKind } from "../../core/plan/join.ts";
import { foldName } from "../../core/text/name.ts";
import { Columns } from "./columns.ts";
import type { Table } from "./columns.ts";
import { checkMembers, kindOf, locationOf, nameText, refuseNode } from "./node.ts";
import type { Source } from "./source.ts";

export interface Tables {
  /** As the job names them, the left one first. */
  readonly datasets: readonly string[];
  readonly columns: Columns;
  readonly join: Join | null;
  /** WHERE without what joins. */
  readonly where: Node | undefined;
}

const A_JOIN = "JOIN dataset ON a.COLUMN = b.COLUMN AND ..., with JOIN or LEFT JOIN";
const A_SEMI_JOIN =
  "COLUMN IN (SELECT b.COLUMN FROM dataset b), or EXISTS (SELECT 1 FROM dataset b WHERE b.COLUMN = a.COLUMN), under AND";
const KINDS: Readonly<Record<string, JoinKind>> = { JOIN_INNER: "inner", JOIN_LEFT: "left" };

/** `datasets`: those that the job names. Errors: SQL_DIALECT. */
export function readTables(source: Source, select: SelectStmt, datasets: readonly string[]): Tables {
  const [from, another] = select.fromClause ?? [];
  const allowed = `FROM ${datasets.join(" or ")}`;
  if (from === undefined) throw source.refusal(0, "no FROM", allowed);
  if (another !== undefined) {
    throw refuseNode(
      source,
      another,
      datasets.length > 1 ? A_JOIN : `${allowed}, and no other table or query`,
    );
  }
  if ("JoinExpr" in from) return readJoin(source, from.JoinExpr, select.whereClause, datasets);
  const table = readTable(source, from, datasets);
  const semi = findSemiJoin(select.whereClause);
  if (semi !== null) return readSemiJoin(source, table, semi, datasets);
  const columns = new Columns(source, [table]);
  return { datasets: [table.dataset], columns, join: null, where: select.whereClause };
}

function readTable(source: Source, from: Node, datasets: readonly string[]): Table {
  const allowed = `FROM ${datasets.join(" or ")}`;
  if (!("RangeVar" in from)) {
    const location = locationOf(from) ?? source.find("JOIN") ?? source.find("FROM");
    throw source.refusal(location, source.tokenAt(location ?? 0), `${allowed}, and no other table or query`);
  }
  const range: RangeVar = from.RangeVar;
  checkMembers(range, ["relname", "inh", "relpersistence", "alias", "location"], () =>
    source.refusal(range.location, source.tokenAt(range.location ?? 0), allowed),
  );
  if (range.inh !== true) throw source.refusal(range.location, "ONLY", allowed);
  if (range.alias?.colnames !== undefined) throw source.refusal(range.location, "names of columns", allowed);
  const written = source.nameAt(range.location ?? 0);
  const dataset = datasets.find((name) => foldName(name) === foldName(written));
  if (dataset === undefined) throw source.refusal(range.location, written, allowed);
  return { dataset, alias: range.alias?.aliasname };
}

function readJoin(
  source: Source,
  { jointype = "JOIN_INNER", larg, rarg, quals, usingClause, isNatural, ...more }: JoinExpr,
  where: Node | undefined,
  datasets: readonly string[],
): Tables {
  const at = source.find("JOIN");
  const kind = KINDS[jointype];
  if (kind === undefined || isNatural === true || larg === undefined || rarg === undefined) {
    const written = isNatural === true ? "NATURAL" : jointype.replace("JOIN_", "");
    throw source.refusal(at, written, A_JOIN);
  }
  checkMembers(more, ["rtindex"], (member) => source.refusal(at, member, A_JOIN));
  const tables = [larg, rarg].map((side) => readTable(source, side, datasets));
  checkTwo(source, tables, rarg);
  const columns = new Columns(source, tables);
  const on = usingClause === undefined ? readKeys(source, columns, quals) : readUsing(source);
  const semi = findSemiJoin(where);
  if (semi !== null) throw refuseNode(source, semi.link, "one JOIN of two data sets");
  return { datasets: tables.map(({ dataset }) => dataset), columns, join: { kind, on }, where };
}

function checkTwo(source: Source, tables: readonly Table[], second: Node): void {
  if (new Set(tables.map(({ dataset }) => dataset)).size < tables.length) {
    throw refuseNode(source, second, "another data set: each appears once");
  }
}

/** Names that both have. The parser folds them, and says no places. */
function readUsing(source: Source): readonly JoinKey[] {
  return source.namesBehind("USING").map((name) => ({ left: name, right: name }));
}

/** `a.X = b.Y AND ...`. */
function readKeys(source: Source, columns: Columns, node: Node | undefined): readonly JoinKey[] {
  if (node === undefined) throw source.refusal(source.find("JOIN"), "no ON", A_JOIN);
  if ("BoolExpr" in node && node.BoolExpr.boolop === "AND_EXPR") {
    return (node.BoolExpr.args ?? []).flatMap((term) => readKeys(source, columns, term));
  }
  if (!("A_Expr" in node) || node.A_Expr.kind !== "AEXPR_OP" || nameText(node.A_Expr.name) !== "=") {
    throw refuseNode(source, node, A_JOIN);
  }
  const { lexpr, rexpr } = node.A_Expr;
  const sides = [columns.sideOf(lexpr), columns.sideOf(rexpr)];
  const left = sides.find((side) => side?.input === 0);
  const right = sides.find((side) => side?.input === 1);
  if (left === undefined || right === undefined) throw refuseNode(source, node, A_JOIN);
  return [{ left: left.column, right: right.column }];
}

interface SemiJoin {
  readonly link: Node;
  readonly body: SubLink;
  readonly rest: Node | undefined;
}

/** A term of WHERE itself that asks another data set; what is deeper is refused where conditions are read. */
function findSemiJoin(where: Node | undefined): SemiJoin | null {
  if (where === undefined) return null;
  if ("SubLink" in where) return { link: where, body: where.SubLink, rest: undefined };
  if (!("BoolExpr" in where) || where.BoolExpr.boolop !== "AND_EXPR") return null;
  const { args = [] } = where.BoolExpr;
  const link = args.find((term) => kindOf(term)[0] === "SubLink");
  if (link === undefined || !("SubLink" in link)) return null;
  const others = args.filter((term) => term !== link);
  const [only, second] = others;
  const rest = second === undefined ? only : { BoolExpr: { ...where.BoolExpr, args: others } };
  return { link, body: link.SubLink, rest };
}

function readSemiJoin(
  source: Source,
  table: Table,
  { link, body, rest }: SemiJoin,
  datasets: readonly string[],
): Tables {
  const { subLinkType, testexpr, subselect, operName } = body;
  const refuse = (node: Node | undefined): never => {
    throw refuseNode(source, node ?? link, A_SEMI_JOIN);
  };
  if (subselect === undefined || !("SelectStmt" in subselect) || operName !== undefined) return refuse(link);
  const inner = subselect.SelectStmt;
  checkMembers(inner, ["targetList", "fromClause", "whereClause", "limitOption", "op"], () => refuse(link));
  const [from, another] = inner.fromClause ?? [];
  if (from === undefined || another !== undefined) return refuse(another);
  const other = readTable(source, from, datasets);
  checkTwo(source, [table, other], from);
  const columns = new Columns(source, [table, other]);
  const on =
    subLinkType === "EXISTS_SUBLINK"
      ? readKeys(source, columns, inner.whereClause)
      : [readMember(source, columns, inner, testexpr)];
  if (subLinkType !== "EXISTS_SUBLINK" && subLinkType !== "ANY_SUBLINK") return refuse(link);
  return {
    datasets: [table.dataset, other.dataset],
    columns: columns.ofFirst(),
    join: { kind: "semi", on },
    where: rest,
  };
}

/** `X IN (SELECT Y FROM b)`. */
function readMember(
  source: Source,
  columns: Columns,
  { targetList = [], whereClause }: SelectStmt,
  tested: Node | undefined,
): JoinKey {
  const [target, second] = targetList;
  const member = target !== undefined && "ResTarget" in target ? target.ResTarget.val : undefined;
  if (whereClause !== undefined || second !== undefined || member === undefined) {
    throw refuseNode(source, whereClause ?? second ?? target, A_SEMI_JOIN);
  }
  // Within its own query a name needs no table before it.
  const [left, right] = [columns.ofFirst().sideOf(tested), columns.ofSecond().sideOf(member)];
  if (left === undefined || right === undefined) throw refuseNode(source, tested, A_SEMI_JOIN);
  return { left: left.column, right: right.column };
}
