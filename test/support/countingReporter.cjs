// Mocha's spec reporter, which also writes to the file named by HWLEDGER_TEST_COUNTS how many tests really ran, and
// which failed: the end of the run names them again.
const { appendFileSync } = require("node:fs");
const { reporters, Runner } = require("mocha");

module.exports = class CountingReporter extends reporters.Spec {
  constructor(runner, options) {
    super(runner, options);
    const failed = [];
    runner.on(Runner.constants.EVENT_TEST_FAIL, (test, error) => {
      failed.push(`${test.fullTitle()}: ${String(error?.message ?? error).split("\n", 1)[0]}`);
    });
    runner.once(Runner.constants.EVENT_RUN_END, () => {
      const file = process.env.HWLEDGER_TEST_COUNTS;
      const { passes, failures, pending } = this.stats;
      const counts = { passed: passes, failed: failures + pending, titles: failed };
      if (file) appendFileSync(file, `${JSON.stringify(counts)}\n`);
    });
  }
};
