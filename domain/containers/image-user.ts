/** What decides about a USER that is a name. */
export interface UserFiles {
  /** Text of `/etc/passwd` and `/etc/group`; absent where there is none. */
  passwd?: string;
  group?: string;
}

const ID_FIELD = 2;
const LARGEST_ID = 2 ** 31 - 1;
/** Engines that let a larger id pass keep this many bits of it, so that it may become root's. */
const ID_BITS = 32;

/** Whether only the image's own files tell who a USER is. */
export function isNamed(user: string): boolean {
  return user.split(':').some((part) => part !== '' && !isNumber(part));
}

/** Says why the image cannot run, or, if asked, that it runs as root; undefined when nothing is wrong with its USER. */
export function userMistake(user: string, files: UserFiles, nonRoot: boolean): string | undefined {
  const [name = '', group = ''] = user.split(':');
  const id = idIn(name, files.passwd);
  const seen = user === '' ? 'no USER' : `USER ${user}`;
  if (nonRoot && (name === 'root' || (id !== undefined && id % 2 ** ID_BITS === 0))) {
    const hidden = isNumber(name) || name === '' || name === 'root' ? '' : ', which its /etc/passwd makes root';
    return `expected a user other than root, seen ${seen}${hidden}: add a USER to the Dockerfile, or set \`policy.nonRoot: false\``;
  }
  if (!isUsable(id)) return unknown('user', name, '/etc/passwd', seen);
  if (group !== '' && !isUsable(idIn(group, files.group))) return unknown('group', group, '/etc/group', seen);
  return undefined;
}

function unknown(what: string, name: string, file: string, seen: string): string {
  const wanted = isNumber(name) ? `an id from 0 to ${LARGEST_ID}` : `the ${what} ${name} in its ${file}`;
  return `expected ${wanted}, seen ${seen}, which the engine refuses to start: make the ${what} in the Dockerfile, or give its number`;
}

/** Reads as the engine does: the first line with the name counts, and an id that is no number is 0. */
function idIn(name: string, text = ''): number | undefined {
  if (name === '') return 0;
  if (isNumber(name)) return Number(name);
  const lines = text.split('\n').map((line) => line.trim().split(':'));
  const line = lines.find(([first]) => first === name);
  return line && (isNumber(line[ID_FIELD] ?? '') ? Number(line[ID_FIELD]) : 0);
}

function isUsable(id: number | undefined): boolean {
  return id !== undefined && id >= 0 && id <= LARGEST_ID;
}

function isNumber(text: string): boolean {
  return /^[+-]?\d+$/.test(text);
}
