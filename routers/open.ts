import type { RouterConfig } from '../domain/config';
import type { OpenTarget } from '../targets/open';
import { openHaproxy } from './haproxy/haproxy';
import { openNginx } from './nginx/nginx';
import type { Router } from './router';

/** A router for what runs on a target. Nothing is opened before its first call. */
export function openRouter(config: RouterConfig, target: OpenTarget): Router {
  switch (config.kind) {
    case 'haproxy':
      return openHaproxy(config, target);
    case 'nginx':
      return openNginx(config, target);
  }
}
