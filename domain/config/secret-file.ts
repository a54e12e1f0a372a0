/** Puts the home of whoever reads the file in place of a leading `~`. */
export function atHome(path: string, home: string): string {
  return path.replace(/^~(?=\/)/, home);
}
