const collator = new Intl.Collator("en", { numeric: true });

/** The order of names for people: `box-2` before `box-10`. */
export const compareNames: (one: string, other: string) => number = (one, other) =>
  collator.compare(one, other);
