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
const ssh2 = [["ssh2"], "Only service/ssh speaks SSH: use HostShells from protocol/shells/hostShell.ts."];
const forge = [["node-forge"], "Only service/pki and protocol/client handle certificates."];
const page = [
  ["**/extension/vscode/**", "**/protocol/client/**"],
  "A page reaches nothing but its panel: send it in the model, or let it say a message.",
];
const client = [
  ["**/client/**", "**/shells/**"],
  "protocol/ does not know who runs it: what both need belongs into a file beside the folders client and shells.",
];
const clientOnly = [
  ["**/client/**"],
  "A shell on a host is no client of the fleet: take what you need as an argument.",
];
const node = [["node:*"], "This room is pure: take clock, randomness and I/O as arguments."];

/** The files beside the rooms. */
const besideRooms = "[a-zA-Z]+\\.ts$";

/**
 * What each room of the service may import beside protocol/, as in ARCHITECTURE.md: `uses` whole, of `types` the types
 * alone. Each is how a path from service/ begins.
 */
const rooms = {
  domain: {},
  store: { uses: ["domain/"], types: ["dispatch/jobs.ts", "metrics/metricsFile.ts"] },
  ledger: { types: ["store/"] },
  pki: { uses: ["domain/", "../protocol/client/writePrivateFile.ts"], types: ["store/", "ledger/"] },
  ssh: { types: ["prompts/"] },
  prompts: {},
  probe: {},
  agents: {},
  dispatch: { uses: ["domain/"] },
  metrics: { types: ["fleet/"] },
  fleet: { types: ["store/", "ledger/"] },
  http: {
    uses: ["domain/", "pki/"],
    types: ["agents/", "dispatch/", "fleet/", "ledger/", "metrics/", "store/"],
  },
  backup: {
    uses: [
      "store/",
      "ledger/verifyLedger.ts",
      "pki/caFiles.ts",
      "homeLayout.ts",
      "runningService.ts",
      "fileReason.ts",
    ],
  },
  cli: { uses: [besideRooms, "agents/agentPrograms.ts", "backup/", "../protocol/client/"] },
};

/** The rules of a room's files, those in its folders too, which lie one level deeper. */
function roomRules([room, { uses = [], types = [] }]) {
  const told = [...uses, ...types].map((one) => one.replace(besideRooms, "main.ts")).join(", ");
  const message = `service/${room} may import protocol/${told === "" ? "" : ` and ${told}`}: take the rest as an argument.`;
  return [1, 2].map((depth) => {
    const up = "\\.\\./".repeat(depth);
    const own = depth === 1 ? "\\./" : "\\.\\.?/(?!\\.\\./)";
    const places = ["\\.\\./protocol/(?!client/)", ...uses, ...types].join("|");
    const banned = { regex: `^(?=\\.)(?!${own}|${up}(?:${places}))`, message };
    const forTypes = { regex: `^${up}(?:${types.join("|")})`, allowTypeImports: true };
    return {
      files: [`service/${room}/${"*/".repeat(depth - 1)}*.ts`],
      rules: {
        "@typescript-eslint/no-restricted-imports": [
          "error",
          {
            patterns: [
              banned,
              ...(types.length > 0 ? [{ ...forTypes, message: `Only types of it. ${message}` }] : []),
            ],
          },
        ],
      },
    };
  });
}

const syntaxBans = [
  {
    selector: "Property[key.name='rejectUnauthorized'][value.value=false]",
    message: "Connections are verified: use pinnedTls() from protocol/client.",
  },
  { selector: "ExportDefaultDeclaration", message: "Name what you export." },
  { selector: "ImportExpression", message: "Import at the top, where the rules about rooms look." },
  { selector: "TSEnumDeclaration", message: "Use a union of literals." },
];

/** A capital first and a blank later, a capitalized word alone, or two words side by side outside of markup. */
const forPeople = String.raw`/^[A-Z][^\n]* |^[A-Z][a-z]+$|^[^<\n]*[a-z]{2} [a-z]{2}/`;
/** Refuses texts for people, and says where they stand. */
function textBans(name, literal = "Literal") {
  return [`${literal}[value=${forPeople}]`, `TemplateElement[value.raw=${forPeople}]`].map((selector) => ({
    selector,
    message: `What people read stands in extension/core/words/: take it from \`${name}\` there.`,
  }));
}
const textBansOfEditor = textBans("words");
/** A page's classes are several words as well, and no text. */
const notClasses = ":not(Property[key.name='class']) > Literal";
const textBansOfPages = textBans("panelWords", notClasses);

