// The folder rule of docs/architecture.md: which outside packages each folder may import. (Which of
// our own folders it may import is enforced by the project references in its tsconfig.json.)
import js from "@eslint/js";
import tseslint from "typescript-eslint";

const NODE = "node:";
const FOLDERS = {
  core: [
    "node:crypto$",
    "node:stream$",
    "apache-arrow$",
    "flatbuffers$",
    "cborg($|/)",
    "jose$",
    "yaml$",
    "@noble/ciphers/",
  ],
  query: ["libpg-query$", "@pgsql/types$"],
  jobs: ["libphonenumber-js/"],
  transport: [NODE],
  "enclave-worker": [NODE, "piscina$", "cborg$", "jose$"],
  owner: [NODE, "@aws-sdk/", "@duckdb/node-(api|bindings)$", "jose$", "yaml$", "apache-arrow$"],
  "host-driver": [NODE, "esbuild$", "@aws-sdk/", "@smithy/node-http-handler$"],
  cli: [NODE, "commander$", "apache-arrow$", "yaml$", "@aws-sdk/", "@smithy/node-http-handler$"],
  local: [NODE, "cborg$", "piscina$"],
};

// One file may import each of these; everything else goes through it.
const SOLE_IMPORTERS = {
  piscina: ["enclave-worker/pool.ts"],
  "@duckdb/node-bindings": ["owner/read/duckdb-vector.ts"],
};

const folderRules = Object.entries(FOLDERS).map(([folder, allowed]) => ({
  files: [`${folder}/**/*.ts`],
  rules: {
    "no-restricted-imports": [
      "error",
      {
        patterns: [
          {
            regex: `^(?!\\.\\.?/${allowed.map((name) => `|${name}`).join("")})`,
            message: `${folder}/ may import only files of this repository and: ${allowed.join(", ")}.`,
          },
        ],
        paths: Object.entries(SOLE_IMPORTERS)
          .filter(([, owners]) => !owners.some((owner) => owner.startsWith(`${folder}/`)))
          .map(([name, owners]) => ({ name, message: `only ${owners.join(", ")} imports ${name}.` })),
      },
    ],
  },
}));

export default tseslint.config(
  { ignores: ["dist/", "node_modules/", ".sealroom/", "**/*.mjs"] },
  js.configs.recommended,
  ...tseslint.configs.strictTypeChecked,
  ...tseslint.configs.stylisticTypeChecked,
  {
    languageOptions: {
      parserOptions: {
        projectService: { allowDefaultProject: ["eslint.config.js"] },
        tsconfigRootDir: import.meta.dirname,
      },
    },
    rules: {
      eqeqeq: "error",
      curly: ["error", "multi-line"],
      "max-lines": ["error", { max: 300, skipBlankLines: true, skipComments: true }],
      "no-eval": "error",
      "no-new-func": "error",
      "no-restricted-syntax": [
        "error",
        { selector: "ExportDefaultDeclaration", message: "Name what you export." },
        {
          selector: "MemberExpression[object.name='Math'][property.name='random']",
          message: "Math.random is not random.",
        },
      ],
      "@typescript-eslint/restrict-template-expressions": [
        "error",
        { allowNumber: true, allowBoolean: true },
      ],
      "@typescript-eslint/no-floating-promises": [
        "error",
        {
          allowForKnownSafeCalls: [
            { from: "package", name: ["test", "suite", "describe", "it"], package: "node:test" },
          ],
        },
      ],
      "@typescript-eslint/consistent-type-imports": "error",
      // isolatedDeclarations asks for some annotations that this rule calls needless.
      "@typescript-eslint/no-inferrable-types": "off",
    },
  },
  {
    files: ["core/**/*.ts", "jobs/**/*.ts", "enclave-worker/**/*.ts"],
    rules: {
      "no-console": "error",
      "no-restricted-properties": [
        "error",
        {
          object: "Date",
          property: "now",
          message: "Trusted code takes its time from an attestation document.",
        },
        { object: "process", property: "env", message: "Trusted code reads no environment." },
        { object: "process", property: "argv", message: "Trusted code reads no arguments." },
        { object: "Buffer", property: "allocUnsafe", message: "Uninitialised memory leaks." },
      ],
    },
  },
  // The one file that may read the system clock, to hold it against attested time.
  { files: ["enclave-worker/clock.ts"], rules: { "no-restricted-properties": "off" } },
  ...folderRules,
  { files: ["test/**/*.ts", "bench/**/*.ts", "examples/**/*.ts"], rules: { "max-lines": "off" } },
  { files: ["**/*.js"], ...tseslint.configs.disableTypeChecked },
  { files: ["eslint.config.js"], rules: { "no-restricted-syntax": "off" } },
);
