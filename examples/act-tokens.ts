// The second act: copies with tokens, of patients under HIPAA and of card payments under PCI DSS, each signed by the owner
// once its receipt is verified, and asked as any data set from then on.
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { generateCards } from "./generated/cards.ts";
import { createKey, makeLive, OWNER_KEY, runAndVerify, sealUnder } from "./parties.ts";
import type { Live } from "./parties.ts";
import { DEMO, placeExamples, STATE } from "./stage.ts";
import type { Stage } from "./stage.ts";
import { heading, ROOT, sealroom } from "./terminal.ts";

/** In the policy of the key under which a domain's own is wrapped. */
export const PATIENT_TERMS = " --token-domain patient:1";
const CARD_TERMS = " --token-domain card:1";

interface Copy {
  readonly name: string;
  readonly keyArn: string;
  /** The job that makes it. */
  readonly job: string;
  /** How many lines of its verdict are shown. */
  readonly shown: number;
}

export async function patientsForResearch(stage: Stage, live: Live): Promise<void> {
  heading("The patients again: a copy with tokens for research (hipaa-expert)");
  const copy = await createCopyKey(stage, "patients-research");
  const files = ["patients.tokenize.rules.yaml", "research-copy.yaml", "patients-research.rules.yaml"];
  await placeExamples("synthea", [...files, "by-area.yaml"], {
    OWNER_THUMBPRINT: stage.owner,
    COPY_KEY_ARN: copy,
  });
  await makeTokenKey("patient", live.keyArn);
  const told = await sealroom(
    `sign s3://demo/patients/ --dataset patients --owner ${OWNER_KEY} --manifest ${live.manifest} ` +
      `--rules ${DEMO}/patients.tokenize.rules.yaml --state ${STATE}`,
  );
  const signed = await makeLive(stage, { ...live, terms: PATIENT_TERMS }, told);
  const research = await makeCopy(stage, signed, {
    name: "patients-research",
    keyArn: copy,
    job: "research-copy",
    shown: Infinity,
  });
  await runAndVerify(stage, research, { name: "by-area" });
}

export async function cardsForSettlement(stage: Stage): Promise<void> {
  heading("Card payments, made up: a copy with tokens for settlement (pci-store)");
  await writeFile(join(ROOT, DEMO, "cards.csv"), generateCards());
  const copy = await createCopyKey(stage, "cards-settlement");
  const files = ["schema.yaml", "rules.yaml", "settlement-copy.yaml", "cards-settlement.rules.yaml"];
  await placeExamples("cards", [...files, "by-country.yaml"], {
    OWNER_THUMBPRINT: stage.owner,
    COPY_KEY_ARN: copy,
  });
  const keyArn = await createKey(stage, "cards", CARD_TERMS);
  await makeTokenKey("card", keyArn);
  const cards = { name: "cards", input: `${DEMO}/cards.csv`, terms: CARD_TERMS };
  const live = await sealUnder(stage, cards, keyArn);
  const settlement = await makeCopy(stage, live, {
    name: "cards-settlement",
    keyArn: copy,
    job: "settlement-copy",
    shown: 3,
  });
  await runAndVerify(stage, settlement, { name: "by-country" });
}

/** Under which a copy's own is drawn, and stays when it is a data set. */
function createCopyKey(stage: Stage, name: string): Promise<string> {
  return createKey(stage, name, copyTerms(name));
}

function copyTerms(name: string): string {
  return ` --output-dataset ${name}`;
}

async function makeTokenKey(domain: string, keyArn: string): Promise<void> {
  await sealroom(
    `token-key ${DEMO}/${domain}-1.json --domain ${domain} --owner ${OWNER_KEY} --key ${keyArn} --state ${STATE}`,
  );
}

/** The job, its receipt, and the owner's signature on what came out. */
async function makeCopy(stage: Stage, source: Live, { name, keyArn, job, shown }: Copy): Promise<Live> {
  await sealroom(`explain ${DEMO}/${job}.yaml --state ${STATE}`);
  const nonce = await runAndVerify(stage, source, { name: job, shown });
  const told = await sealroom(
    `sign s3://demo/${name}/ --dataset ${name} --owner ${OWNER_KEY} --output ${DEMO}/out/${job} ` +
      `--manifest ${source.manifest} --rules ${DEMO}/${name}.rules.yaml --job ${DEMO}/${job}.yaml --nonce ${nonce} ` +
      `--measurements ${stage.measurements} --simulated-root ${stage.simulatedRoot} --state ${STATE}`,
  );
  return makeLive(stage, { name, keyArn, terms: copyTerms(name) }, told);
}
