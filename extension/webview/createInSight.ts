import type { HostId } from "../../protocol/ids.ts";
import { hostIdSchema } from "../../protocol/ids.ts";

const settledMs = 150;

/** Tells which hosts have a row that can be seen, whenever that changes. Rows carry their host as `data-host`. */
export function createInSight(onChange: (hostIds: HostId[]) => void): {
  watch(rows: readonly Element[]): void;
} {
  const seen = new Set<Element>();
  let watched = new Set<Element>();
  let told = "";
  let timer = 0;

  function tell(): void {
    const ids = [...seen].map((row) => hostIdSchema.safeParse(row.getAttribute("data-host")).data);
    const hostIds = [...new Set(ids.filter((id) => id !== undefined))].sort();
    if (hostIds.join() === told) return;
    told = hostIds.join();
    onChange(hostIds);
  }

  const observer = new IntersectionObserver((entries) => {
    for (const { target, isIntersecting } of entries) {
      if (isIntersecting) seen.add(target);
      else seen.delete(target);
    }
    window.clearTimeout(timer);
    timer = window.setTimeout(tell, settledMs);
  });

  return {
    watch(rows) {
      const next = new Set(rows);
      for (const row of watched) {
        if (next.has(row)) continue;
        observer.unobserve(row);
        seen.delete(row);
      }
      for (const row of next) if (!watched.has(row)) observer.observe(row);
      watched = next;
    },
  };
}
