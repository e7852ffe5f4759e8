import js from "@eslint/js";
import prettier from "eslint-config-prettier";
import tseslint from "typescript-eslint";

/** A ban on imports with a message that says what to do instead. */
function ban(files, groups, extra = {}) {
  return {
    files,
    ...extra,
    rules: {
      "no-restricted-imports": [
        "error",
        { patterns: groups.map(([group, message]) => ({ group, message })) },
      ],
    },
  };
}

const service = [
  ["**/service/**"],
  "The service is reached over the wire: put what both need into protocol/.",
];
const extension = [
  ["**/extension/**"],
  "Nothing but the editor's own code imports the extension: put it into protocol/.",
];
const vscode = [["vscode"], "Only extension/vscode may import vscode: take what you need as an argument."];
const fastify = [["fastify", "@fastify/*"], "Only service/http and the composition root know Fastify."];
const sqlite = [
  ["better-sqlite3"],
  "Only service/store opens SQLite: take a Store or Sqlite as an argument.",
];
const ssh2 = [["ssh2"], "Only service/ssh speaks SSH: use HostShells from service/ssh/hostShell.ts."];
const forge = [["node-forge"], "Only service/pki and protocol/client handle certificates."];
const page = [
  ["**/extension/vscode/**", "**/protocol/client/**"],
  "A page reaches nothing but its panel: send it in the model, or let it say a message.",
];
const node = [["node:*"], "This room is pure: take clock, randomness and I/O as arguments."];

export default tseslint.config(
  {
    ignores: [
      "dist",
      "node_modules",
      ".vscode-test",
      ".lab",
      "test-results",
      "test/support/editor/fileLogger.cjs",
    ],
  },
  js.configs.recommended,
  {
    files: ["**/*.ts"],
    extends: [...tseslint.configs.strictTypeChecked],
    languageOptions: {
      parserOptions: {
        projectService: true,
        tsconfigRootDir: import.meta.dirname,
      },
    },
    rules: {
      "no-restricted-syntax": [
        "error",
        {
          selector: "Property[key.name='rejectUnauthorized'][value.value=false]",
          message: "Connections are verified: use pinnedTls() from protocol/client.",
        },
        { selector: "ExportDefaultDeclaration", message: "Name what you export." },
        { selector: "ImportExpression", message: "Import at the top, where the rules about rooms look." },
        { selector: "TSEnumDeclaration", message: "Use a union of literals." },
      ],
      "@typescript-eslint/restrict-template-expressions": [
        "error",
        { allowNumber: true, allowBoolean: true },
      ],
      "@typescript-eslint/no-confusing-void-expression": "off",
      "@typescript-eslint/no-invalid-void-type": "off",
      "@typescript-eslint/no-unsafe-class-instance-assignment": "off",
      "@typescript-eslint/switch-exhaustiveness-check": "error",
      "@typescript-eslint/consistent-type-imports": "error",
      "@typescript-eslint/no-unnecessary-condition": ["error", { allowConstantLoopConditions: true }],
      "@typescript-eslint/prefer-promise-reject-errors": "off",
      "@typescript-eslint/no-unused-vars": ["error", { argsIgnorePattern: "^_", varsIgnorePattern: "^_" }],
    },
  },
  ban(["protocol/**/*.ts"], [node, service, extension, vscode, fastify, sqlite, ssh2, forge], {
    ignores: ["protocol/client/**"],
  }),
  ban(["protocol/client/**/*.ts"], [service, extension, vscode, fastify, sqlite, ssh2]),
  ban(["service/domain/**/*.ts"], [node, extension, vscode, fastify, sqlite, ssh2, forge]),
  ban(["service/http/**/*.ts"], [extension, vscode, sqlite, ssh2, forge]),
  ban(["service/ssh/**/*.ts"], [extension, vscode, fastify, sqlite, forge]),
  ban(["service/store/**/*.ts"], [extension, vscode, fastify, ssh2, forge]),
  ban(["service/pki/**/*.ts"], [extension, vscode, fastify, sqlite, ssh2]),
  ban(
    ["service/{ledger,fleet,probe,metrics,prompts,dispatch,cli}/**/*.ts"],
    [extension, vscode, fastify, sqlite, ssh2, forge],
  ),
  ban(["service/*.ts"], [extension, vscode, sqlite, ssh2, forge]),
  ban(["extension/core/**/*.ts"], [service, vscode, fastify, sqlite, ssh2, forge]),
  ban(["extension/vscode/**/*.ts"], [service, fastify, sqlite, ssh2, forge]),
  ban(["extension/webview/**/*.ts"], [node, page, service, vscode, fastify, sqlite, ssh2, forge]),
  {
    files: ["test/**/*.ts"],
    rules: {
      "@typescript-eslint/no-non-null-assertion": "off",
      "@typescript-eslint/unbound-method": "off",
      // A hook that failed leaves what it should have set unset, whatever its type says.
      "@typescript-eslint/no-unnecessary-condition": "off",
      "@typescript-eslint/no-floating-promises": ["error", { allowForKnownSafeCalls: [] }],
    },
  },
  {
    files: ["**/*.{js,mjs,cjs}"],
    extends: [tseslint.configs.disableTypeChecked],
    languageOptions: {
      globals: {
        process: "readonly",
        performance: "readonly",
        console: "readonly",
        URL: "readonly",
        setTimeout: "readonly",
        clearTimeout: "readonly",
        Buffer: "readonly",
        require: "readonly",
        module: "readonly",
        __dirname: "readonly",
        __filename: "readonly",
      },
    },
  },
  prettier,
);
