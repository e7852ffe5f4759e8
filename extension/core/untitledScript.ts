const endings: Record<string, string> = {
  python: "py",
  shellscript: "sh",
  javascript: "js",
  perl: "pl",
  perl6: "pl",
  ruby: "rb",
  r: "r",
  julia: "jl",
  lua: "lua",
};

/**
 * What to call a buffer that is in no file: `untitled-1.py` of `Untitled-1` in Python. A name that has an ending keeps it;
 * a language without one leaves it to the first line to say what runs it.
 */
export function untitledScript(label: string, languageId: string): string {
  const name = label.slice(Math.max(label.lastIndexOf("/"), label.lastIndexOf("\\")) + 1);
  if (/.\.[A-Za-z0-9]+$/.test(name)) return name;
  const ending = endings[languageId];
  const stem = name.toLowerCase().replaceAll(/[^\p{L}\p{N}_-]+/gu, "-") || "untitled";
  return ending === undefined ? stem : `${stem}.${ending}`;
}
