// `npm run demo`: the whole way of a job on one machine, by the commands that a user types. Data is sealed by its owner,
// aggregated or tokenized in a separate enclave process, opened by the analyst, and each receipt is verified by what was
// held from before. Stops at the first command that fails.
import { costByGender, encounters, flights, patients } from "./act-aggregates.ts";
import { cardsForSettlement, PATIENT_TERMS, patientsForResearch } from "./act-tokens.ts";
import { DEMO, setStage } from "./stage.ts";
import { heading, say } from "./terminal.ts";

async function main(): Promise<void> {
  const started = performance.now();
  heading("Keys of the owner and of the analyst, and stand-ins for AWS");
  const stage = await setStage();
  try {
    await flights(stage);
    const encountered = await encounters(stage);
    const live = await patients(stage, PATIENT_TERMS);
    if (encountered !== null) await costByGender(stage, encountered, live);
    await patientsForResearch(stage, live);
    await cardsForSettlement(stage);
  } finally {
    stage.local.kill("SIGTERM");
  }
  const seconds = ((performance.now() - started) / 1000).toFixed(1);
  heading(`Done in ${seconds} s: every job was answered, and every receipt verified`);
  say("The enclave was SIMULATED: a process on this machine, under a root made here.");
  say("Nothing was protected from this machine. On EC2 the same job is to run in a");
  say("Nitro Enclave, and its receipt to verify under Amazon's root.");
  say(`Keys, receipts and results are in ${DEMO}/.`);
}

try {
  await main();
} catch (error) {
  process.stderr.write(`demo: ${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
}
