import type { DatabaseError } from 'pg';

/** What stands for a value that was left out. */
const HIDDEN = '…';

/** Class 22 is about data, class 23 about constraints that data breaks; 44 about views that it does not fit. */
const ABOUT_DATA = /^(22|23|44)/;
/** Their details name objects only. */
const ABOUT_OBJECTS = /^(2B|40|42|55)/;

/** From the first quote to the last, in the server's language: a value may have quotes in it. */
const QUOTED = /(["'`“”„«»‘’‚「『]).*(["'`“”„«»‘’‚」』])/su;
const BYTES = /\b0x[0-9a-f]{2}\b( 0x[0-9a-f]{2}\b)*/gi;
/** A number behind a colon, which the server writes without quotes. */
const NUMBERS = /: [-+]?\d.*$/s;

/** The name of a setting stands before its value. */
const PARAMETER = /^([^"]*"[\w.]+"): ".*"/s;

/** About syntax, which quotes the text at which it fails: a literal, or all that follows an open quote. */
const ABOUT_TEXT = '42601';
/** Values of these types have a syntax of their own. */
const TYPES_WITH_SYNTAX = /tsquery|jsonpath/;
/** Keywords, names, signs and short numbers are no values. */
const WORD = /["“„«»]\s?([A-Za-z_][\w$.]*|[^\w\s'"$]{1,3}|\d{1,4})\s?["”“»«]/g;

/** Answers what the server says, without the values that it quotes: they must enter no history and no log. */
export function saidWithoutValues(error: DatabaseError): string {
  const { severity, code = '', message, hint, detail } = error;
  if (!ABOUT_DATA.test(code)) {
    const kept = ABOUT_OBJECTS.test(code) ? detail?.replace(/\s+/g, ' ').slice(0, 500) : undefined;
    return [`${severity} ${code}: ${messageWithoutValues(code, message)}`, kept, hint].filter(Boolean).join('; ');
  }
  if (isRaised(error)) return `${severity} ${code}: a function raised it, whose words may quote data${whereOf(error)}`;
  return `${severity} ${code}: ${messageWithoutValues(code, message)}${whereOf(error)}`;
}

/** Answers the server's message without the values that it quotes. */
export function messageWithoutValues(code: string, message: string): string {
  if (code === ABOUT_TEXT && !TYPES_WITH_SYNTAX.test(message)) return wordsOnly(message);
  if (code === '22023' && PARAMETER.test(message)) return message.replace(PARAMETER, `$1: "${HIDDEN}"`);
  if (!quotesValues(code)) return message;
  return message.replace(QUOTED, `$1${HIDDEN}$2`).replace(BYTES, HIDDEN).replace(NUMBERS, `: ${HIDDEN}`);
}

function wordsOnly(message: string): string {
  return /["'“„«»]/.test(message.replace(WORD, '')) ? message.replace(QUOTED, `$1${HIDDEN}$2`) : message;
}

function isRaised({ routine, file }: DatabaseError): boolean {
  return routine === 'exec_stmt_raise' || (file?.startsWith('pl') ?? false);
}

/** The server tells names of objects apart from its message. */
function whereOf({ schema, table, column, constraint, dataType, message }: DatabaseError): string {
  const names = { schema, table, column, constraint, 'data type': dataType };
  const told = Object.entries(names).flatMap(([what, name]) =>
    name && !message.includes(`"${name}"`) && !(what === 'schema' && !table && !dataType) ? [`${what} ${name}`] : [],
  );
  return told.length > 0 ? ` (${told.join(', ')})` : '';
}

const LITERALS =
  /"(?:[^"]|"")*"|--[^\n]*|\/\*[^]*?\*\/|(\$(?:[A-Za-z_]\w*)?\$)[^]*?(?:\1|$)|\b[eE]'(?:[^'\\]|''|\\[^])*(?:'|$)|'(?:[^']|'')*(?:'|$)|(?<![\w.$])\d[\w.]*/g;
const ABOUT_ROWS = /^\s*(insert|update|delete|merge|select|with|values|call|do|copy|execute|set)\b/i;
/** Shorter numbers are lengths and positions, where a statement is not about rows. */
const LONGEST_NUMBER = 4;

/** Answers a statement without the values that stand in it, and without comments. */
export function statementWithoutValues(sql: string): string {
  const isAboutRows = ABOUT_ROWS.test(sql.replace(/^(\s*(--[^\n]*(\n|$)|\/\*[^]*?\*\/))*/, ''));
  return sql.replace(LITERALS, (found: string) => {
    if (found.startsWith('"')) return found;
    if (/^(--|\/\*)/.test(found)) return ' ';
    if (/^\d/.test(found)) return isAboutRows || found.length > LONGEST_NUMBER ? HIDDEN : found;
    return `'${HIDDEN}'`;
  });
}

/** What a program says itself, or of a line in a script. */
const OWN = /^(psql|pg_dump|pg_restore):/;
/** Begins a message of the server, or a part of one; other lines belong to the part before. */
const PART = /^(LINE \d+: |Command was: |[A-Z]+ NAME: {2}|\S+: {2})/;
/** The level, in the server's language, stands before the code. */
const WITH_CODE = /^([^\n]*?\S: {2})(?=[A-Z]*\d)([0-9A-Z]{5}): (.*)$/s;
const NEVER_TOLD = /^((LOCATION|QUERY|LINE \d+):|([^\n]*: )?(Command was|STATEMENT):)/;

/** Answers what PostgreSQL's programs said, without the values that the server's messages in it quote. */
export function programWithoutValues(said: string): string {
  let code = '';
  const told = partsOf(said).flatMap((part) => {
    const [, before, seen, message = ''] = WITH_CODE.exec(part) ?? [];
    if (seen !== undefined || OWN.test(part)) code = seen ?? '';
    if (seen === undefined) return isTold(part, code) ? [part] : [];
    return [`${before}${seen}: ${partWithoutValues(seen, message)}`];
  });
  return told.join('\n');
}

/** Where a value with quotes or line breaks ends is not known, so what follows it may belong to it. */
function partWithoutValues(code: string, message: string): string {
  const without = messageWithoutValues(code, message);
  if (!quotesValues(code)) return without;
  const isPlain = !message.includes('\n') && message.split('"').length <= 3;
  return without.replace(isPlain ? /(…["'»«])(?![ :]).*/ : /(…["'»«]).*/s, '$1').split('\n', 1)[0]!;
}

/** A value may have line breaks in it, and lines that look like a part. */
function partsOf(said: string): string[] {
  const parts: string[] = [];
  let isInQuotes = false;
  for (const line of said.split('\n')) {
    const begins = parts.length === 0 || OWN.test(line) || (PART.test(line) && !isInQuotes);
    parts.push(begins ? line : `${parts.pop()}\n${line}`);
    if (begins) isInQuotes = false;
    if (line.split('"').length % 2 === 0) isInQuotes = !isInQuotes;
    // It is a piece of a statement, in which a quote may be open.
    if (begins && line.startsWith('LINE ')) isInQuotes = false;
  }
  return parts;
}

function isTold(part: string, code: string): boolean {
  if (part.startsWith(HIDDEN) || NEVER_TOLD.test(part)) return false;
  if (ABOUT_DATA.test(code) || code === ABOUT_TEXT) return /^[A-Z]+ NAME:/.test(part);
  return !/^(DETAIL|CONTEXT):/.test(part) || /^(2B|42|55|0A|53)/.test(code);
}

/** Messages of constraints quote names alone. */
function quotesValues(code: string): boolean {
  return code === ABOUT_TEXT || code.startsWith('22');
}
