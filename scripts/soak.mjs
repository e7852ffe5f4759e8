// `npm run soak [-- ROUNDS]`: the survival and failure drills again and again, and the property tests with many more
// cases than `npm test` takes time for.
import { runSteps, suite } from "./steps.mjs";
import { ensureSystemPackages, testPackages } from "./systemPackages.mjs";

const rounds = Number(process.argv[2] ?? 10);
if (!Number.isSafeInteger(rounds) || rounds < 1 || rounds > 1_000) {
  console.error("ROUNDS is a number from 1 to 1000.");
  process.exit(2);
}
await ensureSystemPackages(testPackages);
process.env.HWLEDGER_PROPERTY_RUNS = String(rounds * 1_000);
const drills = [
  "test/integration/survival.test.ts",
  "test/integration/failures.test.ts",
  "test/integration/dispatch*.test.ts",
];
await runSteps([
  suite(
    "property tests at full size",
    ["--require", "test/support/propertyRuns.cjs", "test/unit/**/*.test.ts"],
    3_600_000,
  ),
  ...Array.from({ length: rounds }, (_, round) => suite(`drills, round ${round + 1} of ${rounds}`, drills)),
]);
