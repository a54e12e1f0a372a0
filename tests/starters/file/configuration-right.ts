/** A file that is right, of which each case makes a wrong one. */
export const RIGHT = `version: 1
app: shop
services:
  backend:
    image: shop/backend:{version}
    port: 8080
    routes:
      - port: 80
`;

/** What is wrong, the file, and the exact lines in which that is told. */
export type Case = [title: string, file: string, mistakes: string[]];

export const service = (lines: string): string => `${RIGHT}${indented(lines, 4)}`;
export const top = (lines: string): string => `${RIGHT}${lines}\n`;

function indented(lines: string, by: number): string {
  return `${lines.replace(/^/gm, ' '.repeat(by))}\n`;
}
