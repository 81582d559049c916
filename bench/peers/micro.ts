import { groupTable, lineTable, objectsOf } from "./tables.ts";
import { QUESTIONS } from "./questions.ts";
import { programFor, runOurs } from "./ours.ts";
const rows = 2 ** 20;
const only = process.argv[2], times = Number(process.argv[3] ?? 40);
const need = (k: string) => QUESTIONS.some((q) => q.table === k && (!only || new RegExp(only).test(q.name)));
const tables = { groups: groupTable(need("groups") ? rows : 10, "uniform"), lines: lineTable(need("lines") ? rows : 10, "uniform") };
const cpu = () => { const { user, system } = process.cpuUsage(); return (user + system) / 1000; };
for (const q of QUESTIONS) {
  if (only && !new RegExp(only).test(q.name)) continue;
  const table = tables[q.table];
  const program = await programFor(table, q);
  const objects = objectsOf(table, program.columns.map((x) => x.name), 1e9);
  const a: number[] = [];
  for (let i = 0; i < times; i++) { const s = cpu(); runOurs(program, objects); a.push(cpu() - s); }
  a.sort((x, y) => x - y);
  console.log(q.name, "ns/row min", (a[0]! * 1e6 / rows).toFixed(2), "p25", (a[times >> 2]! * 1e6 / rows).toFixed(2), "med", (a[times >> 1]! * 1e6 / rows).toFixed(2));
}
