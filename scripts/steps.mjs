// Runs named steps one after the other, prints each step's time and counts what really ran.
import { spawn } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { root } from "./build.mjs";

const bin = (name) => join(root, "node_modules", ".bin", name);

/** A step that is one program: it counts as one check. */
export function check(name, command, args, limitMs = 300_000) {
  return {
    name,
    run: () => runProgram(command, args, limitMs, {}).then((code) => (code === 0 ? [1, 0, []] : [0, 1, []])),
  };
}

/** A step that is a Mocha suite: each test counts. No pending test and no `.only` passes. */
export function suite(name, patterns, limitMs = 900_000) {
  return {
    name,
    async run() {
      const folder = mkdtempSync(join(tmpdir(), "hwl-counts-"));
      const counts = join(folder, "counts");
      const args = ["--reporter", "test/support/countingReporter.cjs", "--forbid-only", "--forbid-pending"];
      const code = await runProgram(bin("mocha"), [...args, "--timeout", "60000", ...patterns], limitMs, {
        HWLEDGER_TEST_COUNTS: counts,
      });
      const lines = existsSync(counts) ? readFileSync(counts, "utf8").trim().split("\n") : [];
      rmSync(folder, { recursive: true });
      const [line] = lines;
      const { passed, failed, titles } = line ? JSON.parse(line) : { passed: 0, failed: 0, titles: [] };
      return [passed, Math.max(failed, code === 0 && passed > 0 ? 0 : 1), titles];
    },
  };
}

/** Runs the steps; after a failed one the others still run. Ends the process with the verdict. */
export async function runSteps(steps) {
  let passed = 0;
  let failed = 0;
  const times = [];
  for (const { name, run } of steps) {
    console.log(`\n── ${name}`);
    const startMs = performance.now();
    const [good, bad, titles] = await run();
    passed += good;
    failed += bad;
    times.push({ name, seconds: (performance.now() - startMs) / 1_000, bad, titles });
  }
  console.log("\n── times");
  for (const { name, seconds, bad } of times)
    console.log(`${bad > 0 ? "FAILED" : "ok    "} ${seconds.toFixed(1).padStart(7)} s  ${name}`);
  for (const { name, titles } of times) for (const title of titles) console.log(`failed: ${name}: ${title}`);
  console.log(`\n${passed} passed, ${failed} failed`);
  process.exit(failed === 0 ? 0 : 1);
}

function runProgram(command, args, limitMs, env) {
  return new Promise((resolve) => {
    const child = spawn(command, args, {
      cwd: root,
      stdio: ["ignore", "inherit", "inherit"],
      env: { ...process.env, ...env },
    });
    const limit = setTimeout(() => {
      console.error(`This step did not end within ${limitMs / 1_000} s and is ended.`);
      child.kill("SIGKILL");
    }, limitMs);
    child.once("error", (error) => {
      console.error(error.message);
      resolve(1);
    });
    child.once("close", (code) => {
      clearTimeout(limit);
      resolve(code ?? 1);
    });
  });
}

/** The static checks and the quick suites: `npm run check`. */
export function checkSteps() {
  const projects = [
    "protocol",
    "protocol/client",
    "protocol/shells",
    "agent",
    "service/domain",
    "service",
    "extension/core",
    "extension/vscode",
    "extension/webview",
    "test",
  ];
  return [
    ...projects.map((project) => check(`types: ${project}`, bin("tsc"), ["-p", project])),
    check("lint", bin("eslint"), ["--max-warnings", "0", "."]),
    check("format", bin("prettier"), ["--check", "--log-level", "warn", "."]),
    suite("unit", ["test/unit/**/*.test.ts"]),
    suite("architecture and documents", ["test/architecture/**/*.test.ts"]),
    ...captureSteps(),
  ];
}

/** Captures of real tools are not ours to publish: where no folder holds them, nothing of theirs is counted as passed. */
function captureSteps() {
  if (process.env.HWLEDGER_CAPTURES) return [suite("captures of real tools", ["test/contract/**/*.test.ts"])];
  console.log("NOT checked: captures of real tools; HWLEDGER_CAPTURES names no folder.");
  return [];
}
