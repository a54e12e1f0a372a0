import type { ComposeService } from '../compose/model';
import { httpPort, isOfMachine, toldPorts, type PortGuess } from '../http-port';
import { routeOf, unique, type Route, type Routing } from '../labels/routing';
import type { Ask } from '../questions';
import { isPostgres } from '../outside/images';
import { askAboutGuess, askWhetherHttp } from '../port-questions';
import { mentions, quoted, textsOf, namesOf, type Mapper, type Outside, type Released } from './context';
import { healthAddress, healthOf } from './health';
import { commandLine, routingOf } from './roles';

type Reach = Partial<Record<'port' | 'routes' | 'health' | 'traffic' | 'run', unknown>>;

export function reachOf(one: Released, mapper: Mapper, ask: Ask): Reach {
  const { service, facts, job } = one;
  if (job) return jobReach(one, mapper, ask);
  const routing = routingOf(service, mapper.entryPoints);
  const address = healthAddress(service) ?? facts?.health;
  const guess = guessed(one, mapper, routing, address?.port);
  if (!guess) return workerReach(one, ask);
  askAboutPorts(service, guess, ask);
  const routes = unique([...(routing?.routes ?? []), ...publishedRoutes(service, guess.port, routing, ask)]);
  for (const { text, importance } of routing?.doubts ?? []) ask('routes', text, { importance });
  if (routing && routing.routes.length > 0)
    ask('routes', `its routes are those that ${routing.router} had, whose place Spillway’s router takes`);
  if (routes.some(({ port }) => port === 443) && !routing)
    ask('routes', 'should the router speak TLS on 443? Give it certificates by `router.tls`', { importance: 'decide' });
  if (routes.length === 0) askForRoutes(one, mapper, routing, ask);
  return {
    port: guess.port,
    ...(routes.length > 0 && { routes }),
    ...healthOf(one, guess.port, address, ask),
  };
}

function jobReach(one: Released, { released, outside }: Mapper, ask: Ask): Reach {
  const { job, name } = one;
  const { because, tool } = job!;
  const others = released.filter((other) => other.name !== name && !other.job).length;
  const before = others > 0 ? ', before the other services of its version start' : '';
  ask(
    'run',
    `it is taken for a job, because ${because}: it runs once a release, to its end${before}, and its exit code decides; is it one?`,
    {
      importance: tool ? 'know' : 'decide',
    },
  );
  askAboutOrder(one, released, ask);
  // Of PostgreSQL, `database` tells how an undo is had.
  if (tool && outside.some(isOtherDatabase))
    ask(
      'run',
      `${tool.name} changes the database here, and no undo takes that back; so let the version before work with what it changes`,
      {
        importance: 'decide',
      },
    );
  return { traffic: 'none', run: 'once' };
}

/** All jobs of a release start at once, and before everything else. */
function askAboutOrder({ service }: Released, released: Released[], ask: Ask): void {
  const awaited = released.filter((other) => service.dependsOn.some((one) => one.service === other.service.name));
  const jobs = awaited.filter(({ job }) => job).map(({ name }) => name);
  const others = awaited.filter(({ job }) => !job).map(({ name }) => name);
  if (jobs.length > 0)
    ask(
      'run',
      'Compose starts it after {items}, but here all jobs start at the same time: make them one job whose command runs one after the other (`sh -c "FIRST && SECOND"`), or let it wait by itself for what it needs',
      { importance: 'decide', items: jobs },
    );
  if (others.length > 0)
    ask(
      'run',
      'Compose starts it after {items}, but here jobs end before other services of their version start: let it do without them, or let one of them do its work',
      { importance: 'decide', items: others },
    );
}

function isOtherDatabase({ kind, because, service: { image } }: Outside): boolean {
  return kind === 'database' && !isPostgres(image?.text ?? because.split(' ').at(-1)!);
}

const WORKER =
  /(^|[-_.])(worker\w*|workers|celery\w*|beat|sidekiq|scheduler|cron\w*|consumer\w*|queue\w*|jobs?|listener|poller|processor|daemon|bot|horizon|resque|cable-worker|indexer|ingest\w*|sync\w*|mailer)([-_.]|\d*$)/i;
const WORKS =
  /\b(celery|sidekiq|rq\s+worker|dramatiq|huey|queue:work|horizon|schedule:work|resque|delayed_job|good_job|messenger:consume|crond?|supercronic|worker)\b/;

