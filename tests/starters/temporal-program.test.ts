import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ConfigurationFailure } from '../../domain/failures';
import { temporalProgram } from '../../starters/dev/temporal-program';

let directory: string;
let mirror: Server | undefined;

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'spillway-program-'));
  // What unpacks an archive, and nothing else.
  mkdirSync(join(directory, 'bin'));
  for (const tool of ['tar', 'gzip']) symlinkSync(`/bin/${tool}`, join(directory, 'bin', tool));
});

afterEach(() => {
  mirror?.close();
  rmSync(directory, { recursive: true });
});

const path = () => join(directory, 'bin');
const search = (downloads: string) => ({
  env: { PATH: path(), SPILLWAY_CACHE: join(directory, 'cache') },
  onProgress: () => undefined,
  downloads,
});

function script(file: string, text: string): string {
  writeFileSync(file, `#!/bin/sh\n${text}\n`);
  chmodSync(file, 0o755);
  return file;
}

async function serve(body: Buffer): Promise<{ url: string; asked: string[] }> {
  const asked: string[] = [];
  mirror = createServer((request, response) => {
    asked.push(request.url ?? '');
    response.end(body);
  }).listen(0, '127.0.0.1');
  await once(mirror, 'listening');
  return { url: `http://127.0.0.1:${(mirror.address() as AddressInfo).port}`, asked };
}

function archive(): Buffer {
  script(join(directory, 'temporal'), 'echo downloaded');
  return execFileSync('tar', ['-czf', '-', '-C', directory, 'temporal'], { maxBuffer: 1 << 20 });
}

test('a program on the path is used before all others', async () => {
  const program = script(join(path(), 'temporal'), 'exit 0');
  expect(await temporalProgram(search('http://127.0.0.1:1'))).toBe(program);
});

test('the official archive of this machine’s kind is downloaded once and kept', async () => {
  const { url, asked } = await serve(archive());
  const program = await temporalProgram(search(url));
  expect(execFileSync(program).toString()).toBe('downloaded\n');
  expect(await temporalProgram(search(url))).toBe(program);
  expect(asked).toEqual([expect.stringMatching(/^\/v[0-9.]+\?platform=linux&arch=(amd64|arm64)$/)]);
});

test('without a usable archive it is built with Go', async () => {
  script(
    join(path(), 'go'),
    'printf "#!/bin/sh\\necho built $2\\n" > "$GOBIN/temporal"; /bin/chmod +x "$GOBIN/temporal"',
  );
  const { url } = await serve(Buffer.from('<html>not what was asked for</html>'));
  const program = await temporalProgram(search(url));
  expect(execFileSync(program).toString()).toMatch(/^built github.com\/temporalio\/cli\/cmd\/temporal@v/);
});

test('when nothing helps, the failure says what was tried, and leaves nothing half done', async () => {
  const failure: unknown = await temporalProgram(search('http://127.0.0.1:1')).catch((error: unknown) => error);
  expect(failure).toBeInstanceOf(ConfigurationFailure);
  expect((failure as Error).message).toMatch(
    /could not be downloaded: .*there is no Go to build it with.*TEMPORAL_ADDRESS/,
  );
  const cache = join(directory, 'cache', 'temporal');
  for (const version of readdirSync(cache)) expect(readdirSync(join(cache, version))).toEqual([]);
});
