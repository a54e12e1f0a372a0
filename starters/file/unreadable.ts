/** Says what is where a file was expected, to stand after `expected …, `. */
export function unreadableText({ code, message }: NodeJS.ErrnoException): string {
  switch (code) {
    case 'ENOENT':
    case 'ENOTDIR':
      return 'seen no such file';
    case 'EISDIR':
      return 'seen a folder';
    default:
      return `seen: ${message}`;
  }
}
