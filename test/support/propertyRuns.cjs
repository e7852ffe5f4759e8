// For `npm run soak`: as many cases per property as HWLEDGER_PROPERTY_RUNS says.
const fc = require("fast-check");

fc.configureGlobal({ numRuns: Number(process.env.HWLEDGER_PROPERTY_RUNS), interruptAfterTimeLimit: 50_000 });
