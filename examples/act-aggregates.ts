// The first act: aggregates of flights, where nobody is protected, and of encounters and patients, where somebody is.
import { existsSync } from "node:fs";
import { mkdir, writeFile } from "node:fs/promises";
import { join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { generatePatients } from "./generated/patients.ts";
import { OWNER_KEY, runAndVerify, sealDataset } from "./parties.ts";
import type { Live } from "./parties.ts";
import { DEMO, placeExamples, STATE } from "./stage.ts";
import type { Stage } from "./stage.ts";
import { heading, refused, ROOT, say, sealroom } from "./terminal.ts";

const FLIGHTS = "node_modules/vega-datasets/data/flights-3m.parquet";
const SYNTHEA = relative(ROOT, fileURLToPath(new URL("../../shared/data/synthea/", import.meta.url)));

export async function flights(stage: Stage): Promise<void> {
  heading("Flights: 3 million rows with no person in them, so each row is its own unit");
  const jobs = ["busiest", "routes", "latest"];
  await placeExamples("flights", ["schema.yaml", "rules.yaml", ...jobs.map((job) => `${job}.yaml`)], {
    OWNER_THUMBPRINT: stage.owner,
  });
  const options = " --rows-per-object 250000";
  const live = await sealDataset(stage, { name: "flights", input: FLIGHTS, options });
  await sealroom(`explain ${DEMO}/busiest.yaml --state ${STATE}`);
  for (const [at, name] of jobs.entries()) {
    // The first verdict is shown whole, the others in short.
    await runAndVerify(stage, live, at === 0 ? { name, shown: Infinity } : { name });
  }
}

/** Null where Synthea's data is not there. */
export async function encounters(stage: Stage): Promise<Live | null> {
  if (!existsSync(join(ROOT, SYNTHEA))) {
    say("\nSynthea's encounters are not beside this checkout, so their part is left out.");
    return null;
  }
  heading("Encounters of synthetic patients: each job needs a grant of the owner");
  await placeExamples("synthea", ["encounters.schema.yaml", "encounters.rules.yaml", "by-class.yaml"], {
    OWNER_THUMBPRINT: stage.owner,
  });
  const live = await sealDataset(stage, { name: "encounters", input: `${SYNTHEA}/encounters.csv` });
  const [job, grant] = [`${DEMO}/by-class.yaml`, `${DEMO}/by-class.grant.jws`];
  await refused(`explain ${job} --state ${STATE}`, 12);
  await sealroom(`grant ${job} --owner ${OWNER_KEY} --out ${grant} --state ${STATE}`);
  await runAndVerify(stage, live, { name: "by-class", options: ` --grant ${grant}` });
  return live;
}

export async function costByGender(stage: Stage, encountered: Live, of: Live): Promise<void> {
  heading("Encounters joined to their patients, as the rules of both allow");
  await placeExamples("synthea", ["cost-by-gender.yaml"], { OWNER_THUMBPRINT: stage.owner });
  const [job, grant] = [`${DEMO}/cost-by-gender.yaml`, `${DEMO}/cost-by-gender.grant.jws`];
  await sealroom(`grant ${job} --owner ${OWNER_KEY} --out ${grant} --state ${STATE}`);
  await runAndVerify(stage, [encountered, of], { name: "cost-by-gender", options: ` --grant ${grant}` });
}

/** `terms`: of the key's policy. */
export async function patients(stage: Stage, terms: string): Promise<Live> {
  heading("Synthetic patients: identifiers stay inside, small groups are suppressed");
  await placeExamples("synthea", ["patients.schema.yaml", "patients.rules.yaml", "by-race.yaml"], {
    OWNER_THUMBPRINT: stage.owner,
  });
  const live = await sealDataset(stage, { name: "patients", input: await findPatients(), terms });
  await runAndVerify(stage, live, { name: "by-race" });
  return live;
}

/** Synthea's, or as many made here. */
async function findPatients(): Promise<string> {
  const found = `${SYNTHEA}/patients.csv`;
  if (existsSync(join(ROOT, found))) return found;
  say("(Synthea's are not beside this checkout, so some are made up.)");
  await mkdir(join(ROOT, DEMO), { recursive: true });
  await writeFile(join(ROOT, DEMO, "patients.csv"), generatePatients());
  return `${DEMO}/patients.csv`;
}
