import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { copyFile, mkdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const editorVersion = "4.139.1";
/** What the stamp says; to be changed with anything that an install does differently. */
const recipe = `${editorVersion} with fileLogger 1`;
const installLimitMs = 10 * 60_000;
const lockWaitMs = 1_000;
const root = fileURLToPath(new URL("..", import.meta.url));
const fileLogger = join(root, "test", "support", "editor", "fileLogger.cjs");
const cacheDir = join(root, ".vscode-test");

/**
 * Installs the editor's server from the npm package `code-server` below `.vscode-test/` unless it is there.
 * The stamp file is written last, so an install that was cut off is done again from the start. Two callers at
 * once are safe: each installs beside the target and the first to rename wins.
 *
 * @param {{ log?: (line: string) => void }} [options]
 * @returns {Promise<{ version: string, serverDir: string, serverMain: string, nodePath: string }>}
 */
export async function ensureEditor({ log = () => {} } = {}) {
  const nodePath = projectNode();
  const packageDir = join(cacheDir, `code-server-${editorVersion}`);
  const editor = describe(packageDir, nodePath);
  if (await isComplete(packageDir)) return editor;

  const partDir = `${packageDir}.part-${process.pid}`;
  await rm(partDir, { recursive: true, force: true });
  await mkdir(partDir, { recursive: true });
  try {
    await install(partDir, log);
    await moveIntoPlace(partDir, packageDir);
  } finally {
    await rm(partDir, { recursive: true, force: true });
  }
  return editor;
}

async function install(partDir, log) {
  await writeFile(join(partDir, "package.json"), '{ "private": true }\n');
  log(`installing code-server ${editorVersion} (the editor that tests drive) into ${cacheDir}`);
  await npm(["install", "--ignore-scripts", `code-server@${editorVersion}`], partDir);
  log("installing the editor's own modules");
  const { serverDir, serverMain } = describe(partDir, "");
  await npm(["install", "--omit=dev", "--ignore-scripts"], serverDir);
  if (!existsSync(serverMain)) throw new Error(`code-server ${editorVersion} has no ${serverMain}`);
  await copyFile(fileLogger, join(serverDir, "node_modules", "@vscode", "spdlog", "index.js"));
  await writeFile(stampOf(partDir), `${recipe}\n`);
}

async function moveIntoPlace(partDir, packageDir) {
  for (let attempt = 0; !(await isComplete(packageDir)); attempt += 1) {
    await rm(packageDir, { recursive: true, force: true });
    try {
      await rename(partDir, packageDir);
    } catch (cause) {
      if (attempt === 3) throw new Error(`cannot move the editor to ${packageDir}`, { cause });
      await new Promise((done) => setTimeout(done, lockWaitMs));
    }
  }
}

function describe(packageDir, nodePath) {
  const serverDir = join(packageDir, "node_modules", "code-server", "lib", "vscode");
  return {
    version: editorVersion,
    serverDir,
    serverMain: join(serverDir, "out", "server-main.js"),
    nodePath,
  };
}

function stampOf(packageDir) {
  return join(packageDir, "installed.stamp");
}

async function isComplete(packageDir) {
  try {
    return (await readFile(stampOf(packageDir), "utf8")).trim() === recipe;
  } catch (error) {
    if (error.code === "ENOENT") return false;
    throw error;
  }
}

/** The Node 24 that comes as this project's npm package; the editor's server does not start on older ones. */
function projectNode() {
  const path = join(root, "node_modules", "node", "bin", process.platform === "win32" ? "node.exe" : "node");
  if (!existsSync(path)) throw new Error(`no Node 24 at ${path}: run \`npm ci\` in ${root} first`);
  return path;
}

/** Runs npm quietly; a failure carries the command, its folder and the end of its output. */
function npm(args, cwd) {
  const argv = [...args, "--no-audit", "--no-fund", "--no-progress", "--loglevel=error"];
  return new Promise((resolve, reject) => {
    let output = "";
    const child = spawn("npm", argv, { cwd, timeout: installLimitMs, stdio: ["ignore", "pipe", "pipe"] });
    const keep = (chunk) => (output = (output + chunk).slice(-4_000));
    child.stdout.on("data", keep);
    child.stderr.on("data", keep);
    child.on("error", (cause) => reject(new Error("cannot run npm: is it on PATH?", { cause })));
    child.on("close", (code, signal) => {
      if (code === 0) return resolve();
      const how = signal ? `was ended by ${signal} (limit ${installLimitMs / 60_000} min)` : `exited ${code}`;
      reject(new Error(`\`npm ${argv.join(" ")}\` in ${cwd} ${how}:\n${output}`));
    });
  });
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  try {
    const editor = await ensureEditor({ log: (line) => console.error(line) });
    console.log(editor.serverMain);
  } catch (error) {
    console.error(`The editor for tests could not be installed. ${error.message}`);
    process.exitCode = 1;
  }
}
