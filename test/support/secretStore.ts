/** A secret store as the editor has it, in memory. */
export function aSecretStore(kept: Record<string, string> = {}) {
  const held = new Map(Object.entries(kept));
  return {
    held,
    get: (key: string) => Promise.resolve(held.get(key)),
    store: (key: string, value: string) => Promise.resolve(void held.set(key, value)),
    delete: (key: string) => Promise.resolve(void held.delete(key)),
  };
}
