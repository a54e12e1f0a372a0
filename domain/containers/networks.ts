import type { AppConfig } from '../config';
import type { Finding } from '../preflight';

const NAMED = 8;

/** A network that the environment did not make. */
export interface SeenNetwork {
  name: string;
  isOwn: boolean;
  isJoinable: boolean;
  /** Containers on it find each other by name. */
  hasNames: boolean;
  /** It has addresses of the environment's own network. */
  overlaps: boolean;
}

/** Judges whether the containers of each service can join the networks that it names. */
export function judgeNetworks({ services }: Pick<AppConfig, 'services'>, seen: SeenNetwork[]): Finding {
  const wanted = Object.entries(services).flatMap(([service, { networks = [] }]) =>
    networks.map((name) => ({ service, name })),
  );
  const problems = wanted.flatMap(({ service, name }) => {
    const why = problemOf(name, seen);
    return why === undefined ? [] : [`services.${service}.networks: ${why}`];
  });
  if (problems.length > 0) return { problem: problems.join('\n') };
  const names = [...new Set(wanted.map(({ name }) => name))];
  const nameless = names.filter((name) => seen.some((one) => one.name === name && !one.hasNames));
  if (nameless.length > 0) {
    return {
      note: `containers on ${nameless.join(', ')} find each other by address only: name a network that was made with \`docker network create\``,
      warning: true,
    };
  }
  return { note: `${names.join(', ')} can be joined` };
}

function problemOf(name: string, seen: SeenNetwork[]): string | undefined {
  const expected = `expected the Docker network ${name} on the target`;
  const [network, ...others] = seen.filter((one) => one.name === name);
  if (!network) {
    const joinable = seen.filter(({ isJoinable, isOwn }) => isJoinable && !isOwn).map((one) => one.name);
    const some = joinable.sort().slice(0, NAMED).join(', ') || 'none';
    const more = joinable.length > NAMED ? ` and ${joinable.length - NAMED} more` : '';
    return `${expected}, seen ${some}${more}: start what belongs on it, or make it with \`docker network create ${name}\``;
  }
  if (others.length > 0)
    return `${expected} once, seen ${others.length + 1} of this name: remove those that nobody needs`;
  if (network.isOwn) return `expected another network than the environment's own, seen ${name}: leave it out`;
  if (!network.isJoinable)
    return `expected a network that containers can join, seen ${name}, which they cannot: make an overlay with \`--attachable\`, or name another`;
  if (network.overlaps)
    return `expected other addresses on ${name} than on the environment's own network, seen some on both: make one of them anew with another subnet (\`target.addressPool\`)`;
  return undefined;
}
