/** Path of a file as whoever reads it finds it: `~/` is the home of its user. */
export function atHome(path: string, home: string): string {
  return path.replace(/^~(?=\/)/, home);
}
