import type { RouterConfig } from '../domain/config';
import type { OpenTarget } from '../targets/open';
import { openHaproxy } from './haproxy/haproxy';
import { openNginx } from './nginx/nginx';
import type { Router } from './router';

/** Opens no connection before the router's first call. */
export function openRouter(config: RouterConfig, target: OpenTarget): Router {
  switch (config.kind) {
    case 'haproxy':
      return openHaproxy(config, target);
    case 'nginx':
      return openNginx(config, target);
  }
}
