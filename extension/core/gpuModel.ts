/** A GPU's model without its maker and brand, since rows are narrow: `RTX 4090`, `H100 80GB HBM3`. */
export function gpuModel(name: string): string {
  const short = name
    .replace(/^(NVIDIA|AMD|Apple|Intel)\s+/i, "")
    .replace(/^(GeForce|Instinct)\s+(?=\S)/i, "");
  return short === "" ? name : short;
}

/** The model for a row that says the memory itself: without its size and kind, `H100` for `H100 80GB HBM3`. */
export function gpuModelBesideMemory(name: string): string {
  const model = gpuModel(name);
  const short = model.replace(/[ -]\d+ ?GB\b/, "").replace(/ HBM\d\w?\b/, "");
  return short === "" ? model : short;
}
