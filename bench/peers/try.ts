import { groupTable, lineTable, objectsOf } from "./tables.ts";
import { QUESTIONS } from "./questions.ts";
import { programFor, runOurs } from "./ours.ts";
import { openDuckDb, loadTable, ask } from "./duckdb.ts";
import { tableFromIPC } from "apache-arrow";
const rows = Number(process.argv[2] ?? 1e6);
const spread = (process.argv[3] ?? "uniform") as "uniform";
const only = process.argv[4];
const objectRows = Number(process.argv[5] ?? 1e9);
const noDuck = process.argv[6] === "noduck";
const t0 = performance.now();
const need = (k: string) => QUESTIONS.some((q) => q.table === k && (!only || new RegExp(only).test(q.name)));
const tables = { groups: groupTable(need("groups") ? rows : 10, spread), lines: lineTable(need("lines") ? rows : 10, spread) };
console.log("tables", performance.now() - t0);
const c = await openDuckDb(1);
if (!noDuck) for (const t of Object.values(tables)) await loadTable(c, t);
console.log("loaded", performance.now() - t0);
const cpu = () => { const { user, system } = process.cpuUsage(); return (user + system) / 1000; };
for (const q of QUESTIONS) {
  if (only && !new RegExp(only).test(q.name)) continue;
  const table = tables[q.table];
  const program = await programFor(table, q);
  const objects = objectsOf(table, program.columns.map((x) => x.name), objectRows);
  const a: number[] = [], b: number[] = [];
  let r = 0, out;
  for (let i = 0; i < Number(process.env["R"] ?? 4); i++) {
    let s = cpu();
    try { out = runOurs(program, objects); } catch (e) { out = null; console.log(String(e)); }
    a.push(cpu() - s);
    s = cpu();
    if (!noDuck) r = await ask(c, q.theirs, table.name);
    b.push(cpu() - s);
  }
  const m = (x: number[]) => Math.min(...x.slice(1));
  console.log(q.name, "ours", m(a).toFixed(0), "med", [...a].sort((p, q) => p - q)[a.length >> 1]!.toFixed(0), "duck", m(b).toFixed(0), "med", [...b].sort((p, q) => p - q)[b.length >> 1]!.toFixed(0), "ratio", (m(a) / m(b)).toFixed(2), "rows", out && tableFromIPC(out).numRows, r);
}
process.exit(0);
