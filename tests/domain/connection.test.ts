import { readConnection } from '../../domain/connection/read';
import { readWords, writeWords } from '../../domain/connection/words';

describe('readConnection', () => {
  it.each<[given: string, settings: Record<string, string>]>([
    ['postgres://u:p@h:5433/d', { user: 'u', password: 'p', host: 'h', port: '5433', dbname: 'd' }],
    ['postgres://', {}],
    ['postgres:///d', { dbname: 'd' }],
    ['postgres://@/d', { dbname: 'd' }],
    ['postgres://:p@h', { password: 'p', host: 'h' }],
    ['postgres://u:@h', { user: 'u', host: 'h' }],
    ['postgres://h?user=u', { host: 'h', user: 'u' }],
    ['postgres://u:a:b@h/d', { user: 'u', password: 'a:b', host: 'h', dbname: 'd' }],
    ['postgres://u:a#b?c@h/d', { user: 'u', password: 'a#b?c', host: 'h', dbname: 'd' }],
    ['postgres://u:a@b@h/d', { user: 'u', password: 'a@b', host: 'h', dbname: 'd' }],
    ['postgres://u:a+b%2Bc%20d@h/d', { user: 'u', password: 'a+b+c d', host: 'h', dbname: 'd' }],
    ['postgres://u:%F0%9F%98%80é@h/d', { user: 'u', password: '😀é', host: 'h', dbname: 'd' }],
    ['postgres://[2001:db8::1]:5433/d', { host: '2001:db8::1', port: '5433', dbname: 'd' }],
    ['postgres://[::1],h2:5433/d', { host: '::1,h2', port: ',5433', dbname: 'd' }],
    ['postgres://h1:1,h2:2,h3:3/d', { host: 'h1,h2,h3', port: '1,2,3', dbname: 'd' }],
    ['postgres://:5433/d', { port: '5433', dbname: 'd' }],
    ['postgres://%2Frun%2Fpg:5433/d', { host: '/run/pg', port: '5433', dbname: 'd' }],
    [
      'postgres://u@h/d?host=/sock&options=-c%20a%3Db%20-c%20c%3Dd',
      { user: 'u', host: '/sock', dbname: 'd', options: '-c a=b -c c=d' },
    ],
    [
      'postgres://h/d?options=endpoint%3Dabc&search_path=a',
      { host: 'h', dbname: 'd', options: 'endpoint=abc -c search_path=a' },
    ],
    ['postgres://h/d?sslrootcert=system', { host: 'h', dbname: 'd', sslrootcert: 'system', sslmode: 'verify-full' }],
    ['postgres://h/d?sslmode=', { host: 'h', dbname: 'd' }],
    ['postgres://h/d?sslmode=require&', { host: 'h', dbname: 'd', sslmode: 'require' }],
    ['r2dbc:pool:postgresql://h/d?max_protocol_version=3.0', { host: 'h', dbname: 'd' }],
    ["host=h  dbname = 'it''", {}],
    ["host=h password='it\\'s \\\\ one' user=a\\ b", { host: 'h', password: "it's \\ one", user: 'a b' }],
    ["host='' dbname=d", { dbname: 'd' }],
  ])('reads %s as libpq does [proves J]', (given, settings) => {
    if (Object.keys(settings).length === 0 && given.startsWith('host'))
      expect(readConnection(given)).toHaveProperty('mistake');
    else expect(readConnection(given)).toEqual({ settings });
  });

  it.each<[given: string, seen: RegExp]>([
    ['postgres://u:foo%hej@h/d', /"password" to be percent-encoded.*%25/],
    ['postgres://u:foo%@h/d', /"password" to be percent-encoded/],
    ['postgres://u%zz:hej@h/d', /"user" to be percent-encoded/],
    ['postgres://u:hej%ff@h/d', /"password" to be percent-encoded/],
    ['postgres://u:hej%00@h/d', /%00/],
    ['postgres://u:h/ej@h:5432/d', /a "\/" before an "@": write %2F/],
    ['postgres://u:12/ej@h:5432/d', /a "\/" before an "@": write %2F/],
    ['postgres://u:hej@h:54x2/d', /port to be a number/],
    ['postgres://u:hej@h:0/d', /port to be a number/],
    ['postgres://u:hej@h:70000/d', /port to be a number/],
    ['postgres://u:hej@::1/d', /IPv6 address into brackets/],
    ['postgres://u:hej@h1,h2,h3/d?port=1,2', /one for each/],
    ['postgres://u:hej@${DB_HOST}/d', /placeholder/],
    ['postgres://u:hej@h/d?sslmode=verify', /"sslmode" to be one of disable, allow/],
    ['postgres://u:hej@h/d?connect_timeout=soon', /"connect_timeout" to be a whole number/],
    ['postgres://u:hej@h/d?hej', /seen one without "="/],
    ['postgres://u:hej@h/d?frobnicate=hej', /Spillway and pg_dump both take, seen its "frobnicate": leave that out/],
    ['postgres://u:hej@h/d?toString=hej', /seen its "toString": leave that out/],
    ['postgres://u:hej@h/d?constructor=hej', /seen its "constructor": leave that out/],
    ['postgres://u:hej@h/d?__proto__=hej', /seen one of its parameters: leave that out/],
    [
      'postgres://u:hej@h/d?sslrootcert=system&sslmode=require',
      /seen sslmode=require, with which .* write verify-full/,
    ],
    ['postgres://u:hej@h/d?ssl=true&sslrootcert=system', /expected sslmode=verify-full beside sslrootcert=system/],
    ['host=h password=hej sslrootcert=system sslmode=verify-ca', /seen sslmode=verify-ca/],
    ['postgres://u:hej@h/d?options=-c+search_path=hej', /"options" as %20, seen "\+"/],
    ['postgres://u:hej@h/d?sslmode=require&&', /seen one without "="/],
    ['postgres://${USER}:hej@h/d', /"user" to be filled in, seen a placeholder/],
    ['postgres://u:${PASSWORD}@h/d', /"password" to be filled in, seen a placeholder/],
    ['host=h user={{ user }} password=hej', /without "="/],
    ['$DATABASE_URL', /seen a placeholder/],
    ['{"host":"h","password":"hej"}', /seen JSON/],
    ['“postgres://u:hej@h/d”', /quotes around it/],
    ['postgres://u:hej@h/d\nOTHER=hej', /more than one line/],
    ['host=h dbname=postgres://u:hej@h/d', /the name of its database, seen a whole connection string/],
    ['  ', /nothing but spaces/],
    ['export DATABASE_URL="postgres://u:hej@h/d"', /a whole assignment/],
    ['DATABASE_URL: postgres://u:hej@h/d', /a whole assignment/],
    ['jdbc:postgresql:hej', /something else behind its first ":"/],
    ['postgres://u:hej@h/d?pgbouncer=true', /give the direct address/],
    ['postgres://u:hej@h/d?sslaccept=strict', /sslmode=verify-full/],
    ['postgres://u:hej@h/d?service=hej', /write out what that service says/],
    ['postgres://u:hej@h/d?sslpassword=hej', /a key without a passphrase/],
    ['"postgres://u:hej@h/d"', /quotes around it/],
    ['DATABASE_URL=postgres://u:hej@h/d', /a whole assignment/],
    ["psql 'postgres://u:hej@h/d'", /a command/],
    ['mysql://u:hej@h/d', /begins with mysql:\/\//],
    ['postgres:/u:hej@h/d', /something else behind its first ":"/],
    ['Host=h;Username=u;Password=hej', /pairs between semicolons/],
    ['pgsql:host=h;password=hej', /expected postgres:\/\//],
    ['hej', /expected postgres:\/\//],
    ['host=h password=hej hej', /without "="/],
    ["host=h password='hej", /a quote without its end/],
  ])('refuses %s with what to write, and without its value [proves K]', (given, seen) => {
    const read = readConnection(given);
    expect(read).toEqual({ mistake: expect.stringMatching(seen) as string });
    expect(JSON.stringify(read)).not.toMatch(/hej|h\/ej/);
  });

  it('writes words that it reads again [proves J]', () => {
    const given: [string, string][] = [
      ['host', "a 'b' \\c"],
      ['dbname', ''],
    ];
    expect(readWords(writeWords(given))).toEqual(given);
  });
});
