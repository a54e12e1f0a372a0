import { repositoryOf } from './outside/images';

export interface PortSigns {
  image?: string;
  /** A router’s labels or variables name it. */
  label?: number;
  /** Another router sends requests to it, whatever its port is. */
  isRouted?: boolean;
  published: { target: number; published?: number | string; address?: string; appProtocol?: string }[];
  exposed: number[];
  /** EXPOSE in its Dockerfile. */
  ofDockerfile: number[];
  /** Its health check asks it over HTTP. */
  health?: number;
  /** Others write `http://NAME:PORT`. */
  mentioned: number[];
  /** Variables such as PORT, and options of its command such as `--port`. */
  told: number[];
}

export interface PortGuess {
  port: number;
  because: string;
  /** True when nothing names it. */
  isGuess?: true;
  /** Other ports that may speak HTTP. */
  rivals: number[];
  /** Ports that surely do not. */
  others: number[];
}

const HTTP = new Set([
  80, 81, 3000, 3001, 4000, 4200, 5000, 5173, 7000, 8000, 8001, 8008, 8080, 8081, 8088, 8888, 9000, 9999,
]);
/** Mail, shells, databases, queues, debuggers and the like. */
const NOT_HTTP = new Set([
  21, 22, 23, 25, 53, 110, 111, 143, 389, 445, 465, 514, 587, 636, 873, 993, 995, 1025, 1433, 1521, 1883, 1935, 2049,
  2181, 2345, 3050, 3306, 3389, 3478, 4222, 5005, 5060, 5222, 5349, 5432, 5671, 5672, 5858, 5900, 6379, 6443, 7687,
  8125, 8883, 9003, 9042, 9092, 9229, 9230, 11211, 24678, 27017, 33060, 35729, 40000, 50051, 61616,
]);
/** Ports of images that publish none in many Compose files, because another router reaches them. */
const OF_IMAGES: Record<string, number> = {
  ...ports(
    80,
    'nginx httpd wordpress nextcloud drupal joomla matomo vaultwarden/server phpbb mediawiki prestashop/prestashop',
  ),
  ...ports(3000, 'redmine metabase/metabase postgrest/postgrest rocket.chat outlinewiki/outline umami linkwarden'),
  ...ports(
    8000,
    'plausible/analytics plausible/community-edition paperless-ngx/paperless-ngx vllm/vllm-openai mkdocs-material',
  ),
  ...ports(
    8080,
    'keycloak/keycloak keycloak tomcat jetty hasura/graphql-engine open-webui/open-webui swaggerapi/swagger-ui wildfly',
  ),
  ...ports(2368, 'ghost'),
  ...ports(5678, 'n8nio/n8n n8n-io/n8n'),
  ...ports(8055, 'directus/directus'),
  ...ports(8065, 'mattermost/mattermost-team-edition'),
  ...ports(9999, 'supabase/gotrue'),
  ...ports(11434, 'ollama/ollama'),
  ...ports(2283, 'immich-app/immich-server'),
};

function ports(port: number, images: string): Record<string, number> {
  return Object.fromEntries(images.split(' ').map((image) => [image, port]));
}

/** Guesses the one port that the router should send requests to; undefined when none may speak HTTP. */
export function httpPort(signs: PortSigns): PortGuess | undefined {
  const named = [
    ...signs.published.map(({ target }) => target),
    ...signs.exposed,
    ...signs.ofDockerfile,
    ...signs.told,
    ...signs.mentioned,
  ];
  if (signs.label !== undefined) named.push(signs.label);
  const ofImage = signs.image === undefined ? undefined : OF_IMAGES[repositoryOf(signs.image)];
  if (named.length === 0 && ofImage !== undefined) named.push(ofImage);
  const all = signs.health === undefined ? named : [...named, signs.health];
  const judged = [...new Set(all)].map((port) => ({ port, ...judge(port, signs) }));
  const possible = judged.filter(({ points }) => points > 0).sort((one, other) => other.points - one.points);
  const [best, ...rivals] = possible;
  const others = judged.filter(({ points }) => points <= 0).map(({ port }) => port);
  if (!best)
    return signs.isRouted === true
      ? { port: 80, because: 'it is the usual one', isGuess: true, rivals: [], others }
      : undefined;
  // Where the file says which it is, nobody need be asked.
  const isSure = signs.label === best.port || best.isSaid;
  const doubtful = rivals.map(({ port }) => port);
  const isGuess = signs.isRouted === true && !named.includes(best.port);
  return {
    port: best.port,
    because: best.because,
    ...(isGuess && { isGuess }),
    rivals: isSure ? [] : doubtful,
    others: isSure ? [...doubtful, ...others] : others,
  };
}

