import { migrationTool, type MigrationTool } from './tools';

export interface JobSigns {
  name: string;
  image?: string;
  /** Entry point and command in one line; empty when the image decides. */
  command: string;
  restart: string | undefined;
  /** `deploy.restart_policy.condition` */
  condition: string | undefined;
  /** Services that start only after it has ended well. */
  awaitedBy: string[];
  /** True when requests reach it: it has a port, labels of a router, or a health check. */
  isReached: boolean;
}

export interface Job {
  because: string;
  tool?: MigrationTool;
}

const FOR_EVER =
  /\b(gunicorn|uvicorn|daphne|hypercorn|waitress-serve|puma|unicorn|thin|runserver|rails\s+s(erver)?|celery|rq\s+worker|dramatiq|huey|sidekiq|resque:work|good_job|delayed_job|php-fpm|apache2\S*|httpd|nginx|caddy\s+run|supervisord|crond?\s+-f|(npm|yarn|pnpm|bun)\s+(run\s+)?(start|serve|dev|worker)\S*|next\s+start|nuxt\s+start|vite|flask\s+run|streamlit|java\s|artisan\s+(serve|queue:\w+|horizon|schedule:work|octane\S*)|dotnet\s+(?!ef)\S+\.dll|tail\s+-[fF]|sleep\s+infinity|while\s+(true|:)|node\s+(\S*\/)?(server|index|app|main|worker)\S*|phx\.server|mix\s+run\s+--no-halt)/;
const NAME =
  /(^|[-_.])(migrat\w*|init|seed\w*|setup|bootstrap|prepare|provision\w*|createbuckets?|create-?\w*buckets?|fixtures|loaddata|collectstatic|chown|permissions|db-?(create|init|setup)|install(er)?)([-_.]|\d*$)/i;

/** Says why a service is a job that ends; undefined when it runs for as long as its version. */
export function jobOf(signs: JobSigns): Job | undefined {
  const { name, image, command, restart, condition, awaitedBy, isReached } = signs;
  const tool = migrationTool(command) ?? (image === undefined ? undefined : migrationTool(image));
  const job = (because: string): Job => ({ because, ...(tool && { tool }) });
  if (awaitedBy.length > 0)
    return job(`${awaitedBy.join(', ')} ${awaitedBy.length === 1 ? 'waits' : 'wait'} until it has ended`);
  const again = condition ?? restart ?? 'no';
  if (/^(always|unless-stopped|any)/.test(again) || isReached || FOR_EVER.test(command)) return undefined;
  if (tool) return job(`its command is one of ${tool.name}`);
  if (NAME.test(name)) return job('its name is that of a job, and nothing starts it again');
  const isSaid = restart !== undefined || condition !== undefined;
  if (isSaid && /^(no|false|none)$/.test(again)) return job('nothing starts it again when it has ended');
  return undefined;
}
