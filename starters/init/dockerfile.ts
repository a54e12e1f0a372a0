import { readFile } from 'node:fs/promises';
import { stageOf, volumesOf } from '../../domain/containers/dockerfile';
import { localAddress, saysMore, withPorts } from './compose-values';
import type { Ask } from './questions';

export interface DockerfileFacts {
  /** All that it exposes. */
  ports: number[];
  /** The image that its last stage builds on. */
  base?: string;
  hasEntrypoint: boolean;
  health?: { path: string; port: number };
  hasHealthcheck: boolean;
  /** True when it says that it runs as another user than root. */
  nonRoot: boolean;
  volumes: string[];
}

export const NO_FACTS: DockerfileFacts = {
  ports: [],
  hasEntrypoint: false,
  hasHealthcheck: false,
  nonRoot: false,
  volumes: [],
};

const MOST_PORTS = 100;

/**
 * Reads the last stage, or the named one, with those that it is based on.
 * @param args build arguments, which may stand in `FROM`
 */
export function dockerfileFacts(text: string, target?: string, args: Record<string, string> = {}): DockerfileFacts {
  const stage = stageOf(withArguments(text, args), target);
  const start = { ...NO_FACTS, volumes: volumesOf(stage), ...(stage.base !== undefined && { base: stage.base }) };
  const values = valuesOf(stage.instructions, args);
  return stage.instructions.reduce(
    (facts, { name, rest }) => ({ ...facts, ...stated(name, rest, facts, values) }),
    start,
  );
}

/** Fills in what ARG before the first FROM says, as the builder does in each FROM. */
function withArguments(text: string, args: Record<string, string>): string {
  const values: Record<string, string> = {};
  let isBefore = true;
  return text
    .split('\n')
    .map((line) => {
      const [, name, value = ''] = /^\s*ARG\s+(\w+)(?:=(\S*))?/i.exec(line) ?? [];
      if (isBefore && name !== undefined)
        values[name] = args[name] ?? filled(value.replace(/^(["'])(.*)\1$/, '$2'), values);
      if (!/^\s*FROM\s/i.test(line)) return line;
      isBefore = false;
      return filled(line, values);
    })
    .join('\n');
}

function filled(text: string, values: Record<string, string>): string {
  return text.replace(/\$(?:\{(\w+)(?::?-([^}]*))?\}|(\w+))/g, (all, name?: string, other?: string, bare?: string) => {
    const value = values[(name ?? bare)!];
    return value !== undefined && value !== '' ? value : (other ?? value ?? all);
  });
}

/** What ENV and ARG say in the stage itself. */
function valuesOf(
  instructions: { name: string; rest: string }[],
  args: Record<string, string>,
): Record<string, string> {
  const values: Record<string, string> = {};
  for (const { name, rest } of instructions.filter((one) => one.name === 'ENV' || one.name === 'ARG')) {
    const pairs = [...rest.matchAll(/(\w+)=("[^"]*"|'[^']*'|\S*)/g)].map(([, key, value]) => [key!, value!] as const);
    const [, key, value = ''] = /^(\w+)\s+([^=]*)$/.exec(rest) ?? [];
    for (const [one, text] of pairs.length === 0 && key !== undefined ? [[key, value] as const] : pairs)
      values[one] = (name === 'ARG' ? args[one] : undefined) ?? filled(text.replace(/^(["'])(.*)\1$/, '$2'), values);
  }
  return values;
}

function stated(
  instruction: string,
  rest: string,
  { ports }: DockerfileFacts,
  values: Record<string, string>,
): Partial<DockerfileFacts> {
  switch (instruction) {
    case 'EXPOSE': {
      return { ports: [...ports, ...filled(rest, values).split(/\s+/).flatMap(exposed)] };
    }
    case 'ENTRYPOINT':
      return { hasEntrypoint: !/^(\[\s*\]|)$/.test(rest) };
    case 'USER':
      return { nonRoot: !/^(root|0)(:|$)/.test(rest) };
    case 'HEALTHCHECK': {
      if (/^NONE\b/i.test(rest)) return { hasHealthcheck: false, health: undefined };
      // The engine itself asks what a path alone cannot.
      const health = saysMore(rest) === undefined ? localAddress(withPorts(rest, values)) : undefined;
      return { hasHealthcheck: true, ...(health && { health }) };
    }
    default:
      return {};
  }
}

/** Reads `3000`, `3000/tcp` and `3000-3002`. */
function exposed(word: string): number[] {
  const [, first, last = first] = /^(\d+)(?:-(\d+))?(?:\/tcp)?$/i.exec(word) ?? [];
  const count = Number(last) - Number(first) + 1;
  return count >= 1 && count <= MOST_PORTS ? Array.from({ length: count }, (_, index) => Number(first) + index) : [];
}

export async function factsAt(
  path: string,
  target?: string,
  args?: Record<string, string>,
): Promise<DockerfileFacts | undefined> {
  const text = await readFile(path, 'utf8').catch(() => undefined);
  return text === undefined ? undefined : dockerfileFacts(text, target, args);
}

export function imageQuestions({ nonRoot }: Pick<DockerfileFacts, 'nonRoot'>, ask: Ask): void {
  if (!nonRoot)
    ask('build', 'its Dockerfile has no USER, so the image may run as root, which `policy.nonRoot` refuses', {
      importance: 'decide',
    });
}
