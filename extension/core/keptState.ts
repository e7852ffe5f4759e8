/** Where this workspace's state outlives the window: the editor's `Memento`. */
export interface KeptState {
  get(key: string): unknown;
  update(key: string, value: unknown): PromiseLike<void>;
}