interface Judged {
  points: number;
  because: string;
  /** True when the file says that visitors come to it. */
  isSaid: boolean;
}

function judge(port: number, signs: PortSigns): Judged {
  const published = signs.published.filter(({ target }) => target === port);
  const outside = published.map((one) => Number(one.published)).filter((at) => Number.isInteger(at));
  const isHttp = published.some(({ appProtocol }) => /^(http|https|http2|ws)$/i.test(appProtocol ?? ''));
  const isTold = signs.told.includes(port);
  const isOfImage = signs.image !== undefined && OF_IMAGES[repositoryOf(signs.image)] === port;
  const isOfWeb = outside.some((at) => at === 80 || at === 443);
  const isAsked = signs.health === port;
  const reasons: [isSo: boolean, points: number, because: string][] = [
    [signs.label === port, 100, 'labels of a router name it'],
    [isHttp, 50, 'the file says that it speaks HTTP'],
    [signs.mentioned.includes(port), 20, 'others call it over HTTP'],
    [isTold, 12, 'the program is told to listen there'],
    [isOfImage, 12, 'it is that of its image'],
    [isOfWeb, 10, 'the host has it at 80 or 443'],
    [isAsked, isOffered(port, signs) ? 9 : 1, 'its health check asks it'],
    [HTTP.has(port), 8, 'programs often speak HTTP there'],
    [published.length > 0, published.some(isOpen) ? 4 : 2, 'the host publishes it'],
    [signs.ofDockerfile.includes(port), 3, 'its Dockerfile exposes it'],
    [signs.exposed.includes(port), 2, 'the file exposes it'],
  ];
  const held = reasons.filter(([isSo]) => isSo);
  const minus = (NOT_HTTP.has(port) && !isAsked ? 19 : 0) + (port === 443 ? 3 : 0);
  return {
    points: held.reduce((sum, [, more]) => sum + more, 0) - minus,
    because: held[0]?.[2] ?? '',
    // A health check alone does not say it, since it may ask a port that is there for it alone.
    isSaid: isHttp || (isAsked && (isTold || isOfImage || isOfWeb)),
  };
}

/**
 * True when visitors may come to it. Many programs answer a health check at a port that is there for it alone: Keycloak
 * at 9000, Spring Boot at `management.server.port`. Such a port is published to nobody, or to the machine only.
 */
function isOffered(port: number, { published, exposed, told, mentioned }: PortSigns): boolean {
  const targets = published.map(({ target }) => target);
  const open = published.filter(isOpen).map(({ target }) => target);
  const [named] = [open, targets, [...exposed, ...told, ...mentioned]]
    .map((ports) => ports.filter((one) => one === port || !NOT_HTTP.has(one)))
    .filter((ports) => ports.length > 0);
  return named === undefined || named.includes(port);
}

function isOpen({ address }: { address?: string }): boolean {
  return !isOfMachine(address);
}

/** True for an address that only the machine itself reaches. */
export function isOfMachine(address: string | undefined): boolean {
  return /^(127\.[\d.]+|\[?::1\]?|localhost)$/.test(address ?? '');
}

/** Finds ports that a program is told to listen on: `PORT=3000`, `--port 3000`, `-b 0.0.0.0:8000`. */
export function toldPorts(variables: Record<string, string>, command: string): number[] {
  const inVariables = Object.entries(variables)
    .filter(([name]) =>
      /^(PORT|(HTTP|SERVER|APP|WEB|API|NODE|LISTEN|UVICORN|GUNICORN|FLASK|FLASK_RUN|NITRO|SERVER_HTTP)_PORT|ASPNETCORE_(URLS|HTTP_PORTS))$/.test(
        name,
      ),
    )
    .map(([, value]) => /(?:^|:)(\d{2,5})(?:;|$)/.exec(value)?.[1]);
  const pattern =
    /(?:^|\s)(?:--?(?:p|port|http-port|server\.port)[= ]|(?:-b|--bind|--listen|--address|-l|-a|--addr|-tcp)[= ]?(?:https?:\/\/)?[\w.[\]]*:|runserver\s+(?:[\d.]+:)?|-Dserver\.port=)(\d{2,5})\b/g;
  const inCommand = [...command.matchAll(pattern)].map(([, port]) => port);
  return [...inVariables, ...inCommand].filter((port) => port !== undefined).map(Number);
}
