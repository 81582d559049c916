// The emulator's image under a host that adds 30 hostile words to its command line: same registers, same answer.
import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { after, test } from "node:test";
import { encodeRegister } from "../../core/attestation/measurements.ts";
import { parseReceipt } from "../../core/receipt/receipt.ts";
import { RECEIPT_FILE } from "../../host-driver/output.ts";
import { runAsLocal, verifyCountersigned } from "./answer.ts";
import { readEmulatedDocument } from "./emulated-document.ts";
import { HOSTILE_WORDS } from "./hostile-words.ts";
import { openStage, PATIENCE } from "./stage.ts";

const stage = await openStage();
after(() => stage.close());

test(
  "30 hostile variables and words on the command line change no register and no answer",
  PATIENCE,
  async () => {
    assert.ok(HOSTILE_WORDS.length >= 30);
    const [local] = stage.answers;
    assert.ok(local !== undefined);
    const machine = await stage.boot("emulated", "hostile", { words: HOSTILE_WORDS });
    try {
      const ran = await runAsLocal(stage, local, machine.uds, "hostile");
      await verifyCountersigned(stage, ran);
      const { attestation } = parseReceipt(await readFile(join(ran.out, RECEIPT_FILE)));
      const register = readEmulatedDocument(attestation).pcrs.get(0) ?? new Uint8Array();
      assert.equal(encodeRegister(register), (await stage.measurements("emulated"))[0]);
    } finally {
      await machine.stop();
    }
  },
);