const clock = "This room knows no clock: take the time as an argument, nowMs.";
const chance = "This room knows no chance: take what is random as an argument.";
const timers = "This room waits for nothing: take `after` as an argument, or leave the waiting to who calls.";
const machine = "This room does not know where it runs: take it as an argument.";

/** Rooms of decisions: the same arguments give the same answer. */
const pure = {
  files: ["protocol/**/*.ts", "service/domain/**/*.ts"],
  ignores: ["protocol/client/**", "protocol/shells/**"],
  rules: {
    "no-restricted-globals": [
      "error",
      ...["setTimeout", "setInterval", "setImmediate"].map((name) => ({ name, message: timers })),
      { name: "performance", message: clock },
      { name: "crypto", message: chance },
      ...["process", "globalThis", "fetch", "console"].map((name) => ({ name, message: machine })),
    ],
    "no-restricted-properties": [
      "error",
      { object: "Date", property: "now", message: clock },
      { object: "Math", property: "random", message: chance },
      { object: "performance", property: "now", message: clock },
    ],
    "no-restricted-syntax": [
      "error",
      ...syntaxBans,
      { selector: "NewExpression[callee.name='Date'][arguments.length=0]", message: clock },
      { selector: "CallExpression[callee.name='Date']", message: clock },
    ],
  },
};

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
      "no-restricted-syntax": ["error", ...syntaxBans],
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
  ban(["protocol/**/*.ts"], [node, client, service, extension, vscode, fastify, sqlite, ssh2, forge], {
    ignores: ["protocol/client/**", "protocol/shells/**"],
  }),
  ban(["protocol/client/**/*.ts"], [service, extension, vscode, fastify, sqlite, ssh2]),
  ban(["protocol/shells/**/*.ts"], [clientOnly, service, extension, vscode, fastify, sqlite, ssh2, forge]),
  ban(["agent/**/*.ts"], [service, extension, vscode, fastify, sqlite, ssh2, forge]),
  ban(["service/domain/**/*.ts"], [node, extension, vscode, fastify, sqlite, ssh2, forge]),
  ban(["service/http/**/*.ts"], [extension, vscode, sqlite, ssh2, forge]),
  ban(["service/ssh/**/*.ts"], [extension, vscode, fastify, sqlite, forge]),
  ban(["service/store/**/*.ts"], [extension, vscode, fastify, ssh2, forge]),
  ban(["service/pki/**/*.ts"], [extension, vscode, fastify, sqlite, ssh2]),
  ban(
    ["service/{agents,ledger,fleet,probe,metrics,prompts,dispatch,backup,cli}/**/*.ts"],
    [extension, vscode, fastify, sqlite, ssh2, forge],
  ),
  ban(["service/*.ts"], [extension, vscode, sqlite, ssh2, forge]),
  ...Object.entries(rooms).flatMap(roomRules),
  pure,
  ban(["extension/core/**/*.ts"], [service, vscode, fastify, sqlite, ssh2, forge]),
  ban(["extension/vscode/**/*.ts"], [service, fastify, sqlite, ssh2, forge]),
  {
    files: ["extension/vscode/**/*.ts"],
    rules: { "no-restricted-syntax": ["error", ...syntaxBans, ...textBansOfEditor] },
  },
  ban(["extension/webview/**/*.ts"], [node, page, service, vscode, fastify, sqlite, ssh2, forge]),
  {
    files: ["extension/webview/**/*.ts"],
    // Written in the language of style sheets, as colours are.
    ignores: ["extension/webview/themeColours.ts"],
    rules: { "no-restricted-syntax": ["error", ...syntaxBans, ...textBansOfPages] },
  },
  {
    files: ["test/**/*.ts"],
    rules: {
      "no-restricted-syntax": [
        "error",
        ...syntaxBans,
        {
          selector: "Program > ExpressionStatement > CallExpression[callee.name=/^(before|after)(Each)?$/]",
          message: "Outside `describe` a hook runs around the tests of every file.",
        },
      ],
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
