// docs/operations.md tells the way from an empty account: its commands are ones that there are, its names those of the
// templates, and what could not be tried is said to be so.
import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import test from "node:test";
import { ERROR_CODES } from "../../core/errors.ts";
import { readTemplate } from "./cloudformation.ts";
import { checkCommandLine } from "./command-lines.ts";

const DOCS = readFileSync(new URL("../../docs/operations.md", import.meta.url), "utf8");
const BLOCKS = Array.from(DOCS.matchAll(/```sh\n([^]*?)```/g), ([, block = ""]) => block);
const LINES = BLOCKS.flatMap((block) => block.replaceAll("\\\n", " ").split("\n"));

/** Words as a shell makes them, as far as these documents need: quotes, and what comes after is another command. */
function words(line: string): readonly string[] {
  const found = Array.from(
    line.matchAll(/"((?:[^"\\]|\\.)*)"|'([^']*)'|([^\s"'|>;&#]+)|([|>;&#])/g),
    ([, double, single, bare, end]) => (end === undefined ? (double ?? single ?? bare ?? "") : null),
  );
  const end = found.indexOf(null);
  return (end === -1 ? found : found.slice(0, end)).filter((word) => word !== null);
}

test("every sealroom command in it is one that there is, with options that it has", async () => {
  const commands = LINES.flatMap((line) => {
    const [, command] =
      /(?:^|\$\(|&& |sudo -u sealroom |AWS_PROFILE=\w+ )\s*(?:npx |\/usr\/local\/bin\/)?sealroom (.*)$/.exec(
        line.trim(),
      ) ?? [];
    return command === undefined ? [] : [words(command.replace(/\)$/, ""))];
  });
  assert.ok(commands.length >= 15, String(commands.length));
  for (const args of commands) await checkCommandLine(args);
});

test("every parameter that it gives to a stack is one of the template, and none without a default is left out", () => {
  for (const [name, text] of [
    ["sealroom.yaml", "--template-file deploy/cloudformation/sealroom.yaml"],
    ["dataset-key.yaml", "--template-file deploy/cloudformation/dataset-key.yaml"],
  ] as const) {
    const { parameters } = readTemplate(name);
    const line = LINES.find((each) => each.includes(text) && each.includes("--parameter-overrides"));
    assert.ok(line !== undefined, name);
    const [, given = ""] = /--parameter-overrides (.*)$/.exec(line) ?? [];
    const names = Array.from(given.matchAll(/(?:^|\s)(\w+)=/g), ([, each = ""]) => each);
    for (const each of names) assert.ok(each in parameters, `${name}: ${each}`);
    for (const [each, value] of Object.entries(parameters)) {
      const hasDefault = typeof value === "object" && value !== null && "Default" in value;
      assert.ok(hasDefault || names.includes(each), `${name} needs ${each}`);
    }
  }
});

test("every output that it asks for is one of the templates", () => {
  const outputs = ["sealroom.yaml", "dataset-key.yaml"].flatMap((name) =>
    Object.keys(readTemplate(name).outputs),
  );
  const asked = LINES.flatMap((line) =>
    Array.from(line.matchAll(/\$\(output (\S+) (\w+)\)/g), ([, , name = ""]) => name),
  );
  assert.ok(asked.length >= 6);
  for (const name of asked) assert.ok(outputs.includes(name), name);
});

test("every file that it names is there, and every code one that there is", () => {
  const paths = Array.from(DOCS.matchAll(/\bdeploy\/[\w./@-]+\w/g), ([path]) => path);
  assert.ok(paths.length >= 5);
  for (const path of paths) assert.ok(existsSync(new URL(`../../${path}`, import.meta.url)), path);
  const links = Array.from(DOCS.matchAll(/\]\(([\w-]+\.md)(?:#[\w-]+)?\)/g), ([, path = ""]) => path);
  for (const path of links) assert.ok(existsSync(new URL(`../../docs/${path}`, import.meta.url)), path);
  const codes = Array.from(DOCS.matchAll(/`([A-Z]+(?:_[A-Z]+)+)`/g), ([, code = ""]) => code);
  for (const code of codes) {
    assert.ok(Object.hasOwn(ERROR_CODES, code) || /^(SEALROOM|AWS|CAPABILITY)_/.test(code), code);
  }
});

test("what is for good comes in an order that can be carried out: keys, their stacks, and the roles last", () => {
  const [block = ""] = BLOCKS.filter((each) => each.includes("delete-stack"));
  const at = (part: string): number => block.indexOf(part);
  assert.ok(at("schedule-key-deletion") >= 0);
  assert.ok(at("delete-stack --stack-name sealroom-key-flights") > at("schedule-key-deletion"));
  assert.ok(at("delete-stack --stack-name sealroom\n") > at("stack-delete-complete"));
  assert.ok(block.endsWith("delete-stack --stack-name sealroom\n"));
});

test("a policy that KMS holds is read as the document that it is", () => {
  const lines = LINES.filter((line) => line.includes("get-key-policy"));
  assert.ok(lines.length > 0);
  for (const line of lines) assert.match(line, /--policy-name default\s+--query Policy --output text/);
});

test("a policy that is printed for KMS is put, before the page goes on", () => {
  for (const block of BLOCKS) {
    for (const [, file = ""] of block.matchAll(/policy (?:kms|roll-over)[^>]*> (\S+)/g)) {
      assert.ok(
        block.includes(
          `put-key-policy --profile break-glass --key-id "$KEY" --policy-name default --policy file://${file}\n`,
        ),
      );
    }
  }
});

test("every variable that a command uses was set before it, or is named in what the step before prints", () => {
  for (const [index, block] of BLOCKS.entries()) {
    const before = `${DOCS.slice(0, DOCS.indexOf(block))}${block}`;
    for (const [, name = ""] of block.matchAll(/\$([A-Z][A-Z_]+)\b/g)) {
      const isSet = new RegExp(`(^|\\s|\`)(export )?${name}=|\`${name}\``).test(before);
      assert.ok(isSet, `$${name} in block ${index + 1}`);
    }
  }
});

test("on the parent, what lies in /usr/local is called by its full path, and results are looked at by who owns them", () => {
  for (const line of LINES.filter((each) => each.includes("sudo"))) {
    assert.doesNotMatch(line, /sudo (-u \S+ )?sealroom/);
  }
  for (const line of LINES.filter((each) => each.includes("/var/lib/sealroom"))) {
    assert.match(line, /^sudo -u sealroom /);
  }
});

test("it says at its head what was run and what was not", () => {
  const [head = ""] = DOCS.split("\n## ");
  assert.match(head, /no Nitro hardware could be reached/);
  for (const heading of [
    "From an empty account",
    "Upgrades",
    "Rotation",
    "Incidents",
    "Cost",
    "Capacity",
    "Monitoring",
    "Backups",
    "Uninstall",
    "Not tried",
  ]) {
    assert.match(DOCS, new RegExp(`\n## ${heading}`), heading);
  }
});
