/** One kind of problem: the HTTP status it travels with (null: it arises at the client), and sentences with `{fact}` slots. */
export interface ProblemKind {
  status: number | null;
  title: string;
  detail: string;
  /** What the reader can do about it. */
  next: string;
}
