/** Stops each in turn; one that fails does not keep the others from being stopped. */
export async function stopAll(running: readonly { stop(): Promise<void> }[]): Promise<void> {
  const errors: unknown[] = [];
  for (const part of running) await part.stop().catch((error: unknown) => errors.push(error));
  if (errors.length > 0) throw new AggregateError(errors, "the editor did not stop cleanly");
}
