import { checkSteps, runSteps } from "./steps.mjs";
import { buildIfStale } from "./build.mjs";

buildIfStale();
await runSteps(checkSteps());
