// What the enclave takes from its kernel: the parent's CID, the source of random bytes, and what the NSM's device says.
import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { mixEntropy } from "../../enclave-worker/entropy.ts";
import { parseParentCid, readRandomSource } from "../../enclave-worker/guest.ts";
import { nsmCharacterDevice } from "../../enclave-worker/nsm-device.ts";
import type { NsmDevice } from "../../enclave-worker/nsm.ts";
import { encode } from "cborg";
import { refuses } from "../host/refusal.ts";

function refusesLine(line: string | null): void {
  assert.throws(() => parseParentCid(line), { code: "GUEST_COMMAND_LINE" }, String(line));
}

test("without a word of ours the parent is CID 3, as Amazon's hypervisor has it", () => {
  for (const line of [
    "",
    "reboot=k panic=30\n",
    "parent_cid=5",
    "xsealroom.parent_cid=5",
    "sealroom.parent_cid",
  ]) {
    assert.equal(parseParentCid(line), 3, line);
  }
});

test("the first word counts, whatever is added behind it", () => {
  assert.equal(parseParentCid("console=ttyS0 sealroom.parent_cid=2\n"), 2);
  assert.equal(parseParentCid("sealroom.parent_cid=2 sealroom.parent_cid=9"), 2);
  assert.equal(parseParentCid("sealroom.parent_cid=4294967294"), 4_294_967_294);
  refusesLine("sealroom.parent_cid=x sealroom.parent_cid=3");
});

test("a CID in any other form than a decimal number below that of any is refused, and an unreadable line", () => {
  const forms = [
    "",
    "0",
    "03",
    "+3",
    "-3",
    "3.0",
    "3e0",
    "0x3",
    " 3",
    "3,",
    "4294967295",
    "4294967296",
    "99999999999",
  ];
  for (const form of forms) refusesLine(`quiet sealroom.parent_cid=${form} panic=1`);
  refusesLine("sealroom.parent_cid=3\t");
  refusesLine(null);
});

test("30 hostile words on the command line change nothing", () => {
  const hostile = [
    ...[
      "NODE_OPTIONS=--require=/tmp/x",
      "LD_PRELOAD=/tmp/x.so",
      "NODE_EXTRA_CA_CERTS=/tmp/ca.pem",
      "TZ=Mars",
    ],
    ...["OPENSSL_CONF=/tmp/o.cnf", "HTTPS_PROXY=http://1.2.3.4", "NODE_TLS_REJECT_UNAUTHORIZED=0", "DEBUG=*"],
    ...["init=/bin/sh", "rdinit=/bin/sh", "sealroom.nsm=/tmp/nsm", "sealroom.debug=1", "SEALROOM_LOCAL=1"],
    ...["sealroom.parent_cid", "sealroom.parent-cid=9", "SEALROOM.PARENT_CID=9", "sealroom.parent_cidx=9"],
    ...[
      "x=sealroom.parent_cid=9",
      '"sealroom.parent_cid=9"',
      "'sealroom.parent_cid=9'",
      "--",
      "-e",
      "single",
    ],
    ...["agent.FOO=bar", "LANG=C", "PATH=/tmp", "HOME=/tmp", "node=/tmp/node", "panic=0", "systemd.unit=x"],
  ];
  assert.equal(hostile.length, 30);
  fc.assert(
    fc.property(fc.shuffledSubarray(hostile), fc.shuffledSubarray(hostile), (before, after) => {
      const line = [...before, "sealroom.parent_cid=16", ...after, "sealroom.parent_cid=9"].join(" ");
      assert.equal(parseParentCid(line), 16);
      assert.equal(parseParentCid([...before, ...after].join(" ")), 3);
    }),
  );
});

/** An NSM whose GetRandom gives these, one after another. */
function giving(draws: readonly (Uint8Array | string)[]): NsmDevice {
  const rest = [...draws];
  return {
    exchange: () => {
      const next = rest.shift();
      const answer = next instanceof Uint8Array ? { GetRandom: { random: next } } : { Error: next };
      return Promise.resolve(encode(answer));
    },
  };
}

const GOOD = [new Uint8Array(256).fill(1), new Uint8Array(256).fill(2)];

function mixing(
  source: string | null,
  draws: readonly (Uint8Array | string)[] = GOOD,
  result = 0,
): {
  readonly done: Promise<void>;
  readonly added: number[][];
} {
  const added: number[][] = [];
  const kernel = {
    addEntropy: (bytes: Uint8Array): number => {
      added.push([...bytes]);
      return result;
    },
  };
  return { done: mixEntropy(source, giving(draws), kernel), added };
}

test("random bytes of the NSM reach the kernel where the kernel's own come from the NSM", async () => {
  for (const source of ["nsm-hwrng", "nsm-hwrng\n"]) {
    const { done, added } = mixing(source);
    await done;
    assert.deepEqual(
      added,
      GOOD.map((bytes) => [...bytes]),
    );
  }
});

test("any other source of the kernel's, or none, is refused before anything is mixed", async () => {
  const others = [
    "",
    "\n",
    "nsm-hwrng-fake",
    "nsm-hwrng\n\n",
    " nsm-hwrng",
    "nsm-hwrng ",
    "nsm-hwrng\0",
    "NSM-HWRNG",
  ];
  for (const source of [null, ...others, "virtio_rng.0", "none", "nsm-hwrng\nvirtio_rng.0\n"]) {
    const { done, added } = mixing(source);
    await refuses("ENTROPY_SOURCE", done);
    assert.deepEqual(added, []);
  }
});

test("an NSM that repeats itself, gives little or refuses, and a kernel that takes nothing, end the start", async () => {
  const [first = new Uint8Array()] = GOOD;
  await refuses("ENTROPY_NSM", mixing("nsm-hwrng", [first, first]).done);
  await refuses("ENTROPY_NSM", mixing("nsm-hwrng", [first, new Uint8Array(63).fill(9)]).done);
  await refuses("NSM_ERROR", mixing("nsm-hwrng", ["InternalError"]).done);
  await refuses("NSM_RESPONSE", mixing("nsm-hwrng", [new Uint8Array(0), first]).done);
  const denied = await refuses("ENTROPY_POOL", mixing("nsm-hwrng", GOOD, -1).done);
  assert.deepEqual(denied.details, { errno: "EPERM" });
});

test("on a machine without an NSM the kernel's source is not it", () => {
  assert.notEqual(readRandomSource(), "nsm-hwrng\n");
});

test("a device that is not there, and one that is no NSM, are typed errors with the kernel's name for it", async () => {
  const request = Uint8Array.of(1);
  const missing = await refuses("NSM_UNAVAILABLE", nsmCharacterDevice("/dev/no-such-nsm").exchange(request));
  assert.deepEqual(missing.details, { path: "/dev/no-such-nsm", errno: "ENOENT" });
  const other = nsmCharacterDevice("/dev/null");
  const refused = await refuses("NSM_IO", other.exchange(request));
  assert.deepEqual(refused.details, { path: "/dev/null", errno: "ENOTTY" });
  // One that fails does not stop the others.
  const all = await Promise.allSettled(Array.from({ length: 50 }, () => other.exchange(request)));
  assert.ok(all.every(({ status }) => status === "rejected"));
});
