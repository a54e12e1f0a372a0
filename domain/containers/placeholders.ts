/** What stands for `{slot}`, `{version}` and `{release}` in variables and commands. */
export interface Places {
  slot: string;
  version: string;
  release: string;
}

/** Other programs use `${version}`, `#{version}`, `%{version}` and `{{version}}` themselves, so these stay as they are. */
const PLACE = /(?<![$#%@{])\{(slot|version|release)\}(?!\})/g;

export function fill(text: string, places: Places): string {
  return text.replace(PLACE, (_, name: keyof Places) => places[name]);
}

export function hasPlace(text: string): boolean {
  return text.search(PLACE) >= 0;
}
