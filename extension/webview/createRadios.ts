import { element } from "./dom.ts";

/** One of few choices, side by side: radio buttons that look like a segmented control, moved through by the arrow keys. */
export function createRadios<T>(
  { legend, name }: { legend: string; name: string },
  options: readonly { value: T; label: string }[],
  onChoose: (value: T) => void,
): { root: HTMLElement; show(value: T): void } {
  const root = element("fieldset", { class: "spans" }, element("legend", { class: "hidden" }, legend));
  const radios = options.map(({ value, label }, at) => {
    const radio = element("input", { type: "radio", name, id: `${name}-${at}` });
    radio.addEventListener("change", () => onChoose(value));
    root.append(radio, element("label", { for: radio.id }, label));
    return { value, radio };
  });
  return {
    root,
    show(value) {
      for (const one of radios) one.radio.checked = one.value === value;
    },
  };
}
