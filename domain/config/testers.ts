import { z } from 'zod';
import { expected } from './values';

const HEADER = expected('the name of a header such as X-Tester');
const COOKIE = expected('the name of a cookie: letters, digits, dots, dashes and underscores');
const VALUE = expected('a value of letters, digits, dots, dashes, underscores and tildes');

const value = () =>
  z
    .string(VALUE)
    .regex(/^[A-Za-z0-9._~-]{1,100}$/, VALUE)
    .meta({
      description: 'What it must hold, exactly. It is no secret: it stands in the router’s configuration.',
      examples: ['yes'],
    });

const header = z
  .strictObject({
    header: z
      .strictObject({
        name: z
          .string(HEADER)
          .regex(/^[A-Za-z][A-Za-z0-9-]{0,99}$/, HEADER)
          .meta({ description: 'Name of the header.', examples: ['X-Tester'] }),
        value: value(),
      })
      .meta({ description: 'Requests with this header.' }),
  })
  .meta({ title: 'by header' });

const cookie = z
  .strictObject({
    cookie: z
      .strictObject({
        name: z
          .string(COOKIE)
          .regex(/^[A-Za-z0-9._-]{1,100}$/, COOKIE)
          .meta({ description: 'Name of the cookie.', examples: ['tester'] }),
        value: value(),
      })
      .meta({ description: 'Requests with this cookie.' }),
  })
  .meta({ title: 'by cookie' });

const testers = z.union([header, cookie], expected('{header: {name, value}} or {cookie: {name, value}}'));

export const trialFields = {
  testers: testers.optional().meta({
    description:
      'Requests that all go to the new version while it has a part of the traffic, and do not count in its comparison.',
    examples: [{ header: { name: 'X-Tester', value: 'yes' } }],
  }),
  mirror: z.boolean().prefault(false).meta({
    description:
      'While the new version has a part of the traffic, it also gets a copy of each GET and HEAD that the live one answers. nginx only.',
  }),
};

export type Testers = z.output<typeof testers>;
