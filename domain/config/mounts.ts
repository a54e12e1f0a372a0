import { z } from 'zod';
import { absolutePath, expected } from './values';
import type { Context } from './rule';

const VOLUME = expected('the name of a volume, or an absolute path on the target');

export const volume = z.strictObject({
  source: z
    .string(VOLUME)
    .regex(/^(\/[^\0:]*|[a-zA-Z0-9][a-zA-Z0-9_.-]+)$/, VOLUME)
    .meta({ description: 'Name of a volume, or an absolute path on the target.', examples: ['uploads'] }),
  target: absolutePath().meta({ description: 'Where the container sees it.', examples: ['/data'] }),
  readOnly: z.boolean().prefault(false).meta({ description: 'The containers may only read it.' }),
  shared: z.boolean().prefault(false).meta({
    description: 'Must be true for a writable volume, because the old and the new version write to it at once.',
  }),
});

const TMPFS = expected('an absolute path, which options may follow, such as /run or /run:size=64m,mode=1777,exec');

export const tmpfs = z
  .string(TMPFS)
  .regex(/^\/[^\0:]*(:[^\0:]+)?$/, TMPFS)
  .superRefine(refuseUnknownOptions)
  .meta({ title: 'tmpfs' });

/** Those of Docker, which refuses others only when a container starts. */
const OPTION =
  /^(r[ow]|(no)?(exec|suid|dev|atime|diratime|relatime|strictatime)|(a|dir)?sync|size=\d+[kmgKMG%]?|mode=[0-7]{1,5}|[ug]id=\d+|nr_(inodes|blocks)=\d+[kmgKMG]?)$/;

function refuseUnknownOptions(text: string, context: Context): void {
  const [, options = ''] = text.split(':');
  const unknown = options.split(',').filter((option) => option !== '' && !OPTION.test(option));
  if (unknown.length === 0) return;
  context.addIssue({
    code: 'custom',
    message: `expected options such as size=64m, mode=1777, uid=1000, gid=1000, ro or exec, seen "${unknown.join(',')}"`,
  });
}