function workerReach(one: Released, ask: Ask): Reach {
  const { service, facts } = one;
  if (/\bfpm\b/.test(`${service.image?.text ?? ''} ${facts?.base ?? ''} ${commandLine(service)}`))
    ask(
      'traffic',
      'it speaks FastCGI, which the router does not: put a web server into its image, and give `port` and `routes`',
      {
        importance: 'decide',
      },
    );
  const isWorker = WORKER.test(service.name) || WORKS.test(commandLine(service));
  askWhetherHttp(
    service.ports.map(({ target, protocol }) => `${target}/${protocol}`),
    ask,
  );
  const address = healthAddress(service);
  ask(
    'traffic',
    `${address ? 'only its health check asks it over HTTP' : 'it has no port for HTTP'}, so it is taken for a worker, of which two versions must not run at once; say \`run: both\` if they may, or give \`port\` and \`routes\` if it answers requests`,
    { importance: isWorker ? 'know' : 'decide' },
  );
  return {
    ...(address && { port: address.port, ...healthOf(one, address.port, address, ask) }),
    traffic: 'none',
    run: 'live-only',
  };
}

function guessed(
  { service, facts }: Released,
  { project }: Mapper,
  routing: Routing | undefined,
  health: number | undefined,
): PortGuess | undefined {
  const variables = Object.fromEntries(service.environment.map(({ name, value }) => [name, value?.text ?? '']));
  const others = project.services.filter((other) => other !== service);
  // A worker may have a port for its health check only.
  const isAskedAlone = !routing && runsAnother(service) && !others.some((other) => mentions(other, service));
  return httpPort({
    ...(service.image && !service.build && !runsAnother(service) && { image: service.image.text }),
    ...(routing?.port !== undefined && { label: routing.port }),
    isRouted: routing !== undefined && routing.routes.length > 0,
    published: service.ports.filter(({ protocol }) => protocol === 'tcp'),
    exposed: service.expose.filter(({ protocol }) => protocol === 'tcp').map(({ port }) => port),
    // What the image exposes says nothing of another program that is run in it.
    ofDockerfile: routing || !runsAnother(service) ? (facts?.ports ?? []) : [],
    ...(health !== undefined && !isAskedAlone && { health }),
    mentioned: others.flatMap((other) => mentionedPorts(other, service)),
    told: toldPorts(runsAnother(service) ? {} : variables, commandLine(service)),
  });
}

function runsAnother(service: ComposeService): boolean {
  return service.ports.length === 0 && (WORKER.test(service.name) || WORKS.test(commandLine(service)));
}

/** Ports by which another service calls this one, as in `http://backend:8080`. */
function mentionedPorts(from: ComposeService, to: ComposeService): number[] {
  const text = textsOf(from).join('\n');
  return namesOf(to).flatMap((name) =>
    [...text.matchAll(new RegExp(`https?://${quoted(name)}(?::(\\d{1,5}))?(?![\\w.-])`, 'g'))].map(([, port]) =>
      Number(port ?? 80),
    ),
  );
}

function askAboutPorts({ ports }: ComposeService, guess: PortGuess, ask: Ask): void {
  askAboutGuess(guess, ask);
  const left = ports
    .filter(({ protocol }) => protocol !== 'tcp')
    .map(({ target, protocol }) => `${target}/${protocol}`);
  if (left.length > 0)
    ask('port', 'the router speaks HTTP, so nothing reaches {items} any more; who needs that?', {
      importance: 'decide',
      items: left,
    });
}

function publishedRoutes({ ports }: ComposeService, port: number, routing: Routing | undefined, ask: Ask): Route[] {
  return ports
    .filter(({ target, protocol, published }) => target === port && protocol === 'tcp' && published !== undefined)
    .flatMap(({ published, address }) => {
      const at = Number(String(published).split('-')[0]);
      if (!Number.isInteger(at) || at < 1) return [];
      if (typeof published === 'string' && published.includes('-'))
        ask('routes', `Docker chose one of ${published}; the router listens on ${at}`, { importance: 'decide' });
      // Visitors came through the other router.
      if (routing && routing.routes.length > 0 && isOfMachine(address)) {
        ask('routes', `${at} of ${address} was left out, since the router listens on every address of the host`);
        return [];
      }
      if (address !== undefined && !/^(0\.0\.0\.0|\[?::\]?|)$/.test(address))
        ask('routes', `${at} was open on ${address} only; the router listens on every address of the host`, {
          importance: 'decide',
        });
      return [routeOf(at)];
    });
}

function askForRoutes(one: Released, { project, released }: Mapper, routing: Routing | undefined, ask: Ask): void {
  if (routing) return;
  const callers = released
    .filter((other) => other !== one && mentions(other.service, one.service))
    .map(({ name }) => name);
  if (callers.length > 0) return;
  const isAlone = project.services.length === 1;
  ask(
    'port',
    'no port of the host was published, so the router sends it nothing; give `routes` if it should be reached from outside',
    {
      importance: isAlone || !released.some((other) => other.service.ports.length > 0) ? 'decide' : 'know',
    },
  );
}
