const settledMs = 200;

/** Keeps how far the page is scrolled, and scrolls there again once, when there is something to scroll. */
export function keepScroll(page: {
  readonly state: { scrollTop: number };
  keep(change: { scrollTop: number }): void;
}): { restore(): void } {
  let isRestored = false;
  let timer = 0;
  window.addEventListener(
    "scroll",
    () => {
      if (!isRestored) return;
      window.clearTimeout(timer);
      timer = window.setTimeout(() => page.keep({ scrollTop: Math.round(window.scrollY) }), settledMs);
    },
    { passive: true },
  );
  return {
    restore() {
      if (isRestored) return;
      window.scrollTo({ top: page.state.scrollTop, behavior: "instant" });
      isRestored = true;
    },
  };
}
