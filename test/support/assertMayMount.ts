import assert from "node:assert/strict";

/** Fails with what to run, where this process may not mount a small disk of its own. */
export function assertMayMount(): void {
  assert.equal(
    process.getuid?.(),
    0,
    'mounting a small disk takes root; run the tests in a container, or with: sudo env "PATH=$PATH" npm test',
  );
}
