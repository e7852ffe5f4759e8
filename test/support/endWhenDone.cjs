// A suite that leaves something open would keep Mocha from ending until its step's limit, and nobody would know what
// it was. After the last test the process has a while to end by itself; then this names what is open, and fails.
const graceMs = 20_000;

exports.mochaHooks = {
  afterAll() {
    setTimeout(() => {
      console.error(`Still open ${graceMs / 1_000} s after the last test: ${describeOpen().join("; ")}`);
      process.exit(1);
    }, graceMs).unref();
  },
};

function describeOpen() {
  const handles = process
    ._getActiveHandles()
    .map(({ constructor, spawnargs, remoteAddress, remotePort, pid }) => {
      const parts = [constructor.name, pid, spawnargs?.join(" "), remoteAddress, remotePort];
      return parts.filter((part) => part !== undefined).join(" ");
    });
  return handles.length > 0 ? handles : process.getActiveResourcesInfo();
}
