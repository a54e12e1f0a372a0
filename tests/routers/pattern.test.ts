import type { RouteConfig } from '../../domain/config';
import { takesPath } from '../../domain/routes';
import { pattern } from '../../routers/on-host/matching';
import { seeded } from '../support/seeded';

const PIECES = [
  '/',
  '//',
  'a',
  'A',
  'b',
  '%61',
  '%41',
  '%2F',
  '%2f',
  '%25',
  '.',
  '%2E',
  "'",
  '"',
  '\\',
  '$',
  '(',
  '+',
  'é',
  '%C3%A9',
  '%zz',
  '%',
  '{',
  '^',
  ';',
  ' ',
  '\n',
  '#',
  '*',
  '[',
  ']',
  '~',
  'api',
];

/** One space, between host and path, and no quote. */
const WORD = /^\^(\[\^ \]\*?\+?)?[^\s'"#;{}]* [^\s'"#;{}]*$/;

const random = seeded(7);
const some = (from: string[]): string => from[Math.floor(random() * from.length)]!;
const path = (pieces: string[]): string =>
  `/${Array.from({ length: Math.floor(random() * 5) }, () => some(pieces)).join('')}`;

test('a pattern holds nothing that ends a word of a router’s file, whatever the route [proves 5]', () => {
  const others: unknown[] = [];
  for (let tried = 0; tried < 3_000; tried++) {
    const route: RouteConfig = { port: 80, path: path(PIECES), host: path(PIECES).slice(1), exact: random() < 0.5 };
    if (!WORD.test(pattern(route))) others.push(route);
  }
  expect(others).toEqual([]);
});

test('what a pattern takes is what the route takes [proves paths]', () => {
  const pieces = PIECES.filter((piece) => !/[\s#]|^%(zz)?$/.test(piece));
  const sent = pieces.filter((piece) => piece !== 'é');
  const others: unknown[] = [];
  let taken = 0;
  for (let tried = 0; tried < 5_000; tried++) {
    const route: RouteConfig = { port: 80, path: path(pieces), exact: random() < 0.5 };
    const asked = `${path(sent)}${some(['', '?', '?/a', '/'])}`;
    const takes = new RegExp(pattern(route)).test(`any.example ${asked}`);
    if (takes) taken += 1;
    if (takes !== takesPath(route, asked)) others.push({ route, asked, takes });
  }
  expect(others).toEqual([]);
  expect(taken).toBeGreaterThan(100);
});
